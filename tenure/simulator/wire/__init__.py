"""How the records of a site look through Recurly's v3 interface: paths, parameters, pages, errors."""

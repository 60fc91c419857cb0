"""CSV in and out of the pages."""

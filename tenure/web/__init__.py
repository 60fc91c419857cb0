"""The pages: what a customer success manager looks at all day, and where an engineer connects a site."""

"""Every operation of the schema with values at and beyond its bounds: none may break the product."""

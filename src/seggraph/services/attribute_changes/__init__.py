"""Repairs of the catalogue: attributes get another type or name, are merged or deleted, with all that names them."""

"""From segments to what uses them. These fields import the other side lazily."""

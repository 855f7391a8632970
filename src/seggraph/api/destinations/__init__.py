"""Destinations and deliveries in the schema."""

"""Users and groups as identity providers manage them (SCIM)."""

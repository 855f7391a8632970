"""SCIM 2.0 (RFC 7643, RFC 7644): identity providers create, change and remove users and groups below /scim/v2."""

from seggraph.scim.endpoint import ScimEndpoint

__all__ = ["ScimEndpoint"]

"""Which subscribers share what they are sent: those of one address, and no links that are signed for another one."""

import inspect
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from strawberry.utils.str_converters import to_camel_case

from seggraph import api
from seggraph.access import Viewer
from seggraph.api.base.context import SIGNED_LINKS, Caller
from seggraph.api.files import exports, imports
from seggraph.api.loaders import Loaders
from seggraph.context import Context
from seggraph.vocabulary import ApiKeyScope, Role

NAMES = "subscription { workspaceEvents { subject { id ... on Segment { name } } } }"
LINKS = "subscription { workspaceEvents { subject { ... on Export { url } } } }"


def caller(context: Context, viewer: Viewer, *, host: str = "good.example", **changes: Any) -> Caller:
    key = Viewer(viewer.workspace_id, Role.LEADER, ApiKeyScope.READ, **changes)
    scope = {
        "type": "http",
        "scheme": "http",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "server": ("127.0.0.1", 8000),
    }
    hub: Any = None
    return Caller(key, context, hub, Loaders(key, context), HTTPConnection(scope))


@pytest.mark.parametrize("document", [NAMES, LINKS])
def test_subscribers_of_other_addresses_share_nothing(
    context: Context, viewer: Viewer, document: str
) -> None:
    good = caller(context, viewer, api_key_id=1)
    evil = caller(context, viewer, api_key_id=1, host="evil.example")

    assert good.scope_of(document) != evil.scope_of(document)
    assert good.alike != evil.alike


def test_keys_of_one_scope_share_what_has_no_signed_links(context: Context, viewer: Viewer) -> None:
    one, other = (caller(context, viewer, api_key_id=number) for number in (1, 2))

    assert one.scope_of(NAMES) == other.scope_of(NAMES)
    assert one.scope_of(LINKS) != other.scope_of(LINKS)
    assert one.scope_of(LINKS) == replace(one).scope_of(LINKS)
    assert one.alike != other.alike


@pytest.mark.parametrize("module", [exports, imports])
def test_the_fields_with_signed_links_are_known(module: ModuleType) -> None:
    """Each resolver that signs a path is a field whose name keeps callers apart."""
    source = inspect.getsource(module)
    signing = re.findall(r"def (\w+)\((?:(?!\n    def ).)*?signed_path\(", source, re.DOTALL)

    assert signing
    assert all(SIGNED_LINKS.search(to_camel_case(name)) for name in signing)


def test_no_other_module_signs_paths() -> None:
    folder = Path(api.__file__).parent
    signing = {path.name for path in folder.rglob("*.py") if "signed_path(" in path.read_text("utf-8")}

    # The last one signs in the payload of a mutation, which no two callers share.
    assert signing == {"exports.py", "imports.py", "metric_imports.py"}

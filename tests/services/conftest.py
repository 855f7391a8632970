"""Fixtures of the tests of services."""

import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from tests.services.recording import ACCOUNT, PERSON, store


@pytest.fixture
async def ann(context: Context, viewer: Viewer) -> Viewer:
    """The viewer, in whose workspace there are the person Ann and the account Ann."""
    await store(context, viewer, PERSON, "ann")
    await store(context, viewer, ACCOUNT, "ann")
    return viewer

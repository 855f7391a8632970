"""The fast tier: it has what needs no server, and nothing in it can start one."""

import pytest

from seggraph import embedded
from tests import tiers
from tests.product import Product


def test_a_test_without_fixtures_is_fast(request: pytest.FixtureRequest) -> None:
    assert not tiers.needs_servers(request.node)


def test_a_test_whose_fixture_starts_servers_is_not(
    request: pytest.FixtureRequest, servers: embedded.Servers
) -> None:
    assert tiers.needs_servers(request.node)


def test_nor_is_one_with_a_fixture_that_needs_another_that_does(
    request: pytest.FixtureRequest, product: Product
) -> None:
    assert tiers.needs_servers(request.node)


@pytest.mark.servers
def test_nor_is_one_that_says_so(request: pytest.FixtureRequest) -> None:
    assert tiers.needs_servers(request.node)


@pytest.mark.parametrize(
    "arguments",
    [("/usr/bin/postgres", ["postgres", "-D", "x"]), (None, ["bin/valkey-server"]), (None, b"redis-server")],
)
def test_a_server_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(AssertionError, match=r"mark the test with pytest\.mark\.servers"):
        tiers._refuse_servers("subprocess.Popen", arguments)


def test_other_programs_and_other_events_are_not() -> None:
    tiers._refuse_servers("subprocess.Popen", (None, ["git", "ls-files"]))
    tiers._refuse_servers("os.putenv", (b"A", b"postgres"))

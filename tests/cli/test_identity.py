"""The commands about users and API keys, as an operator with an identity provider runs them."""

import pytest
from typer.testing import CliRunner

from seggraph import embedded
from seggraph.cli import app
from seggraph.errors import Invalid, LastAdministrator, NotFound
from tests.cli.test_operating import environment


class Commands:
    """Commands that are run in this process: each would take seconds to start by itself."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = {**env, "SEGGRAPH_JWT_SECRET": "", "SEGGRAPH_JWT_JWKS_URL": "https://idp.example/keys"}
        self.workspace = self.run("workspace", "Acme", in_workspace=False)[0][0]

    def run(self, *arguments: str, in_workspace: bool = True) -> list[list[str]]:
        """The lines of the answer, each as its values. Raises what the command raises."""
        where = ("--workspace", self.workspace) if in_workspace else ()
        done = CliRunner().invoke(app, [*arguments, *where], env=self._env)
        if done.exception is not None:
            raise done.exception
        return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture
def commands(database_url: str, servers: embedded.Servers, logging_as_it_was: None) -> Commands:
    return Commands(environment(database_url, servers))


def test_an_operator_manages_users(commands: Commands) -> None:
    run = commands.run
    [[ada, *shown]] = run(
        "users", "create", "--subject", "auth0|1", "--email", "ada@x.example", "--role", "ADMIN"
    )
    assert shown == ["ADMIN", "active", "ada@x.example", "Ada", "auth0|1"]
    [[bob, *_]] = run("users", "create", "--email", "bob@x.example", "--name", "Bob")
    assert [row[0] for row in run("users", "list")] == [ada, bob]
    for who in (ada, "auth0|1", "ada@x.example"):
        with pytest.raises(LastAdministrator):
            run("users", "update", who, "--deactivate")
    [[_, role, *_]] = run("users", "update", "bob@x.example", "--role", "ADMIN")
    assert role == "ADMIN"
    updated = run("users", "update", ada, "--deactivate", "--hand-over-to", bob)
    assert updated[0][2] == "deactivated"
    token = ("--jti", "b1946ac9", "--expires-at", "2100-01-01T00:00:00Z")
    run("users", "withdraw-token", "auth0|1", *token)
    with pytest.raises(Invalid):
        run("users", "withdraw-token", "auth0|1", "--jti", "b1946ac9", "--expires-at", "2020-01-01T00:00:00Z")
    with pytest.raises(NotFound):
        run("users", "withdraw-token", "nobody", *token)
    with pytest.raises(NotFound):
        run("users", "update", "nobody")
    with pytest.raises(NotFound):
        run("users", "list", "--workspace", "999", in_workspace=False)


def test_an_operator_manages_keys(commands: Commands) -> None:
    run = commands.run
    [[provisioning]] = run("keys", "create", "--name", "Okta", "--scope", "PROVISIONING")
    assert provisioning.startswith("sgk_live_")
    run("keys", "revoke", "Okta")
    [[first]] = run("keys", "create", "--name", "Shop", "--scope", "READ", "--network", "127.0.0.0/8")
    assert first.startswith("sgk_live_")
    [[second]] = run("keys", "rotate", "Shop", "--old-works-for-hours", "0")
    assert second != first
    [[_, scope, works, hint, used, name], _] = run("keys", "list")
    assert (scope, works, hint, used, name) == ("READ", "works", second[:15], "never", "Shop")
    run("keys", "revoke", "Shop")
    assert [row[2] for row in run("keys", "list")] == ["revoked", "revoked"]
    with pytest.raises(NotFound):
        run("keys", "revoke", "nothing")

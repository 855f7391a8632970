"""The commands about users and API keys, as an operator with an identity provider runs them."""

import httpx

from seggraph import embedded
from tests.cli.test_operating import environment, get, running, seggraph
from tests.ports import free_port


def test_an_operator_manages_users_and_keys(database_url: str, servers: embedded.Servers) -> None:
    # with an identity provider: there is no secret to sign tokens with
    env = environment(database_url, servers, SEGGRAPH_JWT_JWKS_URL="https://idp.example/keys")
    del env["SEGGRAPH_JWT_SECRET"]
    workspace = seggraph("workspace", "Acme", env=env).stdout.strip()
    where = ("--workspace", workspace)

    def run(*arguments: str) -> list[list[str]]:
        done = seggraph(*arguments, *where, env=env)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    [[ada, *shown]] = run(
        "users", "create", "--subject", "auth0|1", "--email", "ada@x.example", "--role", "ADMIN"
    )
    assert shown == ["ADMIN", "active", "ada@x.example", "Ada", "auth0|1"]
    [[bob, *_]] = run("users", "create", "--email", "bob@x.example", "--name", "Bob")
    assert [row[0] for row in run("users", "list")] == [ada, bob]
    for who in (ada, "auth0|1", "ada@x.example"):
        refused = seggraph("users", "update", who, "--deactivate", *where, env=env)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "LAST_ADMINISTRATOR" in refused.stderr
    [[_, role, *_]] = run("users", "update", "bob@x.example", "--role", "ADMIN")
    assert role == "ADMIN"
    [[_, _, state, *_]] = run("users", "update", ada, "--deactivate", "--hand-over-to", bob)
    assert state == "deactivated"
    assert "NOT_FOUND" in seggraph("users", "update", "nobody", *where, env=env).stderr
    assert "NOT_FOUND" in seggraph("users", "list", "--workspace", "999", env=env).stderr

    [[first]] = run("keys", "create", "--name", "Shop", "--scope", "READ", "--network", "127.0.0.0/8")
    assert first.startswith("sgk_live_")
    [[second]] = run("keys", "rotate", "Shop", "--old-works-for-hours", "0")
    [[_, scope, works, hint, used, name]] = run("keys", "list")
    assert (scope, works, hint, used, name) == ("READ", "works", second[:15], "never", "Shop")
    port = free_port()
    with running("serve", "--port", str(port), env=env):
        get(port, "/healthz")

        def status(secret: str) -> int:
            return httpx.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": "{ viewer { scope } }"},
                headers={"Authorization": f"Bearer {secret}"},
                timeout=60,
            ).status_code

        assert [status(first), status(second)] == [401, 200]
        run("keys", "revoke", "Shop")
        for _ in range(10_000):
            if status(second) == 401:
                break
        assert status(second) == 401
    assert [row[2] for row in run("keys", "list")] == ["revoked"]

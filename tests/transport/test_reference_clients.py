"""What others made to check servers like ours: the HTTP audits, the WebSocket and the SSE client."""

from tests.transport import node


def test_the_graphql_over_http_audits_find_nothing(server: str) -> None:
    results = node.run("audits.mjs", server)

    assert len(results) > 50
    complaints = [(r["id"], r["status"], r["name"], r["reason"]) for r in results if r["status"] != "ok"]
    assert complaints == []


def test_the_reference_clients_are_served(server: str) -> None:
    received = node.run("clients.mjs", server)

    counted = [{"count": 1}, {"count": 2}, {"count": 3}]
    for client, wrong_token in (("ws", 4403), ("sse", 401)):
        assert received[client] == {
            "subscription": counted,
            "query": [{"hello": "Hello world"}],
            "invalid": ["GRAPHQL_VALIDATION_FAILED"],
            "wrongToken": [wrong_token],
        }

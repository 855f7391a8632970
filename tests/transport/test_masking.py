"""What is logged of an error that the client is not shown, and that the log and the client share the id."""

import structlog
from graphql import GraphQLError
from structlog.testing import capture_logs

from seggraph.errors import Forbidden
from seggraph.transport import current_request_id, request_ids
from seggraph.transport.masking import published
from tests.transport.conftest import build_endpoint

MERGE = [structlog.contextvars.merge_contextvars]


async def test_the_exception_is_logged_under_the_id_that_the_client_sees() -> None:
    schema = build_endpoint().schema

    with capture_logs(processors=MERGE) as lines, request_ids.bound("r-7"):
        result = await schema.execute("{ broken taken }")

    assert [error.extensions for error in result.errors or ()] == [
        {"code": "INTERNAL", "requestId": "r-7"},
        {"code": "NAME_TAKEN", "path": ["input", "name"]},
    ]
    assert len(lines) == 1
    assert lines[0]["event"] == "graphql.internal_error"
    assert lines[0]["request_id"] == "r-7"
    assert lines[0]["path"] == ["broken"]
    assert str(lines[0]["exc_info"]) == "password=hunter2"
    assert current_request_id() is None


async def test_mistakes_of_clients_are_not_logged() -> None:
    schema = build_endpoint().schema

    with capture_logs() as lines:
        for query in ("{", "{ nothing }", "{ taken }", "query($n: Int!) { cars(count: $n) { id } }"):
            assert (await schema.execute(query)).errors

    assert lines == []


async def test_a_cached_validation_error_is_answered_the_same_each_time() -> None:
    schema = build_endpoint().schema

    answers = [
        [error.formatted for error in (await schema.execute("{ nothing }")).errors or ()] for _ in "abc"
    ]

    assert answers[0] == answers[1] == answers[2]


def test_an_error_that_was_given_a_code_passes_and_a_bare_one_does_not() -> None:
    deliberate = GraphQLError("Slow down.", extensions={"code": "RATE_LIMITED"})
    failure = GraphQLError(
        "x", path=["a"], original_error=GraphQLError("y", original_error=Forbidden("Not you."))
    )
    bare = GraphQLError("SELECT secret", path=["a"], original_error=KeyError("secret"))

    with capture_logs():
        shown = published([deliberate, failure, bare]) or []

    assert [(error.message, (error.extensions or {})["code"]) for error in shown] == [
        ("Slow down.", "RATE_LIMITED"),
        ("Not you.", "FORBIDDEN"),
        ("Internal error", "INTERNAL"),
    ]
    assert all(error.original_error is None for error in shown)
    assert published([]) is None


async def test_the_first_of_several_operations_is_not_run_unasked() -> None:
    schema = build_endpoint().schema

    for _ in range(2):
        unnamed = await schema.execute("query A { hello } query B { hello }")
        assert unnamed.data is None
        assert [(error.extensions or {})["code"] for error in unnamed.errors or ()] == ["BAD_REQUEST"]
    named = await schema.execute("query A { hello } query B { b: hello }", operation_name="B")
    assert named.data == {"b": "Hello world"}

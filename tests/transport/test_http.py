"""GraphQL over HTTP on a real socket: media types, status codes, bodies, cross-site requests, request ids."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.transport.conftest import PATIENCE_SECONDS, TINY_BODY

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
http = httpx.Client(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module", autouse=True)
def _close_the_client() -> Iterator[None]:
    yield
    http.close()


def post(url: str, query: object, accept: str = GRAPHQL, **headers: str) -> httpx.Response:
    body = query if isinstance(query, dict) else {"query": query}
    return http.post(url, json=body, headers={"accept": accept, **headers})


def code_of(response: httpx.Response) -> str:
    errors: list[dict[str, Any]] = response.json()["errors"]
    assert len(errors) == 1
    return str(errors[0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*;q=0.5", JSON),
        (f"{JSON};q=0.9, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
    ],
)
def test_the_media_type_is_the_one_that_the_client_likes_best(
    server: str, accept: str, answered: str
) -> None:
    response = post(server, "{ hello }", accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize("accept", ["image/png", f"{GRAPHQL};q=0, {JSON};q=0", "text/html"])
def test_a_client_that_takes_nothing_of_ours_gets_406(server: str, accept: str) -> None:
    response = post(server, "{ hello }", accept)

    assert response.status_code == 406
    assert code_of(response) == "NOT_ACCEPTABLE"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{ hello"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ " + "hello " * 6000 + "}"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{a" * 1500 + "}" * 1500}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($n: Int!) { cars(count: $n) { id } }"}, "BAD_USER_INPUT"),
        ({"query": "query($n: Int!) { cars(count: $n) { id } }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
    ],
)
def test_what_fails_before_execution_has_no_data(server: str, body: dict[str, Any], code: str) -> None:
    modern = post(server, body)
    legacy = post(server, body, JSON)

    assert (modern.status_code, legacy.status_code) == (400, 200)
    for response in (modern, legacy):
        assert code_of(response) == code
        assert "data" not in response.json()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": None},
        {"query": ""},
        {"query": 5},
        {"query": "{ hello }", "variables": [1]},
        {"query": "{ hello }", "variables": "x"},
        {"query": "{ hello }", "operationName": 5},
        {"query": "{ hello }", "operationName": "Missing"},
        {"query": "query A { hello } query B { hello }"},
        {"query": "{ hello }", "extensions": "x"},
    ],
)
def test_a_body_of_another_shape_is_a_bad_request(server: str, body: dict[str, Any]) -> None:
    response = post(server, body)

    assert response.status_code == 400
    assert code_of(response) in ("BAD_REQUEST", "BAD_USER_INPUT")
    assert "data" not in response.json()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"5", b"null", b'"x"', b"[1]", b'[{"query":"{hello}"}]', b"\xff"]
)
def test_a_body_that_is_no_request_is_a_bad_request(server: str, content: bytes) -> None:
    response = http.post(server, content=content, headers={"content-type": JSON, "accept": GRAPHQL})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


def test_a_query_by_get(server: str) -> None:
    query = "query($n: String!) { hello(name: $n) }"

    response = http.get(server, params={"query": query, "variables": '{"n": "you"}'})

    assert response.json()["data"] == {"hello": "Hello you"}


@pytest.mark.parametrize("variables", ["{", "5", "[1]"])
def test_a_query_by_get_with_unreadable_variables(server: str, variables: str) -> None:
    response = http.get(server, params={"query": "{ hello }", "variables": variables})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


def test_a_mutation_by_get_is_refused_and_the_answer_says_how(server: str) -> None:
    response = http.get(server, params={"query": 'mutation { rename(car: {name: "x"}) }'})

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert code_of(response) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(server: str, method: str) -> None:
    response = http.request(method, server)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


def test_a_subscription_without_a_stream_is_not_run(server: str) -> None:
    response = post(server, "subscription { count }")

    assert response.status_code == 406
    assert code_of(response) == "NOT_ACCEPTABLE"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "",
        "application/jsonx",
    ],
)
def test_a_form_or_a_strange_content_type_is_refused(server: str, content_type: str) -> None:
    headers = {"accept": GRAPHQL} | ({"content-type": content_type} if content_type else {})

    response = http.post(server, content=b'{"query":"{ hello }"}', headers=headers)

    assert response.status_code == 415
    assert code_of(response) == "UNSUPPORTED_MEDIA_TYPE"


UPLOAD = {
    "operations": '{"query": "mutation($f: Upload!) { upload(file: $f) }", "variables": {"f": null}}',
    "map": '{"0": ["variables.f"]}',
}


def test_an_upload_needs_a_header_that_no_form_can_send(server: str) -> None:
    files = {"0": ("a.txt", b"content", "text/plain")}

    without = http.post(server, data=UPLOAD, files=files)
    with_header = http.post(server, data=UPLOAD, files=files, headers={"Apollo-Require-Preflight": "true"})

    assert without.status_code == 400
    assert code_of(without) == "CSRF_PREFLIGHT_REQUIRED"
    assert with_header.status_code == 200
    assert with_header.json()["data"] == {"upload": "content"}


def test_the_file_of_an_upload_is_there_while_its_answer_is_streamed(server: str) -> None:
    files = {"0": ("a.txt", b"content", "text/plain")}
    headers = {"x-seggraph-csrf": "1", "accept": "text/event-stream"}

    response = http.post(server, data=UPLOAD, files=files, headers=headers)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert '{"data":{"upload":"content"}' in response.text


@pytest.mark.parametrize(
    "change",
    [
        {"map": "{"},
        {"map": "[]"},
        {"map": '{"9": ["variables.f"]}'},
        {"map": '{"0": 5}'},
        {"map": '{"0": ["variables.f.g"]}'},
        {"operations": "5"},
        {"operations": "[]"},
    ],
)
def test_a_malformed_upload_is_a_bad_request(server: str, change: dict[str, str]) -> None:
    files = {"0": ("a.txt", b"content", "text/plain")}

    response = http.post(server, data=UPLOAD | change, files=files, headers={"x-seggraph-csrf": "1"})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


def test_an_upload_of_too_many_parts_or_bytes(server: str) -> None:
    headers = {"x-seggraph-csrf": "1", "accept": GRAPHQL}
    parts = {str(number): (f"{number}.txt", b"x", "text/plain") for number in range(21)}
    large = {"0": ("a.txt", b"x" * (2 * TINY_BODY), "text/plain")}

    many = http.post(server, data=UPLOAD, files=parts, headers=headers)
    big = http.post(server, data=UPLOAD, files=large, headers=headers)

    assert (many.status_code, code_of(many)) == (400, "BAD_REQUEST")
    assert (big.status_code, code_of(big)) == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(server: str) -> None:
    content = b'{"query": "{ hello }", "extensions": {"x": "' + b"x" * TINY_BODY + b'"}}'
    headers = {"content-type": JSON, "accept": GRAPHQL}

    declared = http.post(server, content=content, headers=headers)
    chunked = http.post(server, content=iter([content[:100], content[100:]]), headers=headers)

    for response in (declared, chunked):
        assert response.status_code == 413
        assert code_of(response) == "PAYLOAD_TOO_LARGE"


def test_a_wrong_token_is_401_with_a_graphql_error(server: str) -> None:
    response = post(server, "{ hello }", Authorization="Bearer wrong")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.json() == {
        "errors": [{"message": "The token is not valid.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


def test_a_context_that_cannot_be_made_is_masked(server: str) -> None:
    response = post(server, "{ hello }", **{"Authorization": "Bearer broken", "x-request-id": "r-1"})

    assert response.status_code == 500
    assert response.json() == {
        "errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL", "requestId": "r-1"}}]
    }


def test_an_expected_failure_shows_its_code_and_path(server: str) -> None:
    response = post(server, "{ taken hello }")

    assert response.status_code == 200
    assert {name: part for name, part in response.json().items() if name != "extensions"} == {
        "data": {"taken": None, "hello": "Hello world"},
        "errors": [
            {
                "message": "The name is taken.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["taken"],
                "extensions": {"code": "NAME_TAKEN", "path": ["input", "name"]},
            }
        ],
    }


def test_several_problems_are_several_errors(server: str) -> None:
    errors = post(server, "{ twoProblems }").json()["errors"]

    assert [(error["message"], error["extensions"]) for error in errors] == [
        ("Give a name.", {"code": "REQUIRED", "path": ["name"]}),
        ("No.", {"code": "INVALID", "path": ["rows", 3]}),
    ]


@pytest.mark.parametrize("field", ["broken", "tooBig"])
def test_an_unexpected_failure_shows_nothing_but_the_request_id(server: str, field: str) -> None:
    response = post(server, f"{{ {field} hello }}", **{"x-request-id": "abc-123"})

    assert response.status_code == 200
    body = response.json()
    assert body["data"] == {field: None, "hello": "Hello world"}
    assert body["errors"] == [
        {
            "message": "Internal error",
            "locations": [{"line": 1, "column": 3}],
            "path": [field],
            "extensions": {"code": "INTERNAL", "requestId": "abc-123"},
        }
    ]
    assert "hunter2" not in response.text


def test_a_failure_that_leaves_no_data_still_says_so_with_null(server: str) -> None:
    response = post(server, "{ brokenForSure }")

    assert response.status_code == 200
    assert response.json()["data"] is None
    assert code_of(response) == "INTERNAL"


@pytest.mark.parametrize(
    ("proposed", "taken"),
    [("abc-123", True), ("0af7651916cd43dd8448eb211c80319c", True), ("a b", False), ("x" * 200, False)],
)
def test_every_response_has_a_request_id(server: str, proposed: str, taken: bool) -> None:
    response = post(server, "{ hello }", **{"x-request-id": proposed})

    assert (response.headers["x-request-id"] == proposed) is taken
    assert len(response.headers["x-request-id"]) > 0
    assert http.put(server).headers["x-request-id"] != http.put(server).headers["x-request-id"]


def test_values_that_the_fast_encoder_refuses_still_arrive(server: str) -> None:
    response = post(server, "{ hugeNumber }")

    assert response.status_code == 200
    assert response.json()["data"] == {"hugeNumber": {"n": 2**70, "s": "\ud800"}}


def test_a_second_request_with_the_same_text_is_answered_the_same(server: str) -> None:
    first, second = (post(server, "{ car { nothing } hello }") for _ in range(2))

    assert first.json() == second.json()
    assert code_of(second) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 2_000, "nested too deep: variables have at most 100 levels"),
        (b'{"query": nope}', "not JSON: invalid literal, expected 'null' at line 1, column"),
        (b"", "not JSON"),
        (b"[]", "a batch, which is not served: send an object with a query, one operation in each request"),
        (b'[{"query": "{ hello }"}]', "a batch, which is not served"),
    ],
)
def test_the_refusal_of_a_body_that_is_no_request_says_what_is_wrong(
    server: str, body: bytes, says: str
) -> None:
    response = http.post(server, content=body, headers={"content-type": JSON, "accept": GRAPHQL})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"
    assert says in response.json()["errors"][0]["message"]

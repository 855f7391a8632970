"""How answers travel: compressed when they are large, for clients that take it, and documents named by their hash."""

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

from seggraph.app import create_app
from seggraph.context import Context
from seggraph.errors import Invalid
from tests.product import Product, serving

TYPES = "{ __schema { types { name description fields { name description } } } }"
UNPACKED = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


async def raw_answer(product: Product, query: str, accepted: str) -> httpx.Response:
    """An answer whose body is as it came: without decoding it by its content-encoding."""
    request = product.http.build_request(
        "POST", "/graphql", json={"query": query}, headers={"accept-encoding": accepted}
    )
    response = await product.http.send(request, stream=True)
    response._content = b"".join([part async for part in response.aiter_raw()])
    return response


@pytest.mark.parametrize(
    ("accepted", "used"), [("gzip", "gzip"), ("br;q=1, gzip", "br"), ("gzip, deflate, br, zstd", "zstd")]
)
async def test_a_large_answer_is_compressed(product: Product, accepted: str, used: str) -> None:
    plain = await raw_answer(product, TYPES, "identity")

    packed = await raw_answer(product, TYPES, accepted)

    assert packed.headers["content-encoding"] == used
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert len(packed.content) < len(plain.content) / 3
    assert UNPACKED[used](packed.content) == plain.content


@pytest.mark.parametrize(
    "query", ["{ viewer { role } }", TYPES, "{ nothing }", "{ segments { nodes { name } } }"]
)
@pytest.mark.parametrize("origin", [None, "https://app.example"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_the_short_way_has_the_headers_of_the_usual_way(
    product: Product, query: str, origin: str | None, encoding: str
) -> None:
    headers = {"accept-encoding": encoding} | ({} if origin is None else {"origin": origin})
    first, second = [
        await product.http.post("/graphql", json={"query": query}, headers=headers) for _ in range(2)
    ]

    assert first.json() == second.json()
    for response in (first, second):
        varying = ("x-request-id", "date", "content-length", "ratelimit-remaining", "ratelimit-reset")
        for name in varying:
            del response.headers[name]
    assert first.headers == second.headers


async def test_a_small_answer_is_sent_as_it_is(product: Product) -> None:
    response = await raw_answer(product, "{ __typename }", "gzip, br, zstd")

    assert "content-encoding" not in response.headers
    assert json.loads(response.content)["data"] == {"__typename": "Query"}


async def test_documents_are_remembered_and_trusted_ones_come_from_a_file(
    context: Context, product: Product, tmp_path: Path
) -> None:
    text = "{ viewer { __typename } }"
    digest = hashlib.sha256(text.encode()).hexdigest()
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({digest: text}))
    named = {"documentId": f"sha256:{digest}"}

    # when a process does not know a document, and then one has it from its file
    unknown = (await product.http.post("/graphql", json=named)).json()
    update = {"persisted_documents": file, "only_persisted_documents": True}
    settings = context.settings.model_copy(update=update)
    async with serving(replace(context, settings=settings)) as server:
        address = f"http://127.0.0.1:{server.port}/graphql"
        known = (await product.http.post(address, json=named)).json()
        other = (await product.http.post(address, json={"query": "{ __typename }"})).json()

    # then only that one is executed there
    assert unknown["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert known["data"] == {"viewer": {"__typename": "Viewer"}}
    assert other["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


def test_a_file_of_documents_that_is_wrong_ends_the_start(context: Context, tmp_path: Path) -> None:
    settings = context.settings.model_copy(update={"persisted_documents": tmp_path / "none.json"})

    with pytest.raises(Invalid, match=r"SEGGRAPH_PERSISTED_DOCUMENTS: .* cannot be read"):
        create_app(settings)

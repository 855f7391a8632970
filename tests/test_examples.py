"""The clients in examples/ as their readers run them, against a real server with a worker."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import graphql
import pytest

from tests import code_names
from tests.product import PATIENCE_SECONDS, Product
from tests.transport import node

EXAMPLES = Path(__file__).parent.parent / "examples"
EXPECTED = {"created": 4, "memberCount": 3, "names": ["Example 0", "Example 1", "Example 2"]}


async def said(folder: Path, *command: str) -> Any:
    """The JSON that a program prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def test_the_python_client_does_what_it_says(product: Product) -> None:
    program = (sys.executable, "-W", "error", "example.py")

    assert await said(EXAMPLES / "python", *program, product.server.url, product.credential) == EXPECTED


async def test_the_typescript_client_does_what_it_says(product: Product) -> None:
    folder = EXAMPLES / "typescript"
    # it is compiled against the schema of now: a document that does not fit is an error of its types
    program = await asyncio.to_thread(node.built, folder)

    assert await said(folder, program, "dist/example.js", product.server.url, product.credential) == EXPECTED


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("python/*.py")), ids=lambda path: path.name)
def test_documents_of_the_python_client_are_valid(path: Path) -> None:
    documents = re.findall(r'^[A-Z]+ = """\n(.*?)"""', path.read_text("utf-8"), re.DOTALL | re.MULTILINE)

    assert bool(documents) is (path.name == "seggraph_client.py")
    for text in documents:
        assert graphql.validate(code_names.schema(), graphql.parse(text)) == [], text

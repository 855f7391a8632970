"""What we take from inside libraries is as it was when it was tested: an upgrade that changes it fails here.

`internals.toml` is the list. Decision 0016 says how to read it and what to do when a test of this file fails.
"""

from typing import Any

import pytest

from tests.project import internals

pytestmark = pytest.mark.slow

CLASSES: dict[str, Any] = internals.record()["classes"]
PRIVATE: dict[str, Any] = internals.record()["private"]
AGAIN = "Look at what changed, run `python -m tests.project.internals`, and give the reason of each new line."


def test_every_class_that_we_extend_is_listed_and_no_other() -> None:
    found = {name: sorted(entry.ours) for name, entry in internals.extended_classes().items()}

    assert found == {name: entry["ours"] for name, entry in CLASSES.items()}, AGAIN


@pytest.mark.parametrize("name", CLASSES)
def test_the_members_that_we_override_or_call_are_unchanged(name: str) -> None:
    found = internals.extended_classes().get(name)

    assert found is not None, f"nothing extends {name} any more. {AGAIN}"
    assert found.members == CLASSES[name]["members"], f"{name} is not what it was. {AGAIN}"


def test_every_private_name_that_we_use_is_listed_and_no_other() -> None:
    found = {name: sorted(files) for name, files in internals.private_names().items()}

    assert found == {name: entry["files"] for name, entry in PRIVATE.items()}, AGAIN


@pytest.mark.parametrize("name", PRIVATE)
def test_the_private_names_that_we_use_are_there(name: str) -> None:
    owner = internals.locate(PRIVATE[name]["owner"])

    assert internals.says(owner, name), f"{PRIVATE[name]['owner']} has no {name} any more"


def test_each_entry_has_a_reason() -> None:
    entries = [*CLASSES.items(), *PRIVATE.items()]

    assert [name for name, entry in entries if internals.NOT_YET in (entry["why"], entry.get("owner"))] == []


def test_a_changed_signature_and_a_lost_name_are_seen() -> None:
    class Before:
        _kept = 1

        def run(self, source: object, *, path: object = None) -> None: ...

    class After:
        async def run(self, source: object, path: object) -> None: ...

    assert internals.signature(Before, "run") == "self, source, keyword path=..."
    assert internals.signature(After, "run") == "self, source, path"
    assert internals.signature(Before, "_kept") == internals.ATTRIBUTE
    assert internals.says(Before, "_kept")
    assert not internals.says(After, "_kept")
    with pytest.raises(AttributeError):
        internals.signature(After, "walk")

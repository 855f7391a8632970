"""Random histories of one segment against a naive model: after every step all that is stored agrees with it."""

import random
from dataclasses import dataclass, field

import pytest

from seggraph.access import Viewer
from seggraph.audiences import store
from seggraph.context import Context
from seggraph.services.memberships import memberships
from seggraph.services.segments import manual_membership
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import SourceKind
from tests.services.manual_changes import GERMAN, UnitOfWork, named

NAMES = [f"m{number}" for number in range(8)]
STEPS = 25


@dataclass
class Model:
    """Sets of names: who is German, and the links and blocks of each source. Nothing else is known."""

    dynamic: bool
    german: set[str] = field(default_factory=set)
    manual: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)

    @property
    def matched(self) -> set[str]:
        return self.german - self.blocked if self.dynamic else set()

    @property
    def members(self) -> set[str]:
        return self.matched | self.manual

    @property
    def sources(self) -> dict[SourceKind, tuple[int, int]]:
        if self.dynamic:
            of_criteria = (len(self.matched), len(self.blocked))
            return {SourceKind.CRITERIA: of_criteria, SourceKind.MANUAL: (len(self.manual), 0)}
        return {SourceKind.MANUAL: (len(self.manual), 0), SourceKind.IMPORT: (0, 0)}

    def kinds_of(self, name: str) -> set[SourceKind]:
        """What holds a member in the segment."""
        held = {SourceKind.CRITERIA: self.matched, SourceKind.MANUAL: self.manual}
        return {kind for kind, names in held.items() if name in names}

    def add(self, names: set[str]) -> int:
        changed = len(names - self.manual)
        self.manual |= names
        return changed

    def remove(self, names: set[str]) -> int:
        changed = names & self.manual
        self.manual -= names
        if self.dynamic:
            changed |= names - self.blocked
            self.blocked |= names
        return len(changed)


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("seed", range(4))
async def test_stored_memberships_equal_the_model(
    context: Context, viewer: Viewer, seed: int, dynamic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:
        # Chunks are written as those of large audiences are: when more than two members are toggled beside them.
        monkeypatch.setattr(store, "DELTA_ORDINALS_PER_CHUNK", 2)
    choose = random.Random(seed)
    work = UnitOfWork(context, viewer)
    await work.put(*NAMES, country="US")
    segment = await work.segment("Any", criteria=GERMAN if dynamic else None)
    model = Model(dynamic)

    for step in range(STEPS):
        names = set(choose.sample(NAMES, choose.randint(1, 4)))
        match choose.choice(["add", "remove", "match", "stop", "recalculate"]):
            case "add":
                report = await manual_membership.add(context, viewer, [segment.id], named(*names))
                assert report.changed == model.add(names)
                assert report.changed + report.already_done == len(names)
            case "remove":
                report = await manual_membership.remove(context, viewer, [segment.id], named(*names))
                assert report.changed == model.remove(names)
                assert report.changed + report.already_done == len(names)
            case "match":
                await work.put(*names, country="DE", email=choose.random() < 0.5)
                model.german |= names
                await work.refresh()
            case "stop":
                await work.put(*names, country="US", email=choose.random() < 0.5)
                model.german -= names
                await work.refresh()
            case "recalculate":
                await work.recalculate(segment)
        await _compare(work, segment, model, f"seed {seed}, step {step}")


async def _compare(work: UnitOfWork, segment: SegmentView, model: Model, where: str) -> None:
    after = await work.read(segment)
    assert await work.names_in(segment) == model.members, where
    assert after.member_count == len(model.members), where
    assert after.reach_email == await work.emailable(segment), where
    assert await work.sources(segment) == model.sources, where
    ordinals = {name: NAMES.index(name) for name in NAMES}
    pairs = [(segment.id, ordinal) for ordinal in ordinals.values()]
    found = await memberships.sources_of(work.viewer, pairs)
    entered = await memberships.entered_at(work.viewer, pairs)
    for name, ordinal in ordinals.items():
        assert {one.kind for one in found[segment.id, ordinal]} == model.kinds_of(name), where
        assert name not in model.members or (segment.id, ordinal) in entered, where

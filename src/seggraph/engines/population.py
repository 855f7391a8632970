"""Whose members are asked about."""

from dataclasses import dataclass

from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class Population:
    """One kind in one workspace. Nothing crosses it."""

    workspace_id: int
    kind: MemberKind

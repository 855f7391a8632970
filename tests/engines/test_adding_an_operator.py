"""An operator added at test time is evaluated by PostgreSQL as it means, for everybody and for some members."""

from datetime import UTC, datetime
from typing import Any

from seggraph.engines import Population
from seggraph.vocabulary import MemberKind

AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
TEST: dict[str, Any] = {"field": "seats", "op": "MULTIPLE_OF", "value": 5}

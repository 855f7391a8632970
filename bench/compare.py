"""How long comparing segments takes: their chunks are stored, then read, joined and compared.

python bench/compare.py [--segments 20] [--members 1000000] [--rounds 5]
"""

import argparse
import asyncio
import random
import statistics
import time

from pydantic import SecretStr
from pyroaring import BitMap

from seggraph import embedded
from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import open_context
from seggraph.database import migrating
from seggraph.database.unit_of_work import begin
from seggraph.models.audiences import ChunkRole
from seggraph.services.identity import workspaces
from seggraph.services.segments import comparisons, segments
from seggraph.services.segments.comparisons import Given
from seggraph.services.segments.segments import SegmentDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role, SegmentType


async def measure(settings: Settings, segment_count: int, member_count: int, rounds: int) -> None:
    """Store random segments of a population twice their size, and compare them all, several times."""
    async with open_context(settings) as context:
        workspace = await workspaces.create("Bench")
        viewer = Viewer(workspace.id, Role.ADMIN, ApiKeyScope.ADMIN)
        choose = random.Random(1)
        given = []
        for number in range(segment_count):
            draft = SegmentDraft(f"Segment {number}", MemberKind.PERSON, SegmentType.STATIC)
            segment = await segments.create(context, viewer, draft)
            # Every second ordinal on average, without runs: the largest that chunks can be.
            bits = choose.getrandbits(2 * member_count)
            members = BitMap(index for index, bit in enumerate(f"{bits:b}") if bit == "1")
            async with begin() as unit:
                owner = ChunkOwner(ChunkRole.MEMBERS, segment.id)
                await ChunkStore(unit.connection, workspace.id).write({owner: (BitMap(), members)})
            given.append(Given(segment.id, ()))
        taken = []
        for _ in range(rounds):
            began = time.perf_counter()
            found = await comparisons.compare(context, viewer, given)
            taken.append((time.perf_counter() - began) * 1000)
        sizes = found.sizes.values()
        print(
            f"{segment_count} segments of {min(sizes):,} to {max(sizes):,} members, {len(found.overlaps)} pairs:"
            f" median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms"
        )


def main() -> None:
    """Run against servers of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with embedded.running(temporary=True) as servers:
        url = servers.url_of("postgres")
        settings = Settings(
            database_url=url, redis_url=servers.redis_url, jwt_secret=SecretStr("x" * 40), log_level="error"
        )
        asyncio.run(migrating.migrate(url))
        asyncio.run(measure(settings, options.segments, options.members, options.rounds))


if __name__ == "__main__":
    main()

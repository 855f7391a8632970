"""Stores accounts, makes a segment of them, waits until it is computed, and reads its members page by page."""

import asyncio
import json
import sys
import uuid
from contextlib import aclosing

from seggraph_client import Seggraph


async def main(url: str, token: str) -> None:
    """Run the example against a server."""
    run = uuid.uuid4().hex[:8]
    members = [
        {
            "externalId": f"example-{run}-{index}",
            "name": f"Example {index}",
            "country": country,
            "tags": [run],
        }
        for index, country in enumerate(["DE", "DE", "DE", "FR"])
    ]
    async with Seggraph(url, token) as client:
        stored = await client.upsert("ACCOUNT", members)
        criteria = f"country = 'DE' AND TAGS HAS ANY ('{run}')"
        segment_id = await client.create_segment(f"Example {run}", "ACCOUNT", criteria)
        member_count = None
        async with aclosing(client.watch(segment_id)) as states:
            async for state in states:
                if state.status == "READY":
                    member_count = state.member_count
                    break
        names = [member.name async for member in client.members(segment_id)]
    sys.stdout.write(
        json.dumps({"created": stored.created, "memberCount": member_count, "names": names}) + "\n"
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

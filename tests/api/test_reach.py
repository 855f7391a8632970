"""Reach through the API: the waterfall, suppressed addresses, consent policy, permissions, and bad input."""

import asyncio
import json
import random
from itertools import pairwise
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product

PATIENCE_SECONDS = 120.0
CHANNELS = ("EMAIL", "DIRECT_MAIL", "SMS", "PHONE", "PUSH")
FIELDS = {"EMAIL": "email", "DIRECT_MAIL": "directMail", "SMS": "sms", "PHONE": "phone", "PUSH": "push"}

STEPS = " ".join(
    f"{channel}: waterfall(channel: {channel}) {{ name remaining dropped reason }}"
    f" d_{channel}: distinctAddresses(channel: {channel})"
    for channel in CHANNELS
)
READ = f"""query ($id: ID!) {{
  segment(id: $id) {{ memberCount reach {{ status total email directMail sms phone push asOf progress
    error {{ code message }} {STEPS} }} }}
}}"""
UPSERT = """mutation ($i: UpsertMembersInput!) {
  upsertMembers(input: $i) { rowErrors { index message } errors { code } }
}"""
CREATE = "mutation ($i: CreateSegmentInput!) { createSegment(input: $i) { segment { id } errors { code message } } }"
SUPPRESS = """mutation ($i: SuppressAddressesInput!) {
  suppressAddresses(input: $i) { changed alreadyDone rowErrors { index code } errors { code path } }
}"""
UNSUPPRESS = """mutation ($i: UnsuppressAddressesInput!) {
  unsuppressAddresses(input: $i) { changed alreadyDone rowErrors { index code } errors { code path } }
}"""
LIST = """query ($search: String, $first: Int, $after: String, $reasons: [SuppressionReason!]) {
  suppressions(search: $search, first: $first, after: $after, reasons: $reasons) {
    totalCount pageInfo { hasNextPage endCursor } nodes { channel address reason suppressedAt }
  }
}"""
UPDATE = """mutation ($i: UpdateWorkspaceInput!) {
  updateWorkspace(input: $i) {
    workspace { name timeZone consentPolicy currency } recalculating errors { code path message }
  }
}"""
IMPORT = """mutation ($i: ImportSuppressionsInput!) {
  importSuppressions(input: $i) { read changed alreadyDone failed rowErrors { index code } errors { code path } }
}"""


async def quiet(connection: asyncpg.Connection) -> None:
    """Wait until every change is looked at and every ACTIVE segment is computed."""

    busy = """SELECT EXISTS (SELECT FROM dirty_batches)
      OR EXISTS (SELECT FROM segments WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING')"""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(busy):  # noqa: ASYNC110 - the worker sets it
            await asyncio.sleep(0.03)


def digits(phone: str) -> str:
    return "".join(one for one in phone if one.isdigit()).removeprefix("00")


def address_of(row: dict[str, Any], channel: str) -> str | None:
    """What a row's address for a channel is compared by, in a naive way."""
    match channel:
        case "EMAIL":
            return str(row["email"]).lower() if row["email"] else None
        case "DIRECT_MAIL":
            words = (row["address"] or "").lower().replace(",", " ").split()
            return " ".join(sorted(words)) or None
        case "SMS" | "PHONE":
            return digits(row["phone"]) if row["phone"] else None
    return None


class Naive:
    """The waterfall of a list of rows, looked at one by one."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.policy = "OPT_OUT"
        self.suppressed: dict[str, set[str]] = {channel: set() for channel in CHANNELS}

    def steps(self, channel: str) -> tuple[list[int], int | None]:
        states = [{one["channel"]: one["state"] for one in row["consents"]} for row in self.rows]
        granted = [one.get(channel, "UNKNOWN") for one in states]
        addresses = [address_of(row, channel) for row in self.rows]
        if channel == "PUSH":
            addressed = {n for n, state in enumerate(granted) if state == "GRANTED"}
        else:
            addressed = {n for n, address in enumerate(addresses) if address}
        fine = ("GRANTED",) if self.policy == "OPT_IN" else ("GRANTED", "UNKNOWN")
        allowed = {n for n in addressed if granted[n] in fine}
        reached = {n for n in allowed if addresses[n] not in self.suppressed[channel]}
        distinct = None if channel == "PUSH" else len({addresses[n] for n in reached})
        return [len(self.rows), len(addressed), len(allowed), len(reached)], distinct

    async def check(self, product: Product, segment_id: str) -> None:
        """The segment's numbers are these, and its steps end at its numbers."""
        segment = (await product.run(READ, id=segment_id))["segment"]
        reach = segment["reach"]
        assert (reach["status"], segment["memberCount"]) == ("READY", len(self.rows))
        for channel in CHANNELS:
            sizes, distinct = self.steps(channel)
            steps = reach[channel]
            assert [step["remaining"] for step in steps] == sizes, channel
            assert [step["reason"] for step in steps] == ["MEMBERS", "NO_ADDRESS", "NO_CONSENT", "SUPPRESSED"]
            assert [step["dropped"] for step in steps] == [0, *(a - b for a, b in pairwise(sizes))]
            assert steps[-1]["remaining"] == reach[FIELDS[channel]]
            assert reach[f"d_{channel}"] == distinct, channel


def some_rows() -> list[dict[str, Any]]:
    """Members with shared and differently written addresses, and every consent."""
    choose = random.Random(7)
    return [
        {
            "externalId": f"p{number}",
            "email": choose.choice([None, f"P{number % 20}@Example.com", f"p{number % 20}@example.com"]),
            "phone": choose.choice([None, f"+49 30 {number % 10}", f"0049 (30) {number % 10}"]),
            "address": choose.choice([None, f"{number % 7} Main St, Berlin", f"Berlin {number % 7} main st"]),
            "consents": [
                {"channel": channel, "state": choose.choice(["GRANTED", "DENIED", "UNKNOWN"])}
                for channel in CHANNELS
            ],
        }
        for number in range(60)
    ]


async def store(product: Product, rows: list[dict[str, Any]]) -> None:
    done = (await product.run(UPSERT, i={"kind": "PERSON", "members": rows}))["upsertMembers"]
    assert done == {"rowErrors": [], "errors": []}


async def everybody(product: Product, name: str = "Everybody") -> str:
    criteria = {"not": {"attribute": {"field": "country", "op": "EQ", "value": "nowhere"}}}
    draft = {"name": name, "kind": "PERSON", "type": "DYNAMIC", "criteria": criteria}
    made = (await product.run(CREATE, i=draft))["createSegment"]
    assert made["errors"] == []
    return str(made["segment"]["id"])


async def suppress(product: Product, channel: str, *addresses: str, reason: str = "BOUNCE") -> dict[str, Any]:
    given = {"channel": channel, "addresses": list(addresses), "reason": reason}
    answer: dict[str, Any] = (await product.run(SUPPRESS, i=given))["suppressAddresses"]
    return answer


async def test_the_waterfall_follows_everything(product: Product, connection: asyncpg.Connection) -> None:
    # given members and a segment of all of them
    naive = Naive(some_rows())
    await store(product, naive.rows)
    segment_id = await everybody(product)
    await quiet(connection)
    await naive.check(product, segment_id)

    # when addresses are suppressed, written differently
    assert await suppress(product, "EMAIL", " P3@EXAMPLE.com", "p4@example.com", "nobody@example.com") == {
        "changed": 3,
        "alreadyDone": 0,
        "rowErrors": [],
        "errors": [],
    }
    await suppress(product, "SMS", "+49-30-1")
    await suppress(product, "DIRECT_MAIL", "main st 2; BERLIN")
    naive.suppressed["EMAIL"] |= {"p3@example.com", "p4@example.com"}
    naive.suppressed["SMS"] |= {"49301"}
    naive.suppressed["DIRECT_MAIL"] |= {"2 berlin main st"}

    # then they fall out, of their channel alone
    await quiet(connection)
    assert naive.steps("EMAIL")[0][2] > naive.steps("EMAIL")[0][3]
    assert naive.steps("SMS")[0][2] > naive.steps("SMS")[0][3]
    assert naive.steps("PHONE")[0][2] == naive.steps("PHONE")[0][3]
    assert naive.steps("DIRECT_MAIL")[0][2] > naive.steps("DIRECT_MAIL")[0][3]
    await naive.check(product, segment_id)

    # and a member whose address becomes a suppressed one, or is no longer
    naive.rows[0] |= {"email": "P4@example.com", "consents": [{"channel": "EMAIL", "state": "GRANTED"}]}
    naive.rows[3] |= {"email": "new@example.com"}
    await store(product, [naive.rows[0], naive.rows[3]])
    naive.rows[0]["consents"] = [
        *(one for one in some_rows()[0]["consents"] if one["channel"] != "EMAIL"),
        *naive.rows[0]["consents"],
    ]
    await quiet(connection)
    await naive.check(product, segment_id)

    # when the policy changes, everything is computed anew, and so are suppressions taken back
    answer = (await product.run(UPDATE, i={"consentPolicy": "OPT_IN"}))["updateWorkspace"]
    assert (answer["workspace"]["consentPolicy"], answer["recalculating"], answer["errors"]) == (
        "OPT_IN",
        1,
        [],
    )
    naive.policy = "OPT_IN"
    await quiet(connection)
    await naive.check(product, segment_id)
    taken = await product.run(UNSUPPRESS, i={"channel": "EMAIL", "addresses": ["P4@example.com", "x@y.z"]})
    assert taken["unsuppressAddresses"] == {"changed": 1, "alreadyDone": 1, "rowErrors": [], "errors": []}
    naive.suppressed["EMAIL"].remove("p4@example.com")
    await quiet(connection)
    await naive.check(product, segment_id)

    # and a full run says the same as the refreshes did; unsaved criteria have the same steps
    await product.run(
        "mutation ($id: ID!) { recalculateSegment(input: {id: $id}) { errors { code } } }", id=segment_id
    )
    await quiet(connection)
    await naive.check(product, segment_id)
    criteria = {"not": {"attribute": {"field": "country", "op": "EQ", "value": "nowhere"}}}
    preview = (
        await product.run(
            """query ($i: PreviewSegmentInput!) { previewSegment(input: $i) { errors { code } reach { email
              waterfall(channel: EMAIL) { remaining } distinctAddresses(channel: EMAIL) } } }""",
            i={"kind": "PERSON", "criteria": criteria},
        )
    )["previewSegment"]
    assert [step["remaining"] for step in preview["reach"]["waterfall"]] == naive.steps("EMAIL")[0]
    assert preview["reach"]["email"] == naive.steps("EMAIL")[0][3]

    # and the same policy or zone again computes nothing
    again = (await product.run(UPDATE, i={"consentPolicy": "OPT_IN", "name": " New   name "}))[
        "updateWorkspace"
    ]
    assert (again["recalculating"], again["workspace"]["name"]) == (0, "New name")


async def test_another_zone_moves_the_days(product: Product, connection: asyncpg.Connection) -> None:
    # given a member created now, and segments of those created today and yesterday in a zone far ahead
    await store(product, [{"externalId": "p"}])
    local = await connection.fetchrow(
        """SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS ahead,
          (now() AT TIME ZONE 'Pacific/Pago_Pago')::date AS behind"""
    )
    assert local["ahead"] != local["behind"]
    criteria = {"attribute": {"field": "createdAt", "op": "ON", "value": local["ahead"].isoformat()}}
    assert (await product.run(UPDATE, i={"timeZone": "Pacific/Pago_Pago"}))["updateWorkspace"]["errors"] == []
    draft = {"name": "Then", "kind": "PERSON", "type": "DYNAMIC", "criteria": criteria}
    made = (await product.run(CREATE, i=draft))["createSegment"]
    await quiet(connection)
    before = (await product.run(READ, id=made["segment"]["id"]))["segment"]

    # when the workspace moves
    moved = (await product.run(UPDATE, i={"timeZone": "Pacific/Kiritimati"}))["updateWorkspace"]

    # then the day is another one
    await quiet(connection)
    after = (await product.run(READ, id=made["segment"]["id"]))["segment"]
    assert (before["memberCount"], moved["recalculating"], after["memberCount"]) == (0, 1, 1)


async def test_the_list_is_read_searched_and_survives_erasure_as_a_digest(
    product: Product, connection: asyncpg.Connection
) -> None:
    # given three suppressed addresses, one of a member
    await store(product, [{"externalId": "ada", "email": "Ada@example.com"}])
    await suppress(product, "EMAIL", "ada@example.com", reason="COMPLAINT")
    assert (await suppress(product, "EMAIL", "ADA@example.com", "b%b@example.com", "no", ""))[
        "rowErrors"
    ] == [
        {"index": 2, "code": "INVALID"},
        {"index": 3, "code": "INVALID"},
    ]
    await suppress(product, "PHONE", "030 1", "no digits")

    # then they are listed, the newest first, and found
    page = (await product.run(LIST, first=2))["suppressions"]
    assert page["totalCount"] == 3
    assert [(one["channel"], one["address"]) for one in page["nodes"]] == [
        ("PHONE", "030 1"),
        ("EMAIL", "b%b@example.com"),
    ]
    rest = (await product.run(LIST, first=2, after=page["pageInfo"]["endCursor"]))["suppressions"]
    assert [(one["address"], one["reason"]) for one in rest["nodes"]] == [("ada@example.com", "COMPLAINT")]
    found = (await product.run(LIST, search="B%B"))["suppressions"]
    assert [one["address"] for one in found["nodes"]] == ["b%b@example.com"]
    assert (await product.run(LIST, reasons=["COMPLAINT"]))["suppressions"]["totalCount"] == 1

    # when the member is erased
    await product.run(
        """mutation { deleteMembers(input: {kind: PERSON, externalIds: ["ada"]}) { deleted } }"""
    )

    # then nobody can read the address any more, and whoever comes with it is still not reached
    rows = await connection.fetch("SELECT * FROM suppressions")
    assert "ada@" not in repr(rows).lower()
    await store(product, [{"externalId": "ada again", "email": "ada@Example.com"}])
    segment_id = await everybody(product)
    await quiet(connection)
    reach = (await product.run(READ, id=segment_id))["segment"]["reach"]
    assert [step["remaining"] for step in reach["EMAIL"]] == [1, 1, 1, 0]
    assert (await suppress(product, "EMAIL", "ada@example.com"))["alreadyDone"] == 1


async def test_a_file_is_taken_row_by_row(product: Product) -> None:
    async def send(content: str, **given: str) -> dict[str, Any]:
        operations = {"query": IMPORT, "variables": {"i": {"channel": "EMAIL", "file": None, **given}}}
        response = await product.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": '{"0": ["variables.i.file"]}'},
            files={"0": ("list.csv", content)},
            headers={"Apollo-Require-Preflight": "1"},
        )
        answer: dict[str, Any] = response.json()["data"]["importSuppressions"]
        return answer

    lines = "".join(f"{n},u{n}@example.com\n" for n in range(1_500))
    answer = await send(f"number,E-mail\n{lines}x,nobody\ny\n1,U1@example.com\n", reason="BOUNCE")
    assert answer == {
        "read": 1_503,
        "changed": 1_500,
        "alreadyDone": 1,
        "failed": 2,
        "rowErrors": [{"index": 1_502, "code": "INVALID"}, {"index": 1_503, "code": "INVALID"}],
        "errors": [],
    }
    assert (await send("a,b\n1,2\n3,4\n"))["errors"] == [{"code": "REQUIRED", "path": ["column"]}]
    assert (await send("a,b\n1,2\n", column="c"))["errors"] == [{"code": "NOT_FOUND", "path": ["column"]}]
    assert (await send("%PDF-1.4"))["errors"] == [{"code": "INVALID", "path": ["file"]}]
    assert (await send("a@b.c\n", channel="PUSH"))["errors"] == [{"code": "INVALID", "path": ["channel"]}]
    assert (await product.run(LIST))["suppressions"]["totalCount"] == 1_500


async def test_who_may_do_what_and_bad_input(product: Product, viewer: Viewer) -> None:
    await suppress(product, "EMAIL", "a@example.com")
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    key = (await product.run('mutation { createApiKey(input: {name: "r", scope: READ}) { secret } }'))[
        "createApiKey"
    ]["secret"]
    one = {"channel": "EMAIL", "addresses": ["a@example.com"]}

    # a team member may suppress, but neither take back nor change the workspace
    async with product.server.sign_in(member) as client:
        assert (await suppress(client, "EMAIL", "m@example.com"))["changed"] == 1
        assert (await client.run(UNSUPPRESS, i=one))["unsuppressAddresses"]["errors"][0][
            "code"
        ] == "FORBIDDEN"
        refused = (await client.run(UPDATE, i={"consentPolicy": "OPT_IN"}))["updateWorkspace"]
        assert (refused["errors"][0]["code"], refused["workspace"]) == ("FORBIDDEN", None)
    # who may only read does none of it, another workspace sees nothing
    async with product.server.connect(key) as client:
        assert (await suppress(client, "EMAIL", "r@example.com"))["errors"][0]["code"] == "FORBIDDEN"
        assert (await client.run(LIST))["suppressions"]["totalCount"] == 2
    async with product.server.sign_in(stranger) as client:
        assert (await client.run(LIST))["suppressions"]["totalCount"] == 0
        assert (await client.run(UNSUPPRESS, i=one))["unsuppressAddresses"]["changed"] == 0
    assert (await product.run(LIST))["suppressions"]["totalCount"] == 2

    # bad input
    many = {"channel": "EMAIL", "addresses": ["a@example.com"] * 1_001}
    assert (await product.run(SUPPRESS, i=many))["suppressAddresses"]["errors"] == [
        {"code": "TOO_LARGE", "path": ["addresses"]}
    ]
    assert (await suppress(product, "PUSH", "token"))["errors"] == [{"code": "INVALID", "path": ["channel"]}]
    future = one | {"suppressedAt": "2999-01-01T00:00:00Z"}
    assert (await product.run(SUPPRESS, i=future))["suppressAddresses"]["errors"] == [
        {"code": "INVALID", "path": ["suppressedAt"]}
    ]
    odd = await suppress(product, "EMAIL", "a\0@b.c", "x" * 400 + "@b.c")
    assert [error["index"] for error in odd["rowErrors"]] == [0, 1]
    for given, path in (
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"currency": "euro"}, "currency"),
        ({"name": "a\u0007b"}, "name"),
    ):
        refused = (await product.run(UPDATE, i=given))["updateWorkspace"]
        assert [(error["code"], error["path"]) for error in refused["errors"]] == [("INVALID", [path])]

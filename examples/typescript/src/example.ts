// Stores accounts, makes a segment of them, waits until it is computed, and reads its members page by page.
import { Seggraph } from "./client.js";
import { graphql, type ResultOf } from "./graphql.js";

const Upsert = graphql(`
  mutation Upsert($members: [MemberInput!]!) {
    upsertMembers(input: { kind: ACCOUNT, members: $members }) {
      created
      updated
      rowErrors { index code message }
      errors { code message path }
    }
  }
`);

const Create = graphql(`
  mutation Create($name: String!, $criteria: CriteriaInput!) {
    createSegment(input: { name: $name, kind: ACCOUNT, type: DYNAMIC, criteria: $criteria, activate: true }) {
      segment { id name }
      errors { code message path }
    }
  }
`);

const Watch = graphql(`
  subscription Watch($ids: [ID!]!) {
    segmentEvents(segmentIds: $ids) {
      __typename
      cursor
      segment { id memberCount reach { status total } }
    }
  }
`);

const Members = graphql(`
  query Members($id: ID!, $after: String) {
    segment(id: $id) {
      members(first: 2, after: $after) {
        nodes { externalId name country }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

type Problem = { code: string; message: string };

/** The result of a mutation, which fails with what is wrong in the input. */
function done<Payload extends { errors: Problem[] }>(payload: Payload): Payload {
  if (payload.errors.length) throw new Error(payload.errors.map((one) => `${one.code}: ${one.message}`).join("; "));
  return payload;
}

async function untilComputed(client: Seggraph, id: string): Promise<number> {
  for await (const { data, errors } of client.events(Watch, { ids: [id] })) {
    if (errors) throw new Error(JSON.stringify(errors));
    const segment = data?.segmentEvents.segment;
    if (segment?.reach.status === "READY") return segment.memberCount ?? 0;
  }
  throw new Error("the subscription ended");
}

async function main(url: string, token: string): Promise<void> {
  const client = new Seggraph(url, token);
  const run = Date.now().toString(36);
  const members = ["DE", "DE", "DE", "FR"].map((country, index) => ({
    externalId: `example-${run}-${index}`,
    name: `Example ${index}`,
    country,
    tags: [run],
  }));
  const stored = done((await client.send(Upsert, { members })).upsertMembers);
  const criteria = {
    all: [
      { tags: { op: "HAS_ANY" as const, values: [run] } },
      { attribute: { field: "country", op: "EQ" as const, value: "DE" } },
    ],
  };
  const created = done((await client.send(Create, { name: `Example ${run}`, criteria })).createSegment);
  if (!created.segment) throw new Error("no segment");
  const memberCount = await untilComputed(client, created.segment.id);

  type Page = NonNullable<ResultOf<typeof Members>["segment"]>["members"];
  const names: (string | null)[] = [];
  let after: string | null = null;
  do {
    const page: Page | undefined = (await client.send(Members, { id: created.segment.id, after })).segment?.members;
    names.push(...(page?.nodes ?? []).map((member) => member.name));
    after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);

  console.log(JSON.stringify({ created: stored.created, memberCount, names }));
  await client.close();
}

const [url = process.env["URL"], token = process.env["TOKEN"]] = process.argv.slice(2);
if (!url || !token) throw new Error("usage: npm start -- URL TOKEN");
await main(url, token);

// GraphQL Yoga over the tables of schema.sql: handwritten resolvers, a DataLoader per level, graphql-ws.
// DATABASE_URL, PORT.
import { createServer } from 'node:http'
import DataLoader from 'dataloader'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { useServer } from 'graphql-ws/use/ws'
import pg from 'pg'
import { WebSocketServer } from 'ws'

const BIGINT = 20
pg.types.setTypeParser(BIGINT, Number)

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const pubsub = createPubSub()

const rowsOf = (name, text, values) => pool.query({ name, text, values }).then(({ rows }) => rows)
const cursorOf = (id) => Buffer.from(`c:${id}`).toString('base64')
const idIn = (cursor) => (cursor ? Number(Buffer.from(cursor, 'base64').toString().slice(2)) : 0)

const SEGMENTS = 'SELECT id, name, status, type, member_count, total_reach, created_at, created_by FROM segments'

const MEMBERS = `
  SELECT s.id AS segment_id, page.*
  FROM unnest($1::int[]) AS s (id) CROSS JOIN LATERAL (
    SELECT k.source, k.joined_at,
      m.id, m.name, m.domain, m.revenue, m.country, m.employees, m.score, m.tags, m.attributes
    FROM (
      SELECT * FROM segment_members WHERE segment_id = s.id AND member_id > $2 ORDER BY member_id LIMIT $3
    ) AS k JOIN members m ON m.id = k.member_id
    ORDER BY k.member_id
  ) AS page`

const COUNTS = 'SELECT segment_id, count(*) AS n FROM segment_members WHERE segment_id = ANY($1) GROUP BY 1'

const TOTALS = `
  SELECT segment_id, sum(spend) AS spend, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks
  FROM campaign_metrics WHERE segment_id = ANY($1) GROUP BY 1`

const bySegment = (statement, name, absent) =>
  new DataLoader(async (ids) => {
    const found = new Map((await rowsOf(name, statement, [ids])).map((row) => [row.segment_id, row]))
    return ids.map((id) => found.get(id) ?? absent)
  })

function loadersOfRequest() {
  const pages = new Map()
  const pageLoader = (first, after) =>
    new DataLoader(async (ids) => {
      const found = new Map(ids.map((id) => [id, []]))
      for (const row of await rowsOf('members', MEMBERS, [ids, after, first + 1])) {
        found.get(row.segment_id).push(row)
      }
      return ids.map((id) => found.get(id))
    })
  return {
    members(first, after) {
      const key = `${first}:${after}`
      if (!pages.has(key)) pages.set(key, pageLoader(first, after))
      return pages.get(key)
    },
    counts: bySegment(COUNTS, 'counts', { n: 0 }),
    totals: bySegment(TOTALS, 'totals', { spend: '0', impressions: 0, clicks: 0 }),
  }
}

const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar Decimal
  scalar BigInt
  scalar JSON
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Member {
    id: ID! name: String! domain: String! revenue: Decimal! country: String! employees: Int! score: Int!
    tags: [String!]! attributes: JSON!
  }
  type MemberEdge { cursor: String! source: String! joinedAt: DateTime! node: Member! }
  type MemberConnection { totalCount: Int! pageInfo: PageInfo! edges: [MemberEdge!]! }
  type Totals { spend: Decimal! impressions: BigInt! clicks: BigInt! }
  type Segment {
    id: ID! name: String! status: String! type: String! memberCount: Int! totalReach: BigInt!
    createdAt: DateTime! createdBy: String!
    members(first: Int = 10, after: String): MemberConnection!
    totals: Totals!
  }
  type SegmentConnection { nodes: [Segment!]! pageInfo: PageInfo! }
  type Query {
    segment(id: ID!): Segment
    segments(first: Int = 20, after: String): SegmentConnection!
  }
  type Mutation { publish(topic: String!, payload: String!): Boolean! }
  type Event { topic: String! payload: String! }
  type Subscription { events(topic: String!): Event! }
`

function pageOf(rows, first, after) {
  const items = rows.slice(0, first)
  const pageInfo = {
    hasNextPage: rows.length > first,
    hasPreviousPage: Boolean(after),
    startCursor: items.length ? cursorOf(items[0].id) : null,
    endCursor: items.length ? cursorOf(items.at(-1).id) : null,
  }
  return { items, pageInfo }
}

const resolvers = {
  Query: {
    segment: async (_, { id }) => (await rowsOf('segment', `${SEGMENTS} WHERE id = $1`, [Number(id)]))[0] ?? null,
    segments: async (_, { first, after }) => {
      const statement = `${SEGMENTS} WHERE id > $1 ORDER BY id LIMIT $2`
      const rows = await rowsOf('segments', statement, [idIn(after), first + 1])
      const { items, pageInfo } = pageOf(rows, first, after)
      return { nodes: items, pageInfo }
    },
  },
  Segment: {
    memberCount: (segment) => segment.member_count,
    totalReach: (segment) => segment.total_reach,
    createdAt: (segment) => segment.created_at.toISOString(),
    createdBy: (segment) => segment.created_by,
    members: async (segment, { first, after }, { loaders }) => {
      const { items, pageInfo } = pageOf(await loaders.members(first, idIn(after)).load(segment.id), first, after)
      const edges = items.map((row) => ({
        cursor: cursorOf(row.id),
        source: row.source,
        joinedAt: row.joined_at,
        node: row,
      }))
      return { segmentId: segment.id, edges, pageInfo }
    },
    totals: (segment, _, { loaders }) => loaders.totals.load(segment.id),
  },
  MemberConnection: {
    totalCount: async ({ segmentId }, _, { loaders }) => (await loaders.counts.load(segmentId)).n,
  },
  MemberEdge: { joinedAt: (edge) => edge.joinedAt.toISOString() },
  Mutation: {
    publish: (_, { topic, payload }) => {
      pubsub.publish(topic, { topic, payload })
      return true
    },
  },
  Subscription: {
    events: { subscribe: (_, { topic }) => pubsub.subscribe(topic), resolve: (event) => event },
  },
}

const schema = createSchema({ typeDefs, resolvers })
const context = () => ({ loaders: loadersOfRequest() })
const server = createServer(createYoga({ schema, context, logging: false, graphiql: false }))
useServer({ schema, context }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(Number(process.env.PORT), '127.0.0.1', 4096)

// What a wall shows of each segment.
import { graphql } from '../gql';

export const WallDocument = graphql(`
  query Wall($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
      ... on Segment {
        ...LiveSegment
        kind
        freshness {
          asOf
          lagSeconds
          pendingChanges
        }
        sizeHistory(interval: DAY) {
          at
          memberCount
          entered
          exited
        }
        metrics {
          totals {
            spend
            impressions
            clicks
            ctr
          }
        }
      }
    }
  }
`);

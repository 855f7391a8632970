// Campaigns: what they are, and what changes them.
import { graphql } from '../gql';
import type { CampaignStatus } from '../gql/graphql';

/** To which states a campaign can go on from one. The server decides; see docs/campaigns.md. */
export const NEXT: Readonly<Record<CampaignStatus, readonly CampaignStatus[]>> = {
  DRAFT: ['ACTIVE'], ACTIVE: ['PAUSED', 'COMPLETED'], PAUSED: ['ACTIVE', 'COMPLETED'], COMPLETED: [],
};

export const LiveCampaign = graphql(`
  fragment LiveCampaign on Campaign {
    id
    name
    channel
    status
    startsOn
    endsOn
    version
    createdAt
    lastModifiedAt
    hiddenSegmentCount
    createdBy {
      id
      name
    }
    segments {
      id
      name
    }
    excludedSegments {
      id
      name
    }
  }
`);

export const CampaignsDocument = graphql(`
  query Campaigns($first: Int!, $after: String, $search: String, $statuses: [CampaignStatus!]) {
    campaigns(first: $first, after: $after, search: $search, statuses: $statuses) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...LiveCampaign
        audience {
          memberCount
          reach
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

export const CampaignDocument = graphql(`
  query Campaign($id: ID!) {
    campaign(id: $id) {
      ...LiveCampaign
      segments {
        id
        name
        kind
        status
        memberCount
        deliveries {
          id
          status
          deliveredCount
          destination {
            id
            name
          }
        }
      }
      audience {
        kind
        memberCount
        reach
        asOf
        byChannel {
          channel
          count
        }
      }
      metrics {
        totals {
          spend
          impressions
          clicks
          conversions
          ctr
          cpc
          cpm
          flaggedCount
        }
        series(interval: DAY) {
          day
          spend
          impressions
          clicks
          conversions
        }
        bySegment {
          segment {
            id
            name
          }
          totals {
            spend
            impressions
            clicks
            conversions
            ctr
            cpc
          }
        }
      }
    }
  }
`);

export const CreateCampaignDocument = graphql(`
  mutation CreateCampaign($input: CreateCampaignInput!) {
    createCampaign(input: $input) {
      campaign {
        ...LiveCampaign
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateCampaignDocument = graphql(`
  mutation UpdateCampaign($input: UpdateCampaignInput!) {
    updateCampaign(input: $input) {
      campaign {
        ...LiveCampaign
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const SetStatusDocument = graphql(`
  mutation SetCampaignStatus($input: SetCampaignStatusInput!) {
    setCampaignStatus(input: $input) {
      campaign {
        ...LiveCampaign
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeleteCampaignDocument = graphql(`
  mutation DeleteCampaign($input: CampaignIdInput!) {
    deleteCampaign(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

export const RecordMetricsDocument = graphql(`
  mutation RecordCampaignMetrics($input: RecordCampaignMetricsInput!) {
    recordCampaignMetrics(input: $input) {
      written
      unchanged
      rowErrors {
        code
        message
        path
      }
      rowWarnings {
        message
      }
      errors {
        ...Wrong
      }
    }
  }
`);

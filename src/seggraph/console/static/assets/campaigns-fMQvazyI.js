import{t as e}from"./gql-h6yu-1fa.js";var t={DRAFT:[`ACTIVE`],ACTIVE:[`PAUSED`,`COMPLETED`],PAUSED:[`ACTIVE`,`COMPLETED`],COMPLETED:[]};e(`
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
`);var n=e(`
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
`),r=e(`
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
`),i=e(`
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
`),a=e(`
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
`),o=e(`
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
`),s=e(`
  mutation DeleteCampaign($input: CampaignIdInput!) {
    deleteCampaign(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`),c=e(`
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
`);export{t as a,a as c,s as i,n,c as o,i as r,o as s,r as t};
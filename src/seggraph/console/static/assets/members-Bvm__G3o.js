import{t as e}from"./gql-h6yu-1fa.js";var t=e(`
  query Members($kind: MemberKind!, $first: Int!, $after: String, $search: String, $where: CriteriaInput, $orderBy: MemberOrder) {
    members(kind: $kind, first: $first, after: $after, search: $search, where: $where, orderBy: $orderBy) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        kind
        externalId
        name
        email
        phone
        domain
        country
        city
        postalCode
        state
        industry
        employees
        revenue
        score
        isTarget
        tags
        attributes
        createdAt
        updatedAt
      }
    }
  }
`),n=e(`
  query MemberFields($kind: MemberKind!) {
    criteriaFields(kind: $kind) {
      name
      label
      type
      isCustom
    }
  }
`),r=e(`
  query Member($id: ID!) {
    member(id: $id) {
      id
      kind
      externalId
      name
      firstName
      lastName
      salutation
      domain
      email
      phone
      country
      city
      postalCode
      state
      address
      shippingAddress
      billingAddress
      industry
      revenue
      employees
      score
      isTarget
      tags
      attributes
      createdAt
      updatedAt
      consents {
        channel
        state
      }
      related {
        id
        kind
        name
        externalId
      }
      value {
        revenue
        orders
        averageOrderValue
        customerLifetimeValue
        orderLatencyDays
      }
      segments(first: 100) {
        totalCount
        edges {
          enteredAt
          sources
          node {
            id
            name
            status
          }
          playbooks {
            id
            name
          }
        }
      }
    }
  }
`),i=e(`
  query MemberEvents($id: ID!, $first: Int!, $after: String, $names: [String!]) {
    member(id: $id) {
      id
      events(first: $first, after: $after, names: $names) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          occurredAt
          recordedAt
          value
          properties
        }
      }
    }
  }
`),a=e(`
  query MemberSuppressions($search: String!) {
    suppressions(first: 20, search: $search) {
      nodes {
        id
        channel
        address
        reason
        suppressedAt
      }
    }
  }
`),o=e(`
  mutation UpsertMembers($input: UpsertMembersInput!) {
    upsertMembers(input: $input) {
      created
      updated
      unchanged
      rowErrors {
        code
        message
        path
      }
      errors {
        ...Wrong
      }
    }
  }
`),s=e(`
  mutation TagMembers($input: TagMembersInput!) {
    tagMembers(input: $input) {
      changed
      unchanged
      overLimit
      errors {
        ...Wrong
      }
    }
  }
`),c=e(`
  mutation SetConsents($input: SetConsentsInput!) {
    setConsents(input: $input) {
      changed
      errors {
        ...Wrong
      }
    }
  }
`),l=e(`
  mutation DeleteMembers($input: MemberIdsInput!) {
    deleteMembers(input: $input) {
      deleted
      erased {
        addresses
        events
        relations
        segments
      }
      errors {
        ...Wrong
      }
    }
  }
`),u=e(`
  mutation AddSegmentMembers($input: SegmentMembersInput!) {
    addSegmentMembers(input: $input) {
      changed
      segments {
        id
        memberCount
      }
      errors {
        ...Wrong
      }
    }
  }
`),d=e(`
  mutation SegmentFromFilter($input: CreateSegmentInput!) {
    createSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);export{i as a,t as c,o as d,r as i,d as l,c as n,n as o,l as r,a as s,u as t,s as u};
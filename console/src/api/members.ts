// Members: what is known of them, and what changes them.
import { graphql } from '../gql';

export const MembersDocument = graphql(`
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
`);

export const MemberFieldsDocument = graphql(`
  query MemberFields($kind: MemberKind!) {
    criteriaFields(kind: $kind) {
      name
      label
      type
      isCustom
    }
  }
`);

export const MemberDocument = graphql(`
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
`);

export const MemberEventsDocument = graphql(`
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
`);

export const MemberSuppressionsDocument = graphql(`
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
`);

export const UpsertDocument = graphql(`
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
`);

export const TagDocument = graphql(`
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
`);

export const ConsentsDocument = graphql(`
  mutation SetConsents($input: SetConsentsInput!) {
    setConsents(input: $input) {
      changed
      errors {
        ...Wrong
      }
    }
  }
`);

export const EraseDocument = graphql(`
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
`);

export const AddToSegmentDocument = graphql(`
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
`);

export const SegmentFromFilterDocument = graphql(`
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
`);

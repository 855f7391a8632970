// What the builder of segments asks.
import { graphql } from '../gql';
import type {
  BuiltSegmentQuery, CriteriaFieldsQuery, EventNamesQuery, PreviewDetailsQuery, PreviewQuery,
} from '../gql/graphql';

export const BuiltDocument = graphql(`
  query BuiltSegment($id: ID!) {
    segment(id: $id) {
      id
      name
      description
      kind
      type
      purpose
      status
      version
      criteria
      criteriaText
      transitions
      lastModifiedAt
      lastModifiedBy {
        id
        name
      }
    }
  }
`);

export const PreviewDocument = graphql(`
  query Preview($input: PreviewSegmentInput!, $channel: Channel!) {
    previewSegment(input: $input) {
      memberCount
      sentence
      criteria
      criteriaText
      reach {
        total
        email
        directMail
        sms
        phone
        push
        waterfall(channel: $channel) {
          reason
          remaining
          dropped
        }
      }
      errors {
        code
        message
        path
        ... on CriteriaError {
          line
          column
          start
          end
          suggestions
        }
      }
      warnings {
        code
        message
        suggestion
      }
    }
  }
`);

export const PreviewDetailsDocument = graphql(`
  query PreviewDetails($input: PreviewSegmentInput!) {
    previewSegment(input: $input) {
      nodeCounts {
        path
        memberCount
      }
      sample(first: 6) {
        id
        name
        externalId
        country
      }
      diffToSaved {
        entered
        exited
        unchanged
        errors {
          code
          message
        }
      }
    }
  }
`);

export const PreviewDistributionDocument = graphql(`
  query PreviewDistribution($input: PreviewSegmentInput!, $field: String!) {
    previewSegment(input: $input) {
      distribution(field: $field, buckets: 8) {
        memberCount
        unsetCount
        otherCount
        isEstimate
        average
        median
        buckets {
          value
          start
          end
          count
        }
        errors {
          code
          message
        }
      }
    }
  }
`);

export const BaseDocument = graphql(`
  query Base($kind: MemberKind!) {
    previewSegment(input: { kind: $kind, criteria: { all: [] } }) {
      memberCount
    }
  }
`);

export const CriteriaFieldsDocument = graphql(`
  query CriteriaFields($kind: MemberKind!) {
    criteriaFields(kind: $kind) {
      name
      label
      description
      type
      group
      operators
      example
      memberCount
    }
  }
`);

export const ValuesDocument = graphql(`
  query CriteriaValues($kind: MemberKind!, $field: String!, $search: String) {
    valueSuggestions(kind: $kind, field: $field, search: $search, first: 30) {
      value
      count
    }
  }
`);

export const EventNamesDocument = graphql(`
  query EventNames($kind: MemberKind!) {
    eventNames(kind: $kind) {
      name
      count
      properties {
        name
        type
        count
        examples
      }
    }
  }
`);

export const SegmentNamesDocument = graphql(`
  query SegmentNames($kind: MemberKind!, $search: String) {
    segments(first: 50, filter: { kinds: [$kind] }, search: $search) {
      nodes {
        id
        name
        type
        memberCount
      }
    }
  }
`);

export const SegmentNameDocument = graphql(`
  query SegmentName($id: ID!) {
    segment(id: $id) {
      id
      name
      memberCount
      status
    }
  }
`);

export const CompletionsDocument = graphql(`
  query Completions($kind: MemberKind!, $text: String!, $cursor: Int!) {
    criteriaCompletions(kind: $kind, text: $text, cursor: $cursor) {
      kind
      text
      description
      start
      end
    }
  }
`);

export const CreateDocument = graphql(`
  mutation CreateSegment($input: CreateSegmentInput!) {
    createSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);

export const UpdateDocument = graphql(`
  mutation UpdateSegment($input: UpdateSegmentInput!) {
    updateSegment(input: $input) {
      segment {
        ...LiveSegment
        criteria
        criteriaText
        description
      }
      errors {
        code
        message
        path
      }
    }
  }
`);

export type Built = NonNullable<BuiltSegmentQuery['segment']>;
export type Previewed = PreviewQuery['previewSegment'];
export type Mistake = Previewed['errors'][number];
export type Details = PreviewDetailsQuery['previewSegment'];
export type FieldOfKind = CriteriaFieldsQuery['criteriaFields'][number];
export type EventOfKind = EventNamesQuery['eventNames'][number];

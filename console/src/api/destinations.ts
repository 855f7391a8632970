// Destinations, and the deliveries of segments to them.
import { graphql } from '../gql';

export const DestinationPart = graphql(`
  fragment DestinationPart on Destination {
    id
    name
    type
    channel
    url
    headerName
    mapping
    version
    createdAt
    authSecretHint
    feedbackUrl
  }
`);

export const DestinationsDocument = graphql(`
  query Destinations {
    destinations {
      ...DestinationPart
    }
  }
`);

export const DeliveriesDocument = graphql(`
  query Deliveries($first: Int!, $after: String, $destinationId: ID, $statuses: [DeliveryStatus!]) {
    deliveries(first: $first, after: $after, destinationId: $destinationId, statuses: $statuses) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        status
        progress
        listName
        deliveredCount
        memberCount
        noAddressCount
        noConsentCount
        suppressedCount
        rejectedCount
        isEmptying
        asOf
        retryAt
        createdAt
        error {
          code
          message
          at
        }
        destination {
          id
          name
        }
        segment {
          id
          name
        }
      }
    }
  }
`);

export const CreateDestinationDocument = graphql(`
  mutation CreateDestination($input: CreateDestinationInput!) {
    createDestination(input: $input) {
      destination {
        ...DestinationPart
      }
      signingSecret
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateDestinationDocument = graphql(`
  mutation UpdateDestination($input: UpdateDestinationInput!) {
    updateDestination(input: $input) {
      destination {
        ...DestinationPart
      }
      signingSecret
      authSecretDropped
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeleteDestinationDocument = graphql(`
  mutation DeleteDestination($input: DestinationIdInput!) {
    deleteDestination(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

export const TestDestinationDocument = graphql(`
  mutation TestDestination($input: DestinationIdInput!) {
    testDestination(input: $input) {
      test {
        ok
        statusCode
        durationSeconds
        reason
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeliverDocument = graphql(`
  mutation DeliverSegment($input: DeliverSegmentInput!) {
    deliverSegment(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeactivateDeliveryDocument = graphql(`
  mutation DeactivateDelivery($input: DeliveryIdInput!) {
    deactivateDelivery(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const RetryDeliveryDocument = graphql(`
  mutation RetryDelivery($input: DeliveryIdInput!) {
    retryDelivery(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`);

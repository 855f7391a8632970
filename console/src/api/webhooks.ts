// Webhooks, their messages and the attempts to send them.
import { graphql } from '../gql';

export const WebhookPart = graphql(`
  fragment WebhookPart on Webhook {
    id
    url
    description
    topics
    status
    statusReason
    secretHint
    previousSecretUntil
    failureCount
    failingSince
    nextAttemptAt
    createdAt
  }
`);

export const WebhooksDocument = graphql(`
  query Webhooks {
    webhooks {
      ...WebhookPart
    }
  }
`);

export const MessagesDocument = graphql(`
  query WebhookMessages($id: ID!, $first: Int!, $after: String, $status: WebhookDeliveryStatus) {
    node(id: $id) {
      id
      ... on Webhook {
        ...WebhookPart
        deliveries(first: $first, after: $after, status: $status) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            messageId
            topic
            status
            attemptCount
            nextAttemptAt
            createdAt
            finishedAt
          }
        }
      }
    }
  }
`);

export const MessageDocument = graphql(`
  query WebhookMessage($id: ID!) {
    node(id: $id) {
      id
      ... on WebhookDelivery {
        messageId
        topic
        status
        payload
        attemptCount
        nextAttemptAt
        attempts(first: 20) {
          nodes {
            id
            at
            durationSeconds
            statusCode
            error
            nextAttemptAt
          }
        }
      }
    }
  }
`);

export const CreateWebhookDocument = graphql(`
  mutation CreateWebhook($input: CreateWebhookInput!) {
    createWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateWebhookDocument = graphql(`
  mutation UpdateWebhook($input: UpdateWebhookInput!) {
    updateWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`);

export const PauseWebhookDocument = graphql(`
  mutation PauseWebhook($input: WebhookIdInput!) {
    pauseWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const ResumeWebhookDocument = graphql(`
  mutation ResumeWebhook($input: WebhookIdInput!) {
    resumeWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const RotateWebhookDocument = graphql(`
  mutation RotateWebhookSecret($input: WebhookIdInput!) {
    rotateWebhookSecret(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeleteWebhookDocument = graphql(`
  mutation DeleteWebhook($input: WebhookIdInput!) {
    deleteWebhook(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

export const TestWebhookDocument = graphql(`
  mutation TestWebhook($input: WebhookIdInput!) {
    testWebhook(input: $input) {
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

export const ReplayDocument = graphql(`
  mutation ReplayWebhookDelivery($input: ReplayWebhookDeliveryInput!) {
    replayWebhookDelivery(input: $input) {
      replayed
      errors {
        ...Wrong
      }
    }
  }
`);

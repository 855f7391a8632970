// Users and API keys.
import { graphql } from '../gql';

export const UsersDocument = graphql(`
  query Users($first: Int!, $after: String, $search: String, $active: Boolean) {
    users(first: $first, after: $after, search: $search, active: $active) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        name
        email
        role
        active
        subject
      }
    }
  }
`);

export const KeysDocument = graphql(`
  query ApiKeys {
    apiKeys {
      id
      name
      hint
      scope
      networks
      createdAt
      expiresAt
      revokedAt
      rotatedAt
      oldWorksUntil
      lastUsedAt
      createdBy {
        id
        name
      }
    }
  }
`);

export const CreateUserDocument = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      user {
        id
        name
        email
        role
        active
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateUserDocument = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      user {
        id
        name
        email
        role
        active
      }
      segmentsHandedOver
      playbooksHandedOver
      errors {
        ...Wrong
      }
    }
  }
`);

export const CreateKeyDocument = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      apiKey {
        id
        name
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateKeyDocument = graphql(`
  mutation UpdateApiKey($input: UpdateApiKeyInput!) {
    updateApiKey(input: $input) {
      apiKey {
        id
        name
        expiresAt
        networks
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const RotateKeyDocument = graphql(`
  mutation RotateApiKey($input: RotateApiKeyInput!) {
    rotateApiKey(input: $input) {
      apiKey {
        id
        hint
        rotatedAt
        oldWorksUntil
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`);

export const RevokeKeyDocument = graphql(`
  mutation RevokeApiKey($input: ApiKeyIdInput!) {
    revokeApiKey(input: $input) {
      apiKey {
        id
        revokedAt
      }
      errors {
        ...Wrong
      }
    }
  }
`);

// The workspace itself, and what was done in it.
import { graphql } from '../gql';

export const WorkspaceDocument = graphql(`
  query Workspace {
    rateLimit {
      limit
      remaining
      restoreRate
    }
    viewer {
      workspace {
        id
        name
        timeZone
        currency
        consentPolicy
        phoneRegion
        eventRetentionDays
        createdAt
        leastRoles {
          eraseMembers
          suppressAddresses
          seeImportsOfOthers
          seePersonalData
        }
      }
    }
  }
`);

export const UpdateWorkspaceDocument = graphql(`
  mutation UpdateWorkspace($input: UpdateWorkspaceInput!) {
    updateWorkspace(input: $input) {
      workspace {
        id
        name
        timeZone
        currency
        consentPolicy
        phoneRegion
        leastRoles {
          eraseMembers
          suppressAddresses
          seeImportsOfOthers
          seePersonalData
        }
      }
      recalculating
      errors {
        ...Wrong
      }
    }
  }
`);

export const RetentionDocument = graphql(`
  mutation SetEventRetention($input: SetEventRetentionInput!) {
    setEventRetention(input: $input) {
      workspace {
        id
        eventRetentionDays
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const AuditDocument = graphql(`
  query AuditLog($first: Int!, $after: String, $actions: [AuditAction!], $subjects: [AuditSubject!], $actorId: ID, $between: InstantRange) {
    auditLog(first: $first, after: $after, actions: $actions, subjects: $subjects, actorId: $actorId, between: $between) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        at
        action
        subject
        subjectId
        subjectName
        before
        after
        actor {
          name
          ip
        }
      }
    }
  }
`);

export const UsageDocument = graphql(`
  query Usage {
    usage {
      item
      kind
      used
      limit
    }
  }
`);

// Playbooks: rules that add members to segments.
import { graphql } from '../gql';

export const LivePlaybook = graphql(`
  fragment LivePlaybook on Playbook {
    id
    name
    kind
    status
    visibility
    version
    criteriaSentence
    criteriaText
    createdAt
    lastModifiedAt
    createdBy {
      id
      name
    }
    segments {
      id
      name
    }
  }
`);

export const PlaybooksDocument = graphql(`
  query Playbooks($first: Int!, $after: String, $search: String, $kinds: [MemberKind!], $statuses: [PlaybookStatus!]) {
    playbooks(first: $first, after: $after, search: $search, kinds: $kinds, statuses: $statuses) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...LivePlaybook
      }
    }
  }
`);

export const PlaybookDocument = graphql(`
  query Playbook($id: ID!) {
    playbook(id: $id) {
      ...LivePlaybook
      segments {
        id
        name
        status
        memberCount
        reach {
          status
          progress
          error {
            message
          }
        }
        sources {
          kind
          memberCount
          blockedCount
          playbook {
            id
          }
        }
        membershipChanges(first: 50) {
          edges {
            node {
              at
              direction
              member {
                id
                name
                externalId
              }
              playbooks {
                id
              }
            }
          }
        }
      }
    }
  }
`);

export const DryRunDocument = graphql(`
  query DryRun($input: PreviewSegmentInput!) {
    previewSegment(input: $input) {
      memberCount
      errors {
        ...Wrong
      }
      sample(first: 6) {
        id
        name
        externalId
      }
    }
  }
`);

export const WouldAddDocument = graphql(`
  query WouldAdd($input: PreviewSegmentInput!, $segmentId: ID!) {
    previewSegment(input: $input) {
      memberCount
      diff(segmentId: $segmentId) {
        entered
        enteredSample(first: 5) {
          id
          name
          externalId
        }
      }
    }
  }
`);

export const CreatePlaybookDocument = graphql(`
  mutation CreatePlaybook($input: CreatePlaybookInput!) {
    createPlaybook(input: $input) {
      playbook {
        ...LivePlaybook
      }
      warnings {
        message
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdatePlaybookDocument = graphql(`
  mutation UpdatePlaybook($input: UpdatePlaybookInput!) {
    updatePlaybook(input: $input) {
      playbook {
        ...LivePlaybook
      }
      warnings {
        message
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const PausePlaybookDocument = graphql(`
  mutation PausePlaybook($input: PlaybookIdInput!) {
    pausePlaybook(input: $input) {
      playbook {
        ...LivePlaybook
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const ResumePlaybookDocument = graphql(`
  mutation ResumePlaybook($input: PlaybookIdInput!) {
    resumePlaybook(input: $input) {
      playbook {
        ...LivePlaybook
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeletePlaybookDocument = graphql(`
  mutation DeletePlaybook($input: PlaybookIdInput!) {
    deletePlaybook(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

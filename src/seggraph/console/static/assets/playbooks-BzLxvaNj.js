import{t as e}from"./gql-h6yu-1fa.js";e(`
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
`);var t=e(`
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
`),n=e(`
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
`),r=e(`
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
`),i=e(`
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
`),a=e(`
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
`),o=e(`
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
`),s=e(`
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
`),c=e(`
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
`),l=e(`
  mutation DeletePlaybook($input: PlaybookIdInput!) {
    deletePlaybook(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);export{n as a,o as c,s as i,i as l,l as n,t as o,r,c as s,a as t};
// Views of lists that people keep: the search part of the address of a list, under a name.
import { graphql } from '../gql';

export const SavedViewsDocument = graphql(`
  query SavedViews($lists: [SavedViewList!]) {
    savedViews(lists: $lists, first: 200) {
      nodes {
        id
        name
        state
        isShared
        isMine
        createdBy {
          id
          name
        }
      }
    }
  }
`);

export const CreateSavedViewDocument = graphql(`
  mutation CreateSavedView($input: CreateSavedViewInput!) {
    createSavedView(input: $input) {
      savedView {
        id
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const UpdateSavedViewDocument = graphql(`
  mutation UpdateSavedView($input: UpdateSavedViewInput!) {
    updateSavedView(input: $input) {
      savedView {
        id
        name
        state
        isShared
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DeleteSavedViewDocument = graphql(`
  mutation DeleteSavedView($input: SavedViewIdInput!) {
    deleteSavedView(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

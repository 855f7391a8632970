// What is known of members: attributes and events with their properties.
import { graphql } from '../gql';

export const CatalogueDocument = graphql(`
  query Catalogue($kind: MemberKind!) {
    criteriaFields(kind: $kind, includeHidden: true) {
      name
      label
      description
      type
      group
      isCustom
      hidden
      isPersonal
      example
      memberCount
    }
    members(kind: $kind, first: 1) {
      totalCount
    }
  }
`);

export const EventNamesDocument = graphql(`
  query CatalogueEvents($kind: MemberKind!) {
    eventNames(kind: $kind) {
      name
      count
      lastAt
      properties {
        name
        type
        count
        examples
      }
    }
  }
`);

export const TagsDocument = graphql(`
  query CatalogueTags($kind: MemberKind!) {
    valueSuggestions(kind: $kind, field: "tags", first: 100) {
      value
      count
    }
  }
`);

export const DeclareDocument = graphql(`
  mutation DeclareAttribute($input: DeclareAttributeInput!) {
    declareAttribute(input: $input) {
      attribute {
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const DescribeDocument = graphql(`
  mutation UpdateAttribute($input: UpdateAttributeInput!) {
    updateAttribute(input: $input) {
      attribute {
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`);

export const ChangePreviewDocument = graphql(`
  query AttributeChangePreview($kind: MemberKind!, $name: String!, $change: AttributeChangeInput!) {
    attributeChangePreview(kind: $kind, name: $name, change: $change) {
      memberCount
      keptCount
      lostCount
      warnings
      lostValues {
        value
        count
        externalId
      }
      uses {
        type
        id
        name
        memberCountBefore
        memberCountAfter
        problem
      }
    }
  }
`);

export const ChangeAttributeDocument = graphql(`
  mutation ChangeAttribute($input: ChangeAttributeInput!) {
    changeAttribute(input: $input) {
      bulkEdit {
        id
        status
        total
      }
      errors {
        ...Wrong
      }
    }
  }
`);

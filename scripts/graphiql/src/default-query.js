export const defaultQuery = `# seggraph answers here: write a query and press Ctrl-Enter.
#
#   Ctrl-Space   what can stand here
#   Docs         the whole schema, top left
#   Headers      below: {"Authorization": "Bearer <token or API key>"}
#                It is also sent when a subscription connects.
#
# This one works without knowing anything: it lists what you can ask for.

query WhatCanIAsk {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
    subscriptionType {
      fields {
        name
        description
      }
    }
  }
}
`;

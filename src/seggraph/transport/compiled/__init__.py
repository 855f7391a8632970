"""From a document to an answer: operations are compiled once, and executed level by level.

`selections` collects fields, `compiler` makes `plans` of them, `resolving` and `loading` say how values are had,
`leaves` how they become JSON. `records` is how the schema says what of it is rows; `json_rows` lets PostgreSQL make
their JSON, and `edges` takes a page at once. `running` runs a plan, and `execution` is the way in: what is not compiled
goes on to graphql-core.
"""

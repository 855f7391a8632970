// The schema's types for documents, and what its scalars are in TypeScript.
import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./graphql-env.js";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    Date: string; // 2026-03-01
    DateTime: string; // 2026-03-01T09:30:00Z
    Decimal: string; // text, for a number of JavaScript would lose digits
    Duration: string; // P30D
    JSON: Json;
    Upload: never; // files travel in multipart requests
  };
}>();

export type { ResultOf, VariablesOf } from "gql.tada";

// The hash by which the server knows a document, made when the console was built.
import type { DocumentNode } from 'graphql';

const kept = new Map<string, string>();

interface Hashed {
  __meta__?: { hash: string };
  definitions?: readonly { name?: { value: string } }[];
}

/** `sha256:` and the hash of a document. The cache works on copies of documents: they are known by their names. */
export function hashOf(document: object): string {
  const { __meta__: meta, definitions } = document as Hashed & DocumentNode;
  const name = definitions?.find((one) => 'name' in one && 'operation' in one)?.name?.value ?? '';
  if (meta) kept.set(name, meta.hash);
  return meta?.hash ?? kept.get(name) ?? '';
}

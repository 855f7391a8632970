// A client of seggraph: typed documents over HTTP, events over one WebSocket.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { TadaDocumentNode } from "gql.tada";
import { print, type FormattedExecutionResult } from "graphql";
import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";

/** An error of the request itself; what is wrong in the input is in `errors` of the payload instead. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly requestId: string | null,
  ) {
    super(`${code}: ${message}`);
  }
}

interface Answer<Result> {
  data?: Result;
  errors?: { message: string; extensions?: { code?: string } }[];
}

const RETRIED = new Set([429, 502, 503, 504]);
const ATTEMPTS = 5;

export class Seggraph {
  readonly #sockets: Client;

  constructor(
    readonly url: string,
    readonly token: string,
  ) {
    this.#sockets = createClient({
      url: url.replace(/^http/, "ws"),
      connectionParams: { Authorization: `Bearer ${token}` },
      webSocketImpl: WebSocket,
      retryAttempts: 10,
    });
  }

  /** Send a query or mutation. A mutation is carried out once, however often it has to be sent. */
  async send<Result, Variables extends object>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const body = JSON.stringify({ query: print(document), variables });
    const isMutation = document.definitions.some((one) => "operation" in one && one.operation === "mutation");
    const headers = {
      Authorization: `Bearer ${this.token}`,
      Accept: "application/graphql-response+json",
      "Content-Type": "application/json",
      ...(isMutation ? { "Idempotency-Key": randomUUID() } : {}),
    };
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(this.url, { method: "POST", headers, body }).catch((error: unknown) => {
        if (attempt === ATTEMPTS) throw error;
      });
      if (response && (attempt === ATTEMPTS || !RETRIED.has(response.status))) return resultOf(response);
      const seconds = Number(response?.headers.get("Retry-After")) || 2 ** attempt / 10;
      await sleep(1000 * seconds);
    }
  }

  /** The events of a subscription, until the loop over them ends. After a lost connection it is opened again. */
  events<Result, Variables extends object>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
  ): AsyncIterableIterator<FormattedExecutionResult<Result, unknown>> {
    const query = print(document);
    return this.#sockets.iterate<Result>({ query, variables: variables as Record<string, unknown> });
  }

  async close(): Promise<void> {
    await this.#sockets.dispose();
  }
}

async function resultOf<Result>(response: Response): Promise<Result> {
  const answer = (await response.json()) as Answer<Result>;
  const [error] = answer.errors ?? [];
  if (error || answer.data == null) {
    const code = error?.extensions?.code ?? "UNKNOWN";
    throw new RequestError(error?.message ?? response.statusText, code, response.headers.get("X-Request-Id"));
  }
  return answer.data;
}

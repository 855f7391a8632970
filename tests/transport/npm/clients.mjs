// Subscribes with the reference clients of graphql-transport-ws and graphql-sse and prints what they received.
import { createClient as createSSEClient } from 'graphql-sse';
import { createClient as createWSClient } from 'graphql-ws';
import WebSocket from 'ws';

const url = process.argv[2];

async function collect(client, query) {
  const received = [];
  try {
    for await (const result of client.iterate({ query })) received.push(result.data ?? result.errors[0].extensions.code);
  } catch (error) {
    received.push(Array.isArray(error) ? error[0].extensions.code : (error.code ?? error.response?.status ?? String(error)));
  }
  return received;
}

function ws(token) {
  const connectionParams = { Authorization: `Bearer ${token}` };
  return createWSClient({ url: url.replace(/^http/, 'ws'), connectionParams, webSocketImpl: WebSocket, retryAttempts: 0, keepAlive: 50 });
}

function sse(token) {
  return createSSEClient({ url, headers: { Authorization: `Bearer ${token}` }, retryAttempts: 0 });
}

const out = {};
for (const [name, make] of [['ws', ws], ['sse', sse]]) {
  const client = make('good');
  out[name] = {
    subscription: await collect(client, 'subscription { count(to: 3) }'),
    query: await collect(client, '{ hello }'),
    invalid: await collect(client, '{ nothing }'),
    wrongToken: await collect(make('wrong'), '{ hello }'),
  };
  client.dispose();
}
console.log(JSON.stringify(out));

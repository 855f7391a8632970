// The page at /graphql. Everything it needs is in this bundle: it works with the network off.
import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

import { createFetcher } from './fetcher.js';
import { firstQueries } from './queries.js';
import { signIn } from './sign-in.js';
import { takeToken } from './token.js';

async function start(root) {
  const { location, history, sessionStorage } = window;
  const token = await signIn(root, location, sessionStorage, takeToken(location, history, sessionStorage));
  createRoot(root).render(
    createElement(GraphiQL, {
      fetcher: createFetcher(location, token),
      defaultTabs: firstQueries.map((query) => ({ query })),
      defaultQuery: '',
      defaultEditorToolsVisibility: false,
      shouldPersistHeaders: false,
      inputValueDeprecation: true,
      schemaDescription: true,
    }),
  );
}

start(document.getElementById('graphiql'));

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
import { defaultQuery } from './default-query.js';
import { takeToken } from './token.js';

const token = takeToken(window.location, window.history);
const headers = JSON.stringify({ Authorization: `Bearer ${token ?? ''}` }, null, 2);

createRoot(document.getElementById('graphiql')).render(
  createElement(GraphiQL, {
    fetcher: createFetcher(window.location),
    defaultQuery,
    defaultHeaders: headers,
    // A token in the address wins over the headers that an earlier visit left in the editor.
    initialHeaders: token ? headers : undefined,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: false,
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);

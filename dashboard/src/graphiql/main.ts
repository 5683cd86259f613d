// GraphiQL, bundled: it works offline and under the same content security policy as the dashboard.
//
// It speaks as whoever signed in to the dashboard that opened it; another token goes into its headers editor.
import 'graphiql/style.css';
import './graphiql.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const token = sessionStorage.getItem('gridward.token');
// Lines of at most 44 characters: half of a narrow window shows them whole.
const ASKER =
  token === null
    ? `# You ask as the public. Open this page from a
# panel of the dashboard to ask as whoever is
# signed in there.`
    : `# You ask as whoever is signed in to the
# dashboard.`;
const START = `# Every field is described in the
# documentation: the book at the top left.
${ASKER}
query FirstScreen {
  districts {
    code
    names { language text }
    counts { open due overdue closed }
  }
}
`;

// `/graphiql#query=…&variables=…`: how a panel of the dashboard hands its operation over. A fragment never reaches the server.
const handedOver = new URLSearchParams(location.hash.slice(1));
const container = document.getElementById('graphiql');
if (!container) throw new Error('graphiql.html has no element with the id "graphiql"');

const wsClient = createClient({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql/ws`,
  connectionParams: () => (token === null ? {} : { token }),
});
const fetcher = createGraphiQLFetcher({
  url: '/graphql',
  wsClient,
  headers: token === null ? {} : { authorization: `Bearer ${token}` },
});
const query = handedOver.get('query');
const given = query === null ? {} : { query, variables: handedOver.get('variables') ?? '{}' };
createRoot(container).render(createElement(GraphiQL, { fetcher, defaultQuery: START, shouldPersistHeaders: false, ...given }));

// Knocks at the door of a running server with what must stay outside: `node door.mjs http://127.0.0.1:8080/graphql`.
// Each must be refused as stated, and within milliseconds, so that refusing costs less than asking.
import { request } from 'node:http';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node door.mjs URL');
  process.exit(2);
}

/** A build without optimisation on a shared core; an optimised one takes a tenth. */
const WITHIN_MS = 100;
const ROUNDS = 5;
const JSON_BODY = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const MUTATION = 'mutation { reportIncident(input: {}) { replayed } }';

/** Sends a request and answers with its status and how long it took; a refused upgrade is an answer too. */
function knock({ method = 'POST', query = '', headers = JSON_BODY, body = '', path = '' }) {
  const target = new URL(url + path + query);
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const end = (status) => resolve({ status, ms: performance.now() - start });
    const sent = request(target, { method, headers }, (response) => {
      response.resume();
      response.on('end', () => end(response.statusCode));
    });
    sent.on('upgrade', (_, socket) => (socket.destroy(), end(101)));
    sent.on('error', reject);
    sent.end(body);
  });
}

const document = (text) => ({ body: JSON.stringify({ query: text }) });
const upgrade = (headers) => ({
  method: 'GET',
  path: '/ws',
  headers: {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'graphql-transport-ws',
    ...headers,
  },
});

/** f0 spreads f1 twice, f1 spreads f2 twice …: 2^links visits for who walks a fragment again at every spread. */
function fragmentChain(links) {
  const fragments = Array.from({ length: links }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`);
  return `{ ...f0 } ${fragments.join(' ')} fragment f${links} on Query { __typename }`;
}

const claims = [
  ['a mutation by GET', 405, { method: 'GET', query: `?query=${encodeURIComponent(MUTATION)}`, headers: { accept: JSON_BODY.accept } }],
  ['a body of text/plain', 415, { ...document(MUTATION), headers: { ...JSON_BODY, 'content-type': 'text/plain' } }],
  ['a form', 415, { body: `query=${MUTATION}`, headers: { ...JSON_BODY, 'content-type': 'application/x-www-form-urlencoded' } }],
  ['a POST from a foreign origin', 403, { ...document('{ __typename }'), headers: { ...JSON_BODY, origin: 'https://elsewhere.example' } }],
  ['a WebSocket from a foreign origin', 403, upgrade({ origin: 'https://elsewhere.example' })],
  ['a WebSocket of another protocol', 400, upgrade({ 'sec-websocket-protocol': 'graphql-ws' })],
  ['a body of 3 MB', 413, document(`{ __typename }${' '.repeat(3_000_000)}`)],
  ['100,000 nested brackets in an argument', 400, document(`{ cells(district: ${'['.repeat(1e5)}`)],
  ['100,000 nested brackets, closed', 400, document(`{ cells(district: ${'['.repeat(1e5)}${']'.repeat(1e5)}) { totalCount } }`)],
  ['5,000 nested braces', 400, document('{a'.repeat(5_000) + '}'.repeat(5_000))],
  ['a chain of fragments that unfolds to 2^40 fields', 400, document(fragmentChain(40))],
  ['a circle of fragments', 400, document('{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }')],
  ['10,000 aliases', 400, document(`{ ${Array.from({ length: 10_000 }, (_, n) => `a${n}: __typename`).join(' ')} }`)],
  ['10,000 directives', 400, document(`query ${'@a '.repeat(10_000)} { __typename }`)],
  ['variables nested 100,000 deep', 400, { body: `{"query":"{ __typename }","variables":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}` }],
  ['variables that are a list', 400, { body: '{"query":"{ __typename }","variables":[]}' }],
];

let failed = 0;
for (const [what, wanted, sent] of claims) {
  const answers = [];
  for (let round = 0; round < ROUNDS; round++) answers.push(await knock(sent));
  const statuses = [...new Set(answers.map(({ status }) => status))];
  const ms = Math.min(...answers.map((answer) => answer.ms));
  const holds = statuses.length === 1 && statuses[0] === wanted && ms <= WITHIN_MS;
  if (!holds) failed++;
  console.log(`${holds ? 'holds' : 'FAILS'}  ${what}: ${statuses.join(', ')} (${wanted} wanted) in ${ms.toFixed(1)} ms`);
}
const { status } = await knock(document('{ __typename }'));
if (status !== 200) failed++;
console.log(`${status === 200 ? 'holds' : 'FAILS'}  after all that it still answers: ${status}`);
console.log(`${claims.length + 1 - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

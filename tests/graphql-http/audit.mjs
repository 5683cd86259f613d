// Audits a running server against GraphQL over HTTP: `node audit.mjs http://127.0.0.1:8080/graphql`.
// A MUST that does not hold fails; each SHOULD and MAY that does not hold is listed with its reason.
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node audit.mjs URL');
  process.exit(2);
}

const results = await auditServer({ url });
const heldBack = results.filter(({ status }) => status !== 'ok');
for (const { status, id, name, reason } of heldBack) {
  console.log(`${status === 'error' ? 'FAILS' : 'lists'}  ${id}  ${name}\n       ${reason}`);
}
const failed = heldBack.filter(({ status, name }) => status === 'error' || name.startsWith('MUST')).length;
for (const level of ['MUST', 'SHOULD', 'MAY']) {
  const audits = results.filter(({ name }) => name.startsWith(level));
  console.log(`${level}: ${audits.filter(({ status }) => status === 'ok').length} of ${audits.length} hold`);
}
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);

// Reports an incident every so often until it is told to stop, whether or not the one before was answered:
// `node report-steadily.mjs http://127.0.0.1:8080 DISTRICT LON LAT EVERY_MS`. At SIGTERM it prints, on one line, how many
// reports came in, how many did not, and the longest that one was waited for, in milliseconds.
import { randomBytes } from "node:crypto";

const [url, district, lon, lat, everyMs] = process.argv.slice(2);
const query = `mutation ($input: ReportIncidentInput!) {
  reportIncident(input: $input) { incident { id cell { code } } problems { code message } }
}`;

// A UUID of version 7: the time, then chance.
function newKey() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

let stored = 0;
let failed = 0;
let slowestMs = 0;
const underWay = new Set();

async function report() {
  const position = { lon: Number(lon), lat: Number(lat), datum: "WGS84" };
  const input = { clientKey: newKey(), district, category: "rubbish", text: "A bag beside the bin", position };
  const begun = performance.now();
  try {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const answer = await response.json();
    if (!answer.data?.reportIncident?.incident?.cell) throw new Error(JSON.stringify(answer));
    stored += 1;
  } catch (error) {
    failed += 1;
    if (failed === 1) console.error(`a report failed: ${error.message}`);
  }
  slowestMs = Math.max(slowestMs, performance.now() - begun);
}

const timer = setInterval(() => {
  const one = report().finally(() => underWay.delete(one));
  underWay.add(one);
}, Number(everyMs));

process.on("SIGTERM", async () => {
  clearInterval(timer);
  await Promise.all(underWay);
  console.log(`${stored} ${failed} ${Math.round(slowestMs)}`);
  process.exit(0);
});

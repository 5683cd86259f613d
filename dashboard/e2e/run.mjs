// Runs the browser tests: `npm run test:browser`.
//
// GRIDWARD_URL: a server that serves the demo district, with GRIDWARD_TOKEN of somebody who may dispatch and close, and
// GRIDWARD_WORKER_TOKEN of somebody who works for one cell.
// Without it GRIDWARD_BIN (the program `gridward`) is started on a free port with data of its own, and stopped at the end.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_WITHIN_MS = 120_000;
const folder = new URL('.', import.meta.url).pathname;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the demo and reads the dispatcher's sign-in link from what it prints. */
async function startDemo(program) {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'gridward-browser-'));
  const demo = spawn(program, ['demo', '--data-dir', join(data, 'data')], { env: { ...process.env, PORT: String(port) } });
  let printed = '';
  demo.stdout.on('data', (bytes) => (printed += bytes));
  demo.stderr.on('data', (bytes) => (printed += bytes));
  const stop = async () => {
    if (demo.exitCode === null) {
      demo.kill('SIGTERM');
      await Promise.race([once(demo, 'exit'), pause(10_000).then(() => demo.kill('SIGKILL'))]);
    }
    rmSync(data, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + START_WITHIN_MS; Date.now() < end && demo.exitCode === null; await pause(250)) {
    const ready = await fetch(`${url}/ready`).then((response) => response.ok, () => false);
    const [token, workerToken] = ['dispatcher', 'worker'].map((role) => tokenOf(role, printed));
    if (ready && token && workerToken) return { url, token, workerToken, stop };
  }
  await stop();
  throw new Error(`${program} demo did not become ready, or printed no sign-in link of a dispatcher:\n${printed}`);
}

/** From the link that stands on the line naming the role; colours of the terminal are taken off. */
function tokenOf(role, printed) {
  const plain = printed.replaceAll(/\u001b\[[0-9;]*m/g, '');
  const line = plain.split('\n').find((text) => text.trim().startsWith(role) && text.includes('#token='));
  return line?.match(/#token=([^\s"']+)/)?.[1] ?? null;
}

const { GRIDWARD_URL, GRIDWARD_TOKEN, GRIDWARD_WORKER_TOKEN, GRIDWARD_BIN } = process.env;
if (!GRIDWARD_URL && !GRIDWARD_BIN) {
  console.error('set GRIDWARD_URL (and GRIDWARD_TOKEN, GRIDWARD_WORKER_TOKEN) to a running demo, or GRIDWARD_BIN to the program gridward');
  process.exit(1);
}
const server = GRIDWARD_URL ? { url: GRIDWARD_URL, token: GRIDWARD_TOKEN ?? '', workerToken: GRIDWARD_WORKER_TOKEN ?? '', stop: async () => undefined } : await startDemo(GRIDWARD_BIN);
const chosen = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs') && (chosen.length === 0 || chosen.some((part) => name.includes(part))));

function run(names) {
  if (names.length === 0) return 0;
  const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...names.map((name) => join(folder, name))], {
    stdio: 'inherit',
    env: { ...process.env, GRIDWARD_URL: server.url, GRIDWARD_TOKEN: server.token, GRIDWARD_WORKER_TOKEN: server.workerToken },
  });
  return status ?? 1;
}

// Pictures first and apart, since the runner sorts by name: the other tests fill the town with incidents.
const pictures = run(files.filter((name) => name.startsWith('screenshots')));
const others = run(files.filter((name) => !name.startsWith('screenshots')));
await server.stop();
process.exit(pictures || others);

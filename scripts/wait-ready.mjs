// Waits until a server says that it can answer: `node wait-ready.mjs http://127.0.0.1:8080/ready SECONDS`.
const [url, seconds] = process.argv.slice(2);
const end = Date.now() + Number(seconds) * 1000;

while (Date.now() < end) {
  const ready = await fetch(url).then((response) => response.ok, () => false);
  if (ready) process.exit(0);
  await new Promise((resolve) => setTimeout(resolve, 250));
}
console.error(`${url} did not answer within ${seconds} s`);
process.exit(1);

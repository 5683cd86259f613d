// Fetches every tile of a district's grid at some zooms, one after the other:
// `node fetch-tiles.mjs http://127.0.0.1:8080 DISTRICT 9 12 14`. Prints, on one line, how many there are, how long all took,
// the median and the slowest, in milliseconds, and a digest of their bytes.
import { createHash } from "node:crypto";

const [url, district, ...zooms] = process.argv.slice(2);
const about = await (await fetch(`${url}/d/${district}/tiles.json`)).json();
const [west, south, east, north] = about.bounds;
const template = new URL(about.tiles[0]).pathname;

function column(lon, z) {
  return Math.floor(((lon + 180) / 360) * 2 ** z);
}

function row(lat, z) {
  const radians = (lat * Math.PI) / 180;
  return Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * 2 ** z);
}

const digest = createHash("sha256");
const took = [];
for (const z of zooms.map(Number)) {
  for (let x = column(west, z); x <= column(east, z); x++) {
    for (let y = row(north, z); y <= row(south, z); y++) {
      const path = decodeURI(template).replace("{z}", z).replace("{x}", x).replace("{y}", y);
      const begun = performance.now();
      const response = await fetch(`${url}${path}`, { headers: { "accept-encoding": "identity" } });
      const bytes = Buffer.from(await response.arrayBuffer());
      took.push(performance.now() - begun);
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      digest.update(`${path} ${bytes.length} `).update(bytes);
    }
  }
}
took.sort((a, b) => a - b);
const all = took.reduce((sum, one) => sum + one, 0);
const median = took[Math.floor(took.length / 2)];
console.log([took.length, all, median, took.at(-1)].map((figure) => Math.round(figure * 100) / 100).join(" "), digest.digest("hex"));

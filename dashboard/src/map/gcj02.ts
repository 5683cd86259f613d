// GCJ-02, the shifted coordinates of public maps in China: the way there, as `geo-tools/src/datum/shift.rs` has it.
//
// Display only: what is sent to the server is WGS 84. `gcj02.table.json` is tested here and there, and keeps both equal.
import type { MapPoint } from './map-state.svelte';

const UNITS_PER_DEGREE = 1e7;
/** The box of the published formula, in 1e-7 degree, edges included. */
const BOX = { west: 720_040_000, east: 1_378_347_000, south: 8_293_000, north: 558_271_000 };
/** Krasovsky's ellipsoid. */
const AXIS_M = 6_378_245;
const ECCENTRICITY_2 = 0.006_693_421_622_965_943;

const units = (degrees: number): number => Math.round(degrees * UNITS_PER_DEGREE);

/** A place as Gridward holds it: whole units of 1e-7 degree. */
export const held = ({ lon, lat }: MapPoint): MapPoint => ({ lon: units(lon) / UNITS_PER_DEGREE, lat: units(lat) / UNITS_PER_DEGREE });

/** Whether maps in China shift this place. The box is larger than China. */
export function isShifted({ lon, lat }: MapPoint): boolean {
  const [x, y] = [units(lon), units(lat)];
  return x >= BOX.west && x <= BOX.east && y >= BOX.south && y <= BOX.north;
}

/** The numbers that GCJ-02 has for a place of WGS 84, in whole units of 1e-7 degree. */
export function toGcj02(at: MapPoint): MapPoint {
  const { lon, lat } = held(at);
  if (!isShifted(at)) return { lon, lat };
  const [x, y] = [lon - 105, lat - 35];
  const radians = (lat / 180) * Math.PI;
  const magic = 1 - ECCENTRICITY_2 * Math.sin(radians) * Math.sin(radians);
  const metresOfLatitude = ((AXIS_M * (1 - ECCENTRICITY_2)) / (magic * Math.sqrt(magic))) * Math.PI;
  const metresOfLongitude = (AXIS_M / Math.sqrt(magic)) * Math.cos(radians) * Math.PI;
  return held({ lon: lon + (metresEast(x, y) * 180) / metresOfLongitude, lat: lat + (metresNorth(x, y) * 180) / metresOfLatitude });
}

const wave = (height: number, turns: number): number => height * Math.sin(turns * Math.PI);

function metresEast(x: number, y: number): number {
  const slope = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  const waves = wave(20, 6 * x) + wave(20, 2 * x) + wave(20, x) + wave(40, x / 3) + wave(150, x / 12) + wave(300, x / 30);
  return slope + (waves * 2) / 3;
}

function metresNorth(x: number, y: number): number {
  const slope = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  const waves = wave(20, 6 * x) + wave(20, 2 * x) + wave(20, y) + wave(40, y / 3) + wave(160, y / 12) + wave(320, y / 30);
  return slope + (waves * 2) / 3;
}

// A circle to draw on the map, and how far apart two places are. For the eye only: what lies inside, and how far a border
// is, the server says (`locate`).
import type { MapPoint } from './map-state.svelte';

const METRES_PER_DEGREE = 111_320;

/** A closed ring of `corners` positions, longitude first, around a centre. */
export function circleRing(lon: number, lat: number, radius_m: number, corners = 64): [number, number][] {
  const lonRadius = radius_m / (METRES_PER_DEGREE * Math.max(0.01, Math.cos((lat * Math.PI) / 180)));
  const latRadius = radius_m / METRES_PER_DEGREE;
  const ring: [number, number][] = [];
  for (let corner = 0; corner <= corners; corner++) {
    const angle = (2 * Math.PI * (corner % corners)) / corners;
    ring.push([lon + lonRadius * Math.cos(angle), lat + latRadius * Math.sin(angle)]);
  }
  return ring;
}

/** How far apart two near places are, in metres, to a thousandth or so. */
export function spacing_m(from: MapPoint, to: MapPoint): number {
  const east = (to.lon - from.lon) * Math.cos((((from.lat + to.lat) / 2) * Math.PI) / 180);
  return Math.hypot(east, to.lat - from.lat) * METRES_PER_DEGREE;
}

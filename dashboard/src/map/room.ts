// How much of the map's edges must stay free, so that what it is to show does not lie below the legend, and whether
// something is shown well already. Pure.
import type { MapBounds } from './map-state.svelte';

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

interface Size {
  width: number;
  height: number;
}

/** The legend's corner, measured from the left and from the bottom edge of the map. */
export interface Corner {
  fromLeft: number;
  fromBottom: number;
}

/** Pixels that one unit of the ground would get: what the map fits to. */
function scale({ width, height }: Size, { top, right, bottom, left }: Padding, shape: Size): number {
  return Math.min(Math.max(width - left - right, 1) / shape.width, Math.max(height - top - bottom, 1) / shape.height);
}

/** Leaves out the legend beside or below what is shown, whichever shows it larger. */
export function paddingBeside(room: Size, corner: Corner | null, bounds: MapBounds, around: Padding): Padding {
  if (corner === null) return around;
  const middle_rad = (((bounds.north + bounds.south) / 2) * Math.PI) / 180;
  const shape = { width: (bounds.east - bounds.west) * Math.cos(middle_rad), height: bounds.north - bounds.south };
  const beside = { ...around, left: Math.max(around.left, corner.fromLeft + 12) };
  const above = { ...around, bottom: Math.max(around.bottom, corner.fromBottom + 12) };
  return scale(room, beside, shape) >= scale(room, above, shape) ? beside : above;
}

/** Where something lies on the map, in pixels from its left and upper edge. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Whatever comes closer to the map's edge than this looks cut off. */
const EDGE_PX = 12;
/** What is smaller than this part of the map, both ways, is a spot rather than a shape. */
const SPOT_SHARE = 0.25;

/** Whether all of it can be seen: none is beyond the edge or below the legend. */
export function isWhole({ width, height }: Size, corner: Corner | null, { left, top, right, bottom }: Box): boolean {
  const isOnMap = left >= EDGE_PX && top >= EDGE_PX && right <= width - EDGE_PX && bottom <= height - EDGE_PX;
  return isOnMap && (corner === null || left >= corner.fromLeft || bottom <= height - corner.fromBottom);
}

/** Whether it is large enough to be told from what lies around it. */
export function isLarge({ width, height }: Size, { left, top, right, bottom }: Box): boolean {
  return Math.max((right - left) / width, (bottom - top) / height) >= SPOT_SHARE;
}

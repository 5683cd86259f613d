// What other parts of the page ask of the map, without knowing how it is drawn.

export interface MapBounds {
  west: number;
  south: number;
  east: number;
  north: number;
}

export interface MapPoint {
  lon: number;
  lat: number;
}

/** A wish to look somewhere; the map fulfils it when it can and forgets it. */
export type Look = { at: MapPoint } | { at: MapBounds };

class MapState {
  look = $state.raw<Look | null>(null);
  /** The middle of the visible map: where a report from the keyboard is placed. */
  centre = $state.raw<MapPoint | null>(null);
  /** An address that was searched for, and the cell that it lies in. */
  found = $state.raw<(MapPoint & { cell: string | null }) | null>(null);
  /** Where the incident of the panel is, also one that is closed. */
  shown = $state.raw<MapPoint | null>(null);
  /** The map cannot be drawn here (no WebGL): the table is shown instead. */
  failure = $state<string | null>(null);
  /** Some of the district's tiles did not come: what is drawn has gaps, or nothing is. */
  tilesFailed = $state(false);
  /** The position that is being reported, with the accuracy of the device in metres where it came from one. */
  draft = $state.raw<(MapPoint & { accuracyM: number | null }) | null>(null);
  /** Where the map was clicked last. */
  clicked = $state.raw<MapPoint | null>(null);
  /** A place, and where its GCJ-02 numbers would fall if they were read as WGS 84. */
  shift = $state.raw<{ from: MapPoint; to: MapPoint } | null>(null);
  /** While reporting, a click on the map places the report. */
  picking = $state(false);
}

export const mapState = new MapState();

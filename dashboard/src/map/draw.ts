// The MapLibre map: making it, and putting the page's state onto it. Loaded apart from the shell, since it is large.
import {
  AttributionControl,
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapGeoJSONFeature,
  type StyleSpecification,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Feature } from 'geojson';
import { circleRing } from './circle';
import type { MapBounds, MapPoint } from './map-state.svelte';
import { isLarge, isWhole, paddingBeside, type Corner, type Padding } from './room';
import { TILE_MAX_ZOOM, TILE_MIN_ZOOM } from './style';
import { MARK_PIXEL_RATIO, allMarks, drawMark, markName } from './symbols';

setWorkerUrl(workerUrl);

export interface MapTexts {
  title: string;
  zoomIn: string;
  zoomOut: string;
}

export interface MapOptions {
  /** Sent with every tile: what a viewer may not see is not in the tile. */
  token: string | null;
  container: HTMLElement;
  style: StyleSpecification;
  bounds: MapBounds | null;
  attribution: string;
  texts: MapTexts;
}

const corners = ({ west, south, east, north }: MapBounds): [number, number, number, number] => [west, south, east, north];

const AROUND_DISTRICT = { top: 24, right: 24, bottom: 60, left: 24 };
const AROUND_CHOICE = { top: 48, right: 48, bottom: 48, left: 48 };

/** No box that is chosen is drawn nearer than this. */
const NEAREST_ZOOM = 17;

function legendOn(container: HTMLElement): Corner | null {
  const room = container.getBoundingClientRect();
  const legend = container.parentElement?.querySelector('.legend')?.getBoundingClientRect();
  return legend ? { fromLeft: legend.right - room.left, fromBottom: room.bottom - legend.top } : null;
}

/** The legend lies on the map: what is fitted to the map must not lie below it. */
function roomFor(container: HTMLElement, bounds: MapBounds, around: Padding): Padding {
  return paddingBeside(container.getBoundingClientRect(), legendOn(container), bounds, around);
}

/** Shows the whole district again, as at first. */
export function showAll(map: MapLibreMap, bounds: MapBounds): void {
  map.fitBounds(corners(bounds), { padding: roomFor(map.getContainer(), bounds, AROUND_DISTRICT), duration: 0 });
}

export function createMap({ container, style, bounds, attribution, texts, token }: MapOptions): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style,
    ...(bounds === null ? {} : { bounds: corners(bounds), fitBoundsOptions: { padding: roomFor(container, bounds, AROUND_DISTRICT) } }),
    transformRequest: (url) => (token !== null && url.startsWith(`${location.origin}/d/`) ? { url, headers: { authorization: `Bearer ${token}` } } : { url }),
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    maxZoom: 19,
    localIdeographFontFamily: "'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    locale: { 'Map.Title': texts.title, 'NavigationControl.ZoomIn': texts.zoomIn, 'NavigationControl.ZoomOut': texts.zoomOut },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new AttributionControl({ compact: false, customAttribution: attribution }), 'bottom-right');
  map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 110 }), 'bottom-right');
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  for (const mark of allMarks()) map.addImage(markName(mark), drawMark(mark), { pixelRatio: MARK_PIXEL_RATIO });
  return map;
}

/** The sources that the server's tiles fill. */
const TILED = ['base', 'grid'];

/** Tells of tiles that did not come, and of tiles that did. */
export function watchTiles(map: MapLibreMap, onCome: (cameWell: boolean) => void): void {
  // A listener also keeps MapLibre from printing each of them to the console.
  map.on('error', (event) => {
    if (TILED.includes((event as { sourceId?: string }).sourceId ?? '')) onCome(false);
    else reportError(event.error);
  });
  map.on('sourcedata', ({ sourceId, tile }) => {
    if (TILED.includes(sourceId) && (tile as { state?: string } | undefined)?.state === 'loaded') onCome(true);
  });
}

/** Asks again for the tiles in view, also for those that failed. */
export function askForTilesAgain(map: MapLibreMap): void {
  // Named one by one: where none is named, MapLibre takes a tile that failed for one on its way, and waits for it for ever.
  const inView = map.coveringTiles({ tileSize: 512, minzoom: TILE_MIN_ZOOM, maxzoom: TILE_MAX_ZOOM });
  for (const source of TILED) map.refreshTiles(source, inView.map(({ canonical }) => canonical));
}

/** Goes there; for a reader who wants less motion MapLibre jumps. */
export function look(map: MapLibreMap, at: MapPoint | MapBounds): void {
  if ('west' in at) map.fitBounds(corners(at), { padding: roomFor(map.getContainer(), at, AROUND_CHOICE), maxZoom: NEAREST_ZOOM, duration: 700 });
  else map.easeTo({ center: [at.lon, at.lat], zoom: Math.max(map.getZoom(), 16), duration: 700 });
}

/** Whether all of a box is in view and no mere spot there. */
function showsWell(map: MapLibreMap, bounds: MapBounds): boolean {
  // The canvas, not the container: until the map has heard of a change of its room, it draws in the room that it had.
  const { clientWidth: width, clientHeight: height } = map.getCanvas();
  const from = map.project([bounds.west, bounds.north]);
  const to = map.project([bounds.east, bounds.south]);
  const box = { left: from.x, top: from.y, right: to.x, bottom: to.y };
  return isWhole({ width, height }, legendOn(map.getContainer()), box) && (map.getZoom() >= NEAREST_ZOOM || isLarge({ width, height }, box));
}

/** Fits the map to a box that it does not show well; a move under way was aimed at a room that may have changed since. */
export function showWell(map: MapLibreMap, bounds: MapBounds): void {
  if (map.isMoving() || !showsWell(map, bounds)) look(map, bounds);
}

/** Follows a place that has got out of view, and comes no nearer. */
export function follow(map: MapLibreMap, { lon, lat }: MapPoint): void {
  if (!map.getBounds().contains([lon, lat])) map.easeTo({ center: [lon, lat], duration: 700 });
}

/** Moves only if the middle of what was chosen is not in view. */
export function bringIntoView(map: MapLibreMap, at: MapPoint | MapBounds): void {
  const middle: [number, number] = 'west' in at ? [(at.west + at.east) / 2, (at.south + at.north) / 2] : [at.lon, at.lat];
  if (!map.getBounds().contains(middle)) look(map, at);
}

function setFeatures(map: MapLibreMap, source: string, features: Feature[]): void {
  map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
}

export interface DrawnIncident extends MapPoint {
  id: string;
  mark: string;
  colour: string;
  overdue: boolean;
}

const point = (at: MapPoint, properties: Record<string, unknown> = {}): Feature => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
});

export function showIncidents(map: MapLibreMap, incidents: readonly DrawnIncident[]): void {
  const rank = { YELLOW: 0, ORANGE: 1, RED: 2 } as Record<string, number>;
  const features = incidents.map(({ lon, lat, ...properties }) =>
    point({ lon, lat }, { ...properties, rank: (rank[properties.colour] ?? 0) + (properties.overdue ? 3 : 0) }),
  );
  setFeatures(map, 'incidents', features);
}

export function showSelection(map: MapLibreMap, at: MapPoint | null): void {
  setFeatures(map, 'selection', at === null ? [] : [point(at)]);
}

export function showDraft(map: MapLibreMap, draft: (MapPoint & { accuracyM: number | null }) | null): void {
  const features: Feature[] = [];
  if (draft?.accuracyM) {
    const ring = circleRing(draft.lon, draft.lat, draft.accuracyM);
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } });
  }
  if (draft) features.push(point(draft));
  setFeatures(map, 'report', features);
}

export function showShift(map: MapLibreMap, shift: { from: MapPoint; to: MapPoint } | null): void {
  if (shift === null) return setFeatures(map, 'shift', []);
  const { from, to } = shift;
  const line: Feature = {
    type: 'Feature',
    properties: {},
    geometry: { type: 'LineString', coordinates: [from, to].map(({ lon, lat }) => [lon, lat]) },
  };
  setFeatures(map, 'shift', [line, point(from, { end: 'place' }), point(to, { end: 'misread' })]);
}

export function showSteps(map: MapLibreMap, steps: ReadonlyMap<string, number>): void {
  for (const [code, step] of steps) map.setFeatureState({ source: 'grid', sourceLayer: 'cells', id: code }, { step });
}

/** What a click hit, the topmost first. */
export type Hit = { kind: 'incident'; id: string } | { kind: 'cluster'; id: number; at: MapPoint } | { kind: 'cell'; code: string } | null;

function pointOf(feature: MapGeoJSONFeature): MapPoint {
  const [lon = 0, lat = 0] = feature.geometry.type === 'Point' ? feature.geometry.coordinates : [];
  return { lon, lat };
}

export function hitAt(map: MapLibreMap, at: { x: number; y: number }): Hit {
  const around: [[number, number], [number, number]] = [[at.x - 6, at.y - 6], [at.x + 6, at.y + 6]];
  const [incident] = map.queryRenderedFeatures(around, { layers: ['incident', 'incident-cluster'] });
  if (incident?.layer.id === 'incident') return { kind: 'incident', id: String(incident.properties['id']) };
  if (incident) return { kind: 'cluster', id: Number(incident.properties['cluster_id']), at: pointOf(incident) };
  const [cell] = map.queryRenderedFeatures([at.x, at.y], { layers: ['cell-fill'] });
  return cell ? { kind: 'cell', code: String(cell.properties['code']) } : null;
}

export async function openCluster(map: MapLibreMap, id: number, at: MapPoint): Promise<void> {
  const zoom = await map.getSource<GeoJSONSource>('incidents')?.getClusterExpansionZoom(id);
  map.easeTo({ center: [at.lon, at.lat], zoom: (zoom ?? map.getZoom() + 1) + 0.2, duration: 500 });
}

export type { MapLibreMap };

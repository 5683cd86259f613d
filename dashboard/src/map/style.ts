// The map's style: base, cells coloured by their rate, borders, labels, incidents, and what is being reported.
//
// Source layers and properties are the server's tile contract (`/d/{district}/tiles.json`).
import type { ExpressionSpecification, FilterSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Language } from '../text/language.svelte';
import { BASE_LAYERS, FONT, ROAD_NAMES, fading, growing } from './base-layers';
import { ACCENT, INCIDENT_COLOURS, MISREAD, NOT_TOLD_COLOUR, RATE_COLOURS, SELECTED } from './palette';

const EMPTY = { type: 'FeatureCollection' as const, features: [] };
export const TILE_MIN_ZOOM = 8;
export const TILE_MAX_ZOOM = 16;

/** What of the grid is shown. A district may use only some of the levels that its rules name. */
export interface ShownLevels {
  /** The level whose cells are coloured. */
  level: string;
  /** The next larger level that has cells. */
  parent: string | null;
  /** How the borders of `level` are ranked: 0 on the district's outline, then one more a level of the rules. */
  rank: number;
}

export interface StyleChoice {
  district: string;
  mapVersion: string;
  shown: ShownLevels;
  language: Language;
  selectedCell: string | null;
}

function tiles(layer: string, { district, mapVersion }: StyleChoice): string[] {
  const folder = `${location.origin}/d/${encodeURIComponent(district)}/tiles/${layer}`;
  return [`${folder}/${encodeURIComponent(mapVersion)}/{z}/{x}/{y}.mvt`];
}

/** The name in the reader's language, else in another, else the code. */
export function labelText(language: Language): ExpressionSpecification {
  const order = language === 'en' ? ['name_en', 'name', 'name_zh'] : ['name_zh', 'name', 'name_en'];
  return ['coalesce', ...order.map((name) => ['get', name]), ['get', 'code']] as unknown as ExpressionSpecification;
}

export const shownLevel = ({ level }: ShownLevels): FilterSpecification => ['==', ['get', 'level'], level];
export const parentLevel = ({ parent }: ShownLevels): FilterSpecification => ['==', ['get', 'level'], parent ?? ''];
export const lowestBorders = ({ rank }: ShownLevels): FilterSpecification => ['==', ['get', 'rank'], rank];
export const higherBorders = ({ rank }: ShownLevels): FilterSpecification => ['<', ['get', 'rank'], rank];
export const selectedCell = (code: string | null): FilterSpecification => ['==', ['get', 'code'], code ?? ''];

/** The step of a cell of which the viewer is not told what is open. */
export const NOT_TOLD = -1;

function cellLayers(choice: StyleChoice): LayerSpecification[] {
  const step = ['coalesce', ['feature-state', 'step'], 0];
  const byStep = ['step', step, NOT_TOLD_COLOUR, 0, RATE_COLOURS[0], ...RATE_COLOURS.slice(1).flatMap((colour, index) => [index + 1, colour])];
  return [
    {
      id: 'cell-fill',
      type: 'fill',
      source: 'grid',
      'source-layer': 'cells',
      filter: shownLevel(choice.shown),
      paint: {
        'fill-color': byStep as unknown as ExpressionSpecification,
        'fill-opacity': fading(9, 0.95, 14, 0.85, 15.5, 0.55, 17, 0.4),
        'fill-antialias': false,
      },
    },
  ];
}

function borderLayers(choice: StyleChoice): LayerSpecification[] {
  const shared = { type: 'line', source: 'grid', 'source-layer': 'borders', layout: { 'line-join': 'round' } } as const;
  return [
    {
      ...shared,
      id: 'border-cell',
      filter: lowestBorders(choice.shown),
      paint: { 'line-color': '#3f626c', 'line-width': growing(11, 0.5, 14, 1.1, 16, 1.8, 18, 2.6), 'line-opacity': fading(11, 0.4, 14, 0.75, 16, 0.9) },
    },
    {
      ...shared,
      id: 'border-higher-halo',
      filter: higherBorders(choice.shown),
      paint: { 'line-color': '#7a5c88', 'line-opacity': 0.16, 'line-width': growing(9, 4, 13, 7, 16, 11) },
    },
    {
      ...shared,
      id: 'border-higher',
      filter: higherBorders(choice.shown),
      paint: { 'line-color': '#7a5c88', 'line-width': growing(9, 1, 13, 1.5, 16, 2.2), 'line-dasharray': [5, 2, 1, 2] },
    },
    {
      ...shared,
      id: 'cell-selected',
      'source-layer': 'cells',
      filter: selectedCell(choice.selectedCell),
      paint: { 'line-color': SELECTED, 'line-width': growing(11, 2, 14, 3, 17, 4.5) },
    },
  ];
}

function labelLayers(choice: StyleChoice): LayerSpecification[] {
  const shared = { type: 'symbol', source: 'grid', 'source-layer': 'cell_labels' } as const;
  const layout = { 'text-field': labelText(choice.language), 'text-font': FONT, 'text-line-height': 1.25 };
  return [
    {
      ...shared,
      id: 'cell-name',
      minzoom: 11.5,
      filter: shownLevel(choice.shown),
      layout: {
        ...layout,
        'text-size': fading(11.5, 10.5, 14, 12, 17, 15),
        'text-max-width': 8,
        'text-padding': 4,
        'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'],
        'text-radial-offset': 1.1,
      },
      paint: { 'text-color': '#2d4f58', 'text-halo-color': 'rgba(255,255,255,0.92)', 'text-halo-width': 1.6 },
    },
    {
      ...shared,
      id: 'parent-name',
      maxzoom: 15.5,
      filter: parentLevel(choice.shown),
      layout: { ...layout, 'text-size': fading(9, 12, 12, 14, 14, 17), 'text-letter-spacing': 0.06, 'text-padding': 10 },
      paint: { 'text-color': '#4d3a57', 'text-halo-color': 'rgba(255,255,255,0.92)', 'text-halo-width': 1.8 },
    },
  ];
}

const INCIDENT_LAYERS: LayerSpecification[] = [
  {
    id: 'incident-cluster',
    type: 'circle',
    source: 'incidents',
    filter: ['has', 'point_count'],
    paint: {
      'circle-color': ['case', ['>', ['get', 'red'], 0], INCIDENT_COLOURS.RED, ['>', ['get', 'orange'], 0], '#b35900', '#8a6800'],
      'circle-radius': ['step', ['get', 'point_count'], 14, 10, 17, 50, 21, 200, 26],
      'circle-stroke-width': 3,
      'circle-stroke-color': ['case', ['>', ['get', 'overdue'], 0], '#3b1014', 'rgba(255,255,255,0.92)'],
    },
  },
  {
    id: 'incident-cluster-count',
    type: 'symbol',
    source: 'incidents',
    filter: ['has', 'point_count'],
    layout: {
      'text-field': ['get', 'point_count_abbreviated'],
      'text-font': FONT,
      'text-size': 12.5,
      'text-allow-overlap': true,
      'text-ignore-placement': false,
      'text-padding': 9,
    },
    paint: { 'text-color': '#ffffff' },
  },
  {
    id: 'incident',
    type: 'symbol',
    source: 'incidents',
    filter: ['!', ['has', 'point_count']],
    layout: {
      'icon-image': ['get', 'mark'],
      'icon-size': fading(11, 0.6, 14, 0.85, 17, 1.1),
      'icon-allow-overlap': true,
      'icon-ignore-placement': false,
      'symbol-sort-key': ['get', 'rank'],
    },
  },
  {
    id: 'incident-selected',
    type: 'circle',
    source: 'selection',
    paint: {
      'circle-color': 'rgba(0,0,0,0)',
      'circle-radius': fading(11, 12, 14, 16, 17, 21),
      'circle-stroke-width': 3,
      'circle-stroke-color': SELECTED,
    },
  },
];

const REPORT_LAYERS: LayerSpecification[] = [
  { id: 'report-accuracy', type: 'fill', source: 'report', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': ACCENT, 'fill-opacity': 0.16 } },
  { id: 'report-accuracy-line', type: 'line', source: 'report', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'line-color': ACCENT, 'line-width': 1.5, 'line-dasharray': [3, 2] } },
  {
    id: 'report-point',
    type: 'circle',
    source: 'report',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-color': ACCENT, 'circle-radius': 8, 'circle-stroke-width': 3.5, 'circle-stroke-color': '#ffffff' },
  },
];

/** A place, and where its GCJ-02 numbers would fall. */
const SHIFT_LAYERS: LayerSpecification[] = [
  { id: 'shift-line', type: 'line', source: 'shift', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': MISREAD, 'line-width': 2, 'line-dasharray': [3, 2] } },
  {
    id: 'shift-end',
    type: 'circle',
    source: 'shift',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-color': ['case', ['==', ['get', 'end'], 'place'], MISREAD, 'rgba(255,255,255,0.75)'],
      'circle-radius': ['case', ['==', ['get', 'end'], 'place'], 5, 7],
      'circle-stroke-width': 2,
      'circle-stroke-color': ['case', ['==', ['get', 'end'], 'place'], '#ffffff', MISREAD],
    },
  },
];

export function mapStyle(choice: StyleChoice): StyleSpecification {
  const countOf = (colour: string): ExpressionSpecification => ['+', ['case', ['==', ['get', 'colour'], colour], 1, 0]] as unknown as ExpressionSpecification;
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: tiles('base', choice), minzoom: TILE_MIN_ZOOM, maxzoom: TILE_MAX_ZOOM },
      // A code is one cell of this plan version, and `cellCounts` brings it too: no id has to be translated.
      grid: { type: 'vector', tiles: tiles('grid', choice), minzoom: TILE_MIN_ZOOM, maxzoom: TILE_MAX_ZOOM, promoteId: { cells: 'code' } },
      incidents: {
        type: 'geojson',
        data: EMPTY,
        cluster: true,
        clusterRadius: 34,
        clusterMaxZoom: 15,
        clusterProperties: { red: countOf('RED'), orange: countOf('ORANGE'), overdue: ['+', ['case', ['get', 'overdue'], 1, 0]] },
      },
      selection: { type: 'geojson', data: EMPTY },
      report: { type: 'geojson', data: EMPTY },
      shift: { type: 'geojson', data: EMPTY },
    },
    layers: [
      { id: 'background', type: 'background', paint: { 'background-color': '#e7e4dd' } },
      ...cellLayers(choice),
      ...BASE_LAYERS,
      ...borderLayers(choice),
      ROAD_NAMES,
      ...labelLayers(choice),
      ...INCIDENT_LAYERS,
      ...REPORT_LAYERS,
      ...SHIFT_LAYERS,
    ],
  };
}

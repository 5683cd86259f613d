// Layers of the base map: roads and buildings of the district's own tiles. No glyphs, no sprite, nothing from outside.
//
// Line widths grow by 1.5 a zoom level, as streets do on paper maps; the numbers come from the tried reference style.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl';

export const FONT = ['Noto Sans CJK SC'];

const ofClass = (...classes: string[]): FilterSpecification => ['match', ['get', 'class'], classes, true, false];

function growing(...stops: number[]): ExpressionSpecification {
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...stops] as unknown as ExpressionSpecification;
}

function fading(...stops: number[]): ExpressionSpecification {
  return ['interpolate', ['linear'], ['zoom'], ...stops] as unknown as ExpressionSpecification;
}

interface Road {
  road: string;
  minzoom: number;
  casing: string;
  casingWidth: number[];
  fill: string;
  width: number[];
}

/** From the least to the most important: later ones lie on top. */
const ROADS: readonly Road[] = [
  { road: 'service', minzoom: 14, casing: '#dedad0', casingWidth: [13, 1.8, 15, 3.8, 16, 5.4, 18, 14], fill: '#fbfaf7', width: [13, 0.4, 15, 1.8, 16, 3.4, 18, 12] },
  { road: 'pedestrian', minzoom: 13, casing: '#d9d4c8', casingWidth: [13, 2.2, 14, 3.2, 16, 8, 18, 20], fill: '#f3efe6', width: [13, 0.8, 14, 1.8, 16, 6, 18, 18] },
  { road: 'street', minzoom: 12, casing: '#d9d4c8', casingWidth: [12, 1.3, 14, 3.6, 16, 9.5, 18, 24], fill: '#ffffff', width: [12, 0.5, 14, 2.2, 16, 7.5, 18, 22] },
  { road: 'tertiary', minzoom: 11, casing: '#d3ccbd', casingWidth: [11, 1.5, 13, 3.4, 14, 4.8, 16, 11.5, 18, 28], fill: '#ffffff', width: [11, 0.7, 13, 2, 14, 3.4, 16, 9.5, 18, 26] },
  { road: 'secondary', minzoom: 10, casing: '#cfc7b5', casingWidth: [10, 1.7, 12, 2.8, 14, 5.6, 16, 13, 18, 32], fill: '#ffffff', width: [10, 0.9, 12, 2, 14, 4.2, 16, 11, 18, 30] },
  { road: 'primary', minzoom: 9, casing: '#d2b877', casingWidth: [9, 2, 12, 3.4, 14, 6.4, 16, 15, 18, 36], fill: '#fdf3d9', width: [9, 1.2, 12, 2.6, 14, 5, 16, 13, 18, 34] },
];

const buildings: LayerSpecification = {
  id: 'building',
  type: 'fill',
  source: 'base',
  'source-layer': 'buildings',
  minzoom: 13,
  paint: {
    'fill-color': [
      'match',
      ['get', 'kind'],
      ['industrial', 'commercial', 'retail', 'warehouse', 'office'],
      '#dcd8dc',
      ['school', 'university', 'hospital', 'church', 'public', 'civic', 'government', 'kindergarten'],
      '#e3d5c3',
      '#dfdad0',
    ],
    'fill-opacity': fading(13, 0, 14, 0.85),
    'fill-outline-color': ['interpolate', ['linear'], ['zoom'], 14, '#cbc4b5', 16, '#b9b1a1'],
  },
};

const paths: LayerSpecification = {
  id: 'path',
  type: 'line',
  source: 'base',
  'source-layer': 'roads',
  minzoom: 14.5,
  filter: ofClass('path', 'track'),
  layout: { 'line-cap': 'butt', 'line-join': 'round' },
  paint: {
    'line-color': '#b9b09c',
    'line-width': growing(14.5, 0.5, 16, 1, 18, 2.2),
    'line-dasharray': [3, 2],
    'line-opacity': fading(14.5, 0.35, 16, 0.9),
  },
};

function casing({ road, minzoom, casing: colour, casingWidth }: Road): LayerSpecification {
  return {
    id: `road-${road}-casing`,
    type: 'line',
    source: 'base',
    'source-layer': 'roads',
    minzoom,
    filter: ofClass(road),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': growing(...casingWidth), 'line-opacity': fading(minzoom, 0, minzoom + 1.2, 1) },
  };
}

function surface({ road, minzoom, fill, width }: Road): LayerSpecification {
  return {
    id: `road-${road}`,
    type: 'line',
    source: 'base',
    'source-layer': 'roads',
    minzoom,
    filter: ofClass(road),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': fill, 'line-width': growing(...width) },
  };
}

export const ROAD_NAMES: LayerSpecification = {
  id: 'road-name',
  type: 'symbol',
  source: 'base',
  'source-layer': 'roads',
  minzoom: 14,
  filter: [
    'all',
    ['has', 'name'],
    [
      'any',
      ofClass('primary', 'secondary'),
      ['all', ['>=', ['zoom'], 15], ofClass('tertiary', 'street', 'pedestrian')],
      ['all', ['>=', ['zoom'], 17], ofClass('service')],
    ],
  ] as unknown as FilterSpecification,
  layout: {
    'symbol-placement': 'line',
    'symbol-spacing': 320,
    'text-field': ['get', 'name'],
    'text-font': FONT,
    'text-size': fading(14, 10.5, 16, 12, 18, 14),
    'text-max-angle': 30,
    'text-padding': 6,
  },
  paint: { 'text-color': '#5d5748', 'text-halo-color': '#ffffff', 'text-halo-width': 1.4 },
};

/** Buildings, then paths, then every casing below every road surface, so that crossings join. */
export const BASE_LAYERS: LayerSpecification[] = [buildings, paths, ...ROADS.map(casing), ...ROADS.map(surface)];

export { fading, growing };

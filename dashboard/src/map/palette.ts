// Every colour that has a meaning on the map, once. The legend and the style sheet read it from here.

/** Fill of a cell by the step of its rate (`cells/rate.ts`); the first is "nothing open". */
export const RATE_COLOURS = ['#f6f4ef', '#e2efea', '#c8e0da', '#a8cfca', '#83b9b7', '#5c9fa1'] as const;

/** Fill of a cell of which the viewer is not told what is open: neither of the steps. */
export const NOT_TOLD_COLOUR = '#dcd6d9';

/** Kind of problem. Each also has its own shape: colour alone says nothing here. */
export const INCIDENT_COLOURS = { YELLOW: '#a87c00', ORANGE: '#c25e00', RED: '#b3261e' } as const;

export type Colour = keyof typeof INCIDENT_COLOURS;
export const COLOURS: readonly Colour[] = ['RED', 'ORANGE', 'YELLOW'];

export const INK = '#17343b';
export const ACCENT = '#17606a';
export const SELECTED = '#0e4a54';
/** Where coordinates of another datum would fall. */
export const MISREAD = '#7a2f86';

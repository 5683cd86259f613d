// The mark of an incident: shape and colour say its kind, the inside its stage, the badge that it is overdue.
//
// One drawing for the map (canvas) and for lists and legend (SVG path), so that they cannot come to differ.
import { COLOURS, INCIDENT_COLOURS, type Colour } from './palette';

/** Outlines in a box of 24 × 24: yellow a disc, orange a diamond, red a triangle. */
export const OUTLINES: Record<Colour, string> = {
  YELLOW: 'M12 4.5a7.5 7.5 0 1 1 0 15a7.5 7.5 0 1 1 0-15z',
  ORANGE: 'M12 2.6L21.4 12L12 21.4L2.6 12z',
  RED: 'M12 2.4L22 20.2H2z',
};

/** Where the white middle of a dispatched incident sits. */
export const MIDDLE: Record<Colour, { x: number; y: number; radius: number }> = {
  YELLOW: { x: 12, y: 12, radius: 3 },
  ORANGE: { x: 12, y: 12, radius: 3 },
  RED: { x: 12, y: 14.6, radius: 2.8 },
};

export interface Mark {
  colour: Colour;
  /** Somebody has it in hand: dispatched or any later stage. */
  dispatched: boolean;
  overdue: boolean;
}

export function markName(mark: Mark): string {
  return `incident-${mark.colour}-${mark.dispatched ? 'dispatched' : 'collected'}-${mark.overdue ? 'overdue' : 'in-time'}`;
}

export function allMarks(): Mark[] {
  const flags = [false, true];
  return COLOURS.flatMap((colour) => flags.flatMap((dispatched) => flags.map((overdue) => ({ colour, dispatched, overdue }))));
}

const SIZE_PX = 30;
export const MARK_PIXEL_RATIO = 2;

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
}

/** Draws a mark for the map's sprite. */
export function drawMark(mark: Mark): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE_PX * MARK_PIXEL_RATIO;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser offers no 2D canvas');
  context.scale(MARK_PIXEL_RATIO, MARK_PIXEL_RATIO);
  context.translate(3, 3);
  const outline = new Path2D(OUTLINES[mark.colour]);
  context.lineJoin = 'round';
  context.lineWidth = 4.5;
  context.strokeStyle = '#ffffff';
  context.stroke(outline);
  context.fillStyle = INCIDENT_COLOURS[mark.colour];
  context.fill(outline);
  if (mark.dispatched) {
    const { x, y, radius } = MIDDLE[mark.colour];
    disc(context, x, y, radius, '#ffffff');
  }
  if (mark.overdue) {
    disc(context, 20, 5, 6, '#ffffff');
    disc(context, 20, 5, 5, '#3b1014');
    context.fillStyle = '#ffffff';
    context.fillRect(19.2, 2, 1.6, 3.8);
    context.fillRect(19.2, 6.6, 1.6, 1.6);
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

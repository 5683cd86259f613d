// Words of the schema's fixed lists, in the reader's language. Categories, stages and levels are data: see `named`.
import { districts } from '../districts/district.svelte';
import type { Colour } from '../map/palette';
import { m } from '../paraglide/messages.js';
import { localName } from '../text/format';

export function colourName(colour: Colour): string {
  return { YELLOW: m.colour_yellow, ORANGE: m.colour_orange, RED: m.colour_red }[colour]();
}

export type Method = 'INSIDE' | 'BORDER' | 'NEAREST' | 'MANUAL' | 'OUTSIDE';

export function methodName(method: Method): string {
  const names = { INSIDE: m.method_inside, BORDER: m.method_border, NEAREST: m.method_nearest, MANUAL: m.method_manual, OUTSIDE: m.method_outside };
  return names[method]();
}

export type Channel = 'PATROL' | 'VISIT' | 'HOTLINE' | 'WEB' | 'QR_CODE' | 'PHONE' | 'DEVICE';

export function channelName(channel: Channel): string {
  const names = {
    PATROL: m.channel_patrol,
    VISIT: m.channel_visit,
    HOTLINE: m.channel_hotline,
    WEB: m.channel_web,
    QR_CODE: m.channel_qr_code,
    PHONE: m.channel_phone,
    DEVICE: m.channel_device,
  };
  return names[channel]();
}

export function categoryName(code: string): string {
  const category = districts.form?.categories.find((entry) => entry.code === code);
  return localName(category?.names) || code;
}

export function stageName(key: string): string {
  const stage = districts.current?.stages.find((entry) => entry.key === key);
  return localName(stage?.names) || key;
}

export function levelName(key: string): string {
  const level = districts.current?.levels.find((entry) => entry.key === key);
  return localName(level?.names) || key;
}

/** A cell's name, else its code; a place outside every cell says so. */
export function cellName(code: string | null | undefined): string {
  if (!code) return m.outside_every_cell();
  return localName(districts.cells.byCode.get(code)?.names) || code;
}

/** A step of the history. Actions that this page does not know yet are shown as the server names them. */
export function actionName(action: string): string {
  const names: Record<string, () => string> = { report: m.step_reported, dispatch: m.step_dispatched, close: m.step_closed };
  return names[action.toLowerCase()]?.() ?? action;
}

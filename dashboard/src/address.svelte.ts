// What the page shows, as its address says it: links and the back button work.
//
// The token of `/#token=…` is taken out here before anything else reads the address.
import { language, parseLanguage } from './text/language.svelte';

export type View = 'map' | 'table';
export type Table = 'cells' | 'incidents';
export type Panel = 'report' | 'sign-in';

interface Place {
  district: string | null;
  view: View;
  table: Table;
  level: string | null;
  cell: string | null;
  incident: string | null;
  panel: Panel | null;
}

function parsePlace(search: string): Place {
  const query = new URLSearchParams(search);
  const panel = query.get('panel');
  return {
    district: query.get('district'),
    view: query.get('view') === 'table' ? 'table' : 'map',
    table: query.get('table') === 'incidents' ? 'incidents' : 'cells',
    level: query.get('level'),
    cell: query.get('cell'),
    incident: query.get('incident'),
    panel: panel === 'report' || panel === 'sign-in' ? panel : null,
  };
}

function printPlace(place: Place): string {
  const query = new URLSearchParams();
  if (place.district) query.set('district', place.district);
  if (place.view !== 'map') query.set('view', place.view);
  if (place.table !== 'cells') query.set('table', place.table);
  if (place.level) query.set('level', place.level);
  if (place.cell) query.set('cell', place.cell);
  if (place.incident) query.set('incident', place.incident);
  if (place.panel) query.set('panel', place.panel);
  query.set('lang', language.current);
  return `?${query}`;
}

class Address {
  place = $state<Place>(parsePlace(location.search));

  constructor() {
    addEventListener('popstate', () => {
      this.place = parsePlace(location.search);
      language.current = parseLanguage(new URLSearchParams(location.search).get('lang')) ?? language.current;
    });
  }

  /** Goes to another place; `push` makes the back button return here. */
  go(change: Partial<Place>, how: 'push' | 'replace' = 'push'): void {
    this.place = { ...this.place, ...change };
    const target = printPlace(this.place);
    if (target === location.search) return;
    if (how === 'push') history.pushState(null, '', target);
    else history.replaceState(null, '', target);
  }

  showDistrict(code: string): void {
    this.go({ district: code, cell: null, incident: null, level: null });
  }

  showCell(code: string): void {
    this.go({ cell: code, incident: null, panel: null });
  }

  showIncident(id: string): void {
    this.go({ incident: id, panel: null });
  }

  closePanel(): void {
    // An incident opened from a cell closes onto its cell.
    if (this.place.panel) this.go({ panel: null });
    else if (this.place.incident) this.go({ incident: null });
    else this.go({ cell: null });
  }
}

/** Takes `token` out of the fragment, which never reaches a server, and out of the visible address. */
export function takeTokenFromFragment(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

export const address = new Address();

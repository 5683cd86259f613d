// Opening a cell from anywhere but the map: by its name in a list, a table, a search.
import { address } from '../address.svelte';
import { districts } from '../districts/district.svelte';
import { mapState } from '../map/map-state.svelte';

/** Opens a cell's panel and has the map show it. Who clicks a cell on the map sees it already: that is `address.showCell` alone. */
export function openCell(code: string): void {
  address.showCell(code);
  // Beside the table there is no map; when one is opened it shows what is chosen.
  if (address.place.view === 'table') return;
  const bounds = districts.cells.byCode.get(code)?.bounds;
  if (bounds) mapState.look = { at: bounds };
}

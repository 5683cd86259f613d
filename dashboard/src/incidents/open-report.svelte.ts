// Opening the report form by the button that stands on every view.
import { address } from '../address.svelte';

class OpenReport {
  /** How often the button was pressed while the form stood open: the form answers by leading to its first field. */
  again = $state(0);

  press(): void {
    if (address.place.panel === 'report') this.again++;
    address.go({ panel: 'report', view: 'map' });
  }
}

export const openReport = new OpenReport();

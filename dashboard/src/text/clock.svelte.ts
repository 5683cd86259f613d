// One clock for everything on the page that says "ago" or counts down.

class Clock {
  now_ms = $state(Date.now());

  constructor() {
    setInterval(() => (this.now_ms = Date.now()), 1_000);
  }
}

export const clock = new Clock();

// What could not be asked is asked again.

const AGAIN_AFTER_MS = 5_000;
/** While the browser says that there is no connection, an attempt would only be one more error. */
const OFFLINE_AGAIN_AFTER_MS = 60_000;

/**
 * Runs `attempt` once more: after a pause that is never in step with other pages, or at once when the browser says that
 * it is online. Returns how to give up.
 */
export function tryAgain(attempt: () => void): () => void {
  const giveUp = () => {
    clearTimeout(timer);
    removeEventListener('online', run);
  };
  const run = () => {
    giveUp();
    attempt();
  };
  const timer = setTimeout(run, (navigator.onLine ? AGAIN_AFTER_MS : OFFLINE_AGAIN_AFTER_MS) * (0.7 + Math.random() * 0.3));
  addEventListener('online', run);
  return giveUp;
}

// Registers the service worker of the built page (`worker.js`); `npm run dev` has none.

export function keepThisPage(): void {
  // Absent in private windows and on plain HTTP: the page then needs a connection to open, as any page does.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}

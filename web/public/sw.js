// Lets the client start without a network: the page as it was last seen, and its hashed files, which never change.
// Messages are the engine's, not ours; nothing of the API passes here.

/** Where the client is: the root, or a path that a proxy cuts off. */
const PAGE = new URL("./", location.href).pathname;
/** The files of this version; the build writes their names here. */
const FILES = [];
/** Of this version and those before it, which other tabs may still be of; the oldest go first. */
const MOST_FILES = 80;
/** So long the newest page is waited for. */
const PATIENCE_MS = 4_000;
/** All workers of a host share its caches. */
const OURS = `${PAGE === "/" ? "" : PAGE}rim-shell-`;
const CACHE = `${OURS}1`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.add(PAGE);
      // All of them, also those that nobody has asked for: they may be asked for without a network, or when the server has
      // another version. One that cannot be had now is kept when it is asked for.
      await Promise.allSettled(FILES.map(async (file) => (await cache.match(PAGE + file)) ?? cache.add(PAGE + file)));
    })(),
  );
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
      await prune(await caches.open(CACHE));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(request));
  else if (url.pathname.startsWith(`${PAGE}assets/`)) event.respondWith(asset(request));
});

/** The newest page, or the last one where the server cannot be reached or used, or a network holds its answer back. */
async function page(request) {
  const cache = await caches.open(CACHE);
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok) await cache.put(PAGE, answer.clone());
    return answer;
  });
  const last = await cache.match(PAGE);
  if (last === undefined) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, last));
  // What a proxy says while the server behind it is away is no client.
  const newest = asked.then(
    (answer) => (answer.status >= 500 ? last : answer),
    () => last,
  );
  return Promise.race([newest, late]);
}

async function asset(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone());
    await prune(cache);
  }
  return answer;
}

/** Of the files of earlier versions the oldest go. */
async function prune(cache) {
  const current = [PAGE, ...FILES.map((file) => PAGE + file)];
  const others = (await cache.keys()).filter(({ url }) => !current.includes(new URL(url).pathname));
  const surplus = others.length + FILES.length - MOST_FILES;
  for (const old of others.slice(0, Math.max(0, surplus))) await cache.delete(old);
}

// The service worker, run with a cache and a network of the test's.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const SOURCE = readFileSync(new URL("../public/sw.js", import.meta.url), "utf8");
const HOST = "https://rim.example";

interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

type Network = (url: string) => Promise<Response>;

/** `files` are those of the version that the worker is of. */
function worker(network: Network, files: readonly string[] = []) {
  const kept = new Map<string, Response>();
  const absolute = (asked: string | Asked): string => new URL(typeof asked === "string" ? asked : asked.url, HOST).href;
  const cache = {
    match: (asked: string | Asked) => Promise.resolve(kept.get(absolute(asked))?.clone()),
    put: (asked: string | Asked, answer: Response) => Promise.resolve(void kept.set(absolute(asked), answer)),
    keys: () => Promise.resolve([...kept.keys()].map((url) => ({ url }))),
    delete: (asked: string | Asked) => Promise.resolve(kept.delete(absolute(asked))),
  };
  const listeners = new Map<string, (event: object) => void>();
  const self = {
    addEventListener: (name: string, heard: (event: object) => void) => listeners.set(name, heard),
    clients: { claim: () => Promise.resolve() },
    skipWaiting: () => undefined,
  };
  const caches = { open: () => Promise.resolve(cache), keys: () => Promise.resolve([]) };
  const source = SOURCE.replace("const FILES = [];", `const FILES = ${JSON.stringify(files)};`);
  const fetch = (asked: Asked) => network(asked.url);
  new Function("self", "caches", "fetch", "location", source)(self, caches, fetch, new URL(`${HOST}/sw.js`));
  const heard = async (name: string, event: object): Promise<unknown> => {
    let answer: unknown;
    const take = (given: unknown): void => void (answer = given);
    listeners.get(name)?.({ ...event, waitUntil: take, respondWith: take });
    return answer;
  };
  return {
    kept,
    activate: () => heard("activate", {}),
    page: () => heard("fetch", { request: { method: "GET", mode: "navigate", url: `${HOST}/` } }) as Promise<Response>,
  };
}

describe("the page without its server", () => {
  for (const [told, network] of [
    ["the server cannot be reached", () => Promise.reject(new TypeError("no network"))],
    ["a proxy says that the server is away", () => Promise.resolve(new Response("502 Bad Gateway", { status: 502 }))],
  ] as const satisfies readonly (readonly [string, Network])[]) {
    it(`is the last one where ${told}`, async () => {
      const { kept, page } = worker(network);
      kept.set(`${HOST}/`, new Response("the client"));
      expect(await (await page()).text()).toBe("the client");
      expect(await kept.get(`${HOST}/`)?.clone().text()).toBe("the client");
    });
  }

  it("is what the proxy says where there is no last one, and the newest where there is", async () => {
    const away = worker(() => Promise.resolve(new Response("502 Bad Gateway", { status: 502 })));
    expect((await away.page()).status).toBe(502);
    const { kept, page } = worker(() => Promise.resolve(new Response("the new client")));
    kept.set(`${HOST}/`, new Response("the client"));
    expect(await (await page()).text()).toBe("the new client");
    expect(await kept.get(`${HOST}/`)?.clone().text()).toBe("the new client");
  });
});

describe("the files of earlier versions", () => {
  it("go, the oldest first, when a worker of a new version begins its work", async () => {
    const { kept, activate } = worker(() => Promise.reject(new TypeError("no network")), ["assets/new.js"]);
    for (const path of ["", "assets/new.js"]) kept.set(`${HOST}/${path}`, new Response(path));
    for (let i = 0; i < 100; i++) kept.set(`${HOST}/assets/${i}.js`, new Response(""));
    await activate();
    const old = [...kept.keys()].filter((url) => /\d+\.js$/.test(url));
    expect([old.length, old[0]]).toEqual([79, `${HOST}/assets/21.js`]);
    expect(kept.has(`${HOST}/`) && kept.has(`${HOST}/assets/new.js`)).toBe(true);
  });
});

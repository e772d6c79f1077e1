// The world as a browser has it.

import { deleteDB } from "idb";

import { IdbStore } from "./idb";
import { addressOf, ownName, ownNames } from "../basePath";
import type { Channel, Locks, Ports, Wire } from "./ports";

const KEY = "rim.session";
const CHANNEL = "rim";

export function browserPorts(): Ports {
  const ports: Ports = {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    random: () => Math.random(),
    uuid,
    after(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
    frame,
    async fetch({ method, path, token, body }) {
      const headers = new Headers();
      if (token !== null) headers.set("Authorization", `Bearer ${token}`);
      if (body !== null && body.type !== "") headers.set("Content-Type", body.type);
      const signal = AbortSignal.timeout(60_000);
      const response = await fetch(addressOf(path), {
        method,
        headers,
        signal,
        cache: "no-store",
        ...(body !== null && { body: body.content }),
      });
      const text = await response.text();
      return { status: response.status, retryAfter: response.headers.get("Retry-After"), text };
    },
    async uploader() {
      const [{ Uploads }, { send }] = await Promise.all([import("./uploads"), import("./sending")]);
      return (token, events) => new Uploads(ports, send, token, events);
    },
    addressOf: (path) => addressOf(path).href,
    connect(heard): Wire {
      const address = addressOf("/ws");
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(address);
      socket.onopen = () => heard.opened();
      socket.onmessage = (event: MessageEvent<unknown>) => {
        if (typeof event.data === "string") heard.heard(event.data);
      };
      socket.onclose = (event) => heard.closed(event.code, event.reason);
      return {
        send(text) {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: () => socket.close(),
      };
    },
    openStore: (uid, heard) => IdbStore.open(storeName(uid), heard),
    deleteStore: async (uid) => deleteDB(storeName(uid)),
    remembered: {
      get: () => attempt(() => localStorage.getItem(ownName(KEY))),
      set: (text) => keep(KEY, text),
    },
    notes: {
      names: () => ownNames(attempt(() => Object.keys(localStorage)) ?? []),
      get: (name) => attempt(() => localStorage.getItem(ownName(name))),
      set: keep,
    },
    channel: channel(),
    locks: locks(),
    signals(heard) {
      const seen = () => heard(document.visibilityState === "visible" ? "visible" : "hidden");
      const listeners: readonly [EventTarget, string, () => void][] = [
        [window, "online", () => heard("online")],
        [window, "offline", () => heard("offline")],
        [window, "focus", seen],
        [window, "pageshow", seen],
        [window, "pagehide", () => heard("closing")],
        [document, "visibilitychange", seen],
      ];
      for (const [target, name, listener] of listeners) target.addEventListener(name, listener);
      return () => {
        for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
      };
    },
    device: deviceName(),
  };
  return ports;
}

function storeName(uid: number): string {
  return ownName(`rim-${uid}`);
}

/** A window that is covered or about to be hidden may be drawn much later, or never. */
const FRAME_MS = 100;
const { port1, port2 } = new MessageChannel();

function frame(then: () => void): void {
  // Timers of hidden pages are slow; messages to oneself are not.
  if (document.visibilityState === "hidden") {
    port1.addEventListener("message", then, { once: true });
    port1.start();
    port2.postMessage(null);
    return;
  }
  const run = (): void => {
    cancelAnimationFrame(drawn);
    clearTimeout(late);
    then();
  };
  const drawn = requestAnimationFrame(run);
  const late = setTimeout(run, FRAME_MS);
}

/** `crypto.randomUUID` is only there over HTTPS; a server of one's own may do without. */
function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function attempt<T>(what: () => T | null): T | null {
  try {
    return what();
  } catch {
    return null;
  }
}

function keep(name: string, text: string | null): void {
  attempt(() => {
    if (text === null) localStorage.removeItem(ownName(name));
    else localStorage.setItem(ownName(name), text);
    return null;
  });
}

function channel(): Channel | null {
  if (typeof BroadcastChannel === "undefined") return null;
  const tabs = new BroadcastChannel(ownName(CHANNEL));
  return {
    post: (message) => tabs.postMessage(message),
    listen(heard) {
      const listener = (event: MessageEvent<unknown>) => heard(event.data);
      tabs.addEventListener("message", listener);
      return () => tabs.removeEventListener("message", listener);
    },
  };
}

function locks(): Locks | null {
  // Absent outside of secure contexts, whatever the types say.
  const manager = (navigator as Partial<Navigator>).locks;
  if (manager === undefined) return null;
  return {
    hold(name, steal, got, lost) {
      const abort = new AbortController();
      let held = false;
      let release: () => void = () => abort.abort();
      const options = steal ? { steal } : { signal: abort.signal };
      manager
        .request(ownName(name), options, () => {
          if (abort.signal.aborted) return undefined;
          held = true;
          got();
          return new Promise<void>((resolve) => {
            release = () => {
              held = false;
              resolve();
            };
          });
        })
        .catch(() => {
          // Taken away; or given up while waiting; or there are no locks for this page after all, and each tab works alone.
          if (held) {
            held = false;
            lost();
          } else if (!abort.signal.aborted) {
            got();
          }
        });
      return () => release();
    },
  };
}

/** Such as "Firefox, Linux": enough to know one's devices apart. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser =
    [
      ["Edg/", "Edge"],
      ["OPR/", "Opera"],
      ["Firefox/", "Firefox"],
      ["Chrome/", "Chrome"],
      ["Safari/", "Safari"],
    ].find(([mark]) => agent.includes(mark ?? ""))?.[1] ?? "Browser";
  const system =
    [
      ["Android", "Android"],
      ["iPhone", "iPhone"],
      ["iPad", "iPad"],
      ["Windows", "Windows"],
      ["Mac OS", "macOS"],
      ["CrOS", "ChromeOS"],
      ["Linux", "Linux"],
    ].find(([mark]) => agent.includes(mark ?? ""))?.[1] ?? "";
  return system === "" ? browser : `${browser}, ${system}`;
}

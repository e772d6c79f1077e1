// What the engine needs of the world. The browser's is in browser.ts; tests bring their own.

import type { Store } from "./storage";
import type { Uploader } from "./uploading";

export interface Ports {
  /** Unix milliseconds by this device's clock, which may be wrong and may be set: for what is shown, never for order or duration. */
  now(): number;
  /** Milliseconds since some moment, which nobody sets: for durations. It may stand still while the computer sleeps. */
  elapsed(): number;
  /** From 0 up to 1. */
  random(): number;
  uuid(): string;
  /** Runs `then` once; the answer takes it back. */
  after(ms: number, then: () => void): () => void;
  /** Runs `then` once before the screen is drawn next; where nothing is drawn, after what has come already. */
  frame(then: () => void): void;
  /** Rejects where the server cannot be reached. */
  fetch(request: HttpRequest): Promise<HttpAnswer>;
  /** What sends files, loaded when it is asked for; rejects where it cannot be had now. */
  uploader(): Promise<Uploader>;
  /** Where a page finds something of the server by its path there, which begins with a slash. */
  addressOf(path: string): string;
  /** Opens a WebSocket; `closed` is called exactly once, also where it never opened. */
  connect(heard: WireEvents): Wire;
  /** Rejects where pages may not store anything; it may also never answer. */
  openStore(uid: number, heard: StoreEvents): Promise<Store>;
  /** Deletes what is kept of the account, as soon as the browser can: that may be after the life of this page. */
  deleteStore(uid: number): Promise<void>;
  /** What is remembered over reloads, shared by all tabs. */
  readonly remembered: { get(): string | null; set(text: string | null): void };
  /** As `remembered`, and many of them: for what may not wait. */
  readonly notes: Notes;
  /** To all other tabs of this origin; null where the browser has no such thing. */
  readonly channel: Channel | null;
  /** Null where the browser has no locks: each tab works alone then. */
  readonly locks: Locks | null;
  /** Tells of the network and of the tab, until the answer is called. */
  signals(heard: (signal: Signal) => void): () => void;
  /** How this device is named among the sessions, up to 64 characters. */
  readonly device: string;
}

export type Signal = "online" | "offline" | "visible" | "hidden" | "closing";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** With the leading slash and the query. */
  readonly path: string;
  readonly token: string | null;
  readonly body: { readonly type: string; readonly content: string | Blob } | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

export interface StoreEvents {
  /** It waits until a tab with an older client is closed. */
  blocked(): void;
  /** It was open, and is not any more. */
  lost(why: "memory" | "superseded"): void;
}

export interface WireEvents {
  opened(): void;
  heard(text: string): void;
  closed(code: number, reason: string): void;
}

export interface Wire {
  send(text: string): void;
  close(): void;
}

/** Texts by name that are kept when the call returns. One that there is no room for is not kept. */
export interface Notes {
  names(): readonly string[];
  get(name: string): string | null;
  set(name: string, text: string | null): void;
}

export interface Channel {
  post(message: unknown): void;
  listen(heard: (message: unknown) => void): () => void;
}

export interface Locks {
  /**
   * Waits for the lock and holds it until the answer is called. With `steal` it is taken from whoever has
   * it, who is told by `lost`.
   */
  hold(name: string, steal: boolean, got: () => void, lost: () => void): () => void;
}

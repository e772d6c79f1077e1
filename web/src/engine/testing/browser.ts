// Browsers and their tabs, for tests: what a crash takes with it and what it leaves.

import type { ChatView, Message } from "../contract";
import { RimEngine } from "../engine";
import { Lists } from "../lists";
import { MemoryStore } from "../memory";
import type { Ports, Signal, Wire } from "../ports";
import type { Batch, Store } from "../storage";
import type { Send } from "../uploading";
import { Uploads } from "../uploads";
import { Clock, chance } from "./clock";
import { FakeServer } from "./server";

/** A clock, a server, and whoever comes. */
export class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);
  /** Of the pieces in which files are sent. */
  sizes = SIZES;
  readonly random: () => number;

  constructor(seed = 1) {
    this.random = chance(seed);
  }

  pass(ms = 100): Promise<void> {
    return this.clock.pass(ms);
  }

  /** A browser in which the user has logged in before. */
  browser(uid: number, options: { readonly locks?: boolean } = {}): Browser {
    const browser = new Browser(this, options.locks ?? true);
    browser.logIn(uid);
    return browser;
  }
}

/** What is stored, and what the tabs share. */
export class Browser {
  token = "";
  remembered: string | null = null;
  readonly notes = new Map<string, string>();
  readonly stores = new Map<number, MemoryStore>();
  readonly tabs = new Set<Tab>();
  /** Who holds or waits for a lock, the holder first. */
  readonly queue: { readonly tab: Tab; readonly got: () => void; readonly lost: () => void }[] = [];
  /** How far the clock of this device is wrong, in milliseconds; a test sets it as people do. */
  wrongBy = 0;
  /** Fails instead of writing. */
  full = false;
  /** Whether a store is deleted when that is asked for; else the page ends before it is its turn. */
  deletes = true;
  /** What becomes of opening the store; `mute` opens and never answers. */
  storeFate: "opens" | "refused" | "silent" | "blocked" | "mute" = "opens";

  constructor(
    readonly world: World,
    readonly hasLocks: boolean,
  ) {}

  logIn(uid: number): void {
    const { server } = this.world;
    this.token = server.token(uid);
    const me = server.users.get(uid);
    this.remembered = JSON.stringify({ token: this.token, me });
  }

  store(uid: number): MemoryStore {
    let store = this.stores.get(uid);
    if (store === undefined) this.stores.set(uid, (store = new MemoryStore()));
    return store;
  }

  async open(): Promise<Tab> {
    const tab = new Tab(this);
    await this.world.pass(100);
    return tab;
  }
}

/** So that small files have many pieces. */
const SIZES = { whole: 500, piece: 1_000, most: 1_000 };
const FRAME_MS = 8;
const NEVER = new Promise<never>(() => undefined);

export class Tab {
  alive = true;
  /** The system has put it to sleep: nothing happens in it until it is woken. */
  frozen = false;
  /** The browser takes the store away. */
  loseStore: (why: "memory" | "superseded") => void = () => undefined;
  /** Called before each write; throws to crash instead. */
  beforeWrite: (batch: Batch) => void = () => undefined;
  /** The same before a file is kept. */
  beforeKeeping: () => void = () => undefined;
  readonly engine: RimEngine;
  private readonly born: number;
  private readonly wires = new Set<Wire>();
  private readonly listeners = new Set<(message: unknown) => void>();
  private signalled: (signal: Signal) => void = () => undefined;

  constructor(private readonly browser: Browser) {
    browser.tabs.add(this);
    this.born = browser.world.clock.elapsed();
    this.engine = new RimEngine(this.ports(), () => Promise.resolve(Lists));
  }

  /** Gone without a word, as after a crash. */
  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const wire of this.wires) wire.close();
    this.browser.tabs.delete(this);
    this.leaveQueue(this);
  }

  signal(signal: Signal): void {
    this.signalled(signal);
  }

  /** Keeps a chat open, as a view does. */
  watch(gid: number): () => void {
    return this.engine.chat(gid).subscribe(() => undefined);
  }

  view(gid: number): ChatView {
    const view = this.engine.chat(gid).get();
    if (view === null) throw new Error(`no chat ${gid}`);
    return view;
  }

  texts(gid: number): readonly string[] {
    return this.view(gid).messages.map((message) => message.content);
  }

  message(gid: number, content: string): Message {
    const found = this.view(gid).messages.filter((message) => message.content === content);
    const [message] = found;
    if (message === undefined || found.length > 1) throw new Error(`${found.length} times: ${content}`);
    return message;
  }

  private ports(): Ports {
    const { world } = this.browser;
    const { clock, server, random } = world;
    const living = (then: () => void) => () => {
      if (!this.alive) return;
      if (this.frozen) clock.after(1_000, living(then));
      else then();
    };
    const ports: Ports = {
      now: () => clock.now() + this.browser.wrongBy,
      // Of each tab its own, as in browsers: moments of two tabs mean nothing to each other.
      elapsed: () => clock.elapsed() - this.born,
      random,
      uuid: () => `id-${Math.floor(random() * 2 ** 52).toString(36)}`,
      after: (ms, then) => clock.after(ms, living(then)),
      frame: (then) => void clock.after(FRAME_MS, living(then)),
      fetch: (request) =>
        new Promise((resolve, reject) => {
          server.fetch(request).then(
            (answer) => living(() => resolve(answer))(),
            (error: Error) => living(() => reject(error))(),
          );
        }),
      uploader: () => {
        if (!server.reachable) return Promise.reject(new TypeError("failed to fetch"));
        const send: Send = (request, went) => server.transfers.send(request, (bytes) => living(() => went(bytes))(), living);
        return Promise.resolve((token, events) => new Uploads(ports, send, token, events, world.sizes));
      },
      addressOf: (path) => `https://rim.example${path}`,
      connect: (heard) => {
        const wire = server.connect({
          opened: living(() => heard.opened()),
          heard: (text) => living(() => heard.heard(text))(),
          closed: (code, reason) => living(() => heard.closed(code, reason))(),
        });
        this.wires.add(wire);
        return wire;
      },
      openStore: (uid, heard) => {
        this.loseStore = (why) => living(() => heard.lost(why))();
        const { storeFate } = this.browser;
        if (storeFate === "refused") return Promise.reject(new Error("pages may not store anything"));
        if (storeFate === "blocked") heard.blocked();
        if (storeFate === "silent" || storeFate === "blocked") return NEVER;
        return Promise.resolve(this.storeOf(this.browser.store(uid)));
      },
      deleteStore: (uid) => {
        if (!this.alive || !this.browser.deletes) return NEVER;
        this.browser.stores.delete(uid);
        return Promise.resolve();
      },
      remembered: {
        get: () => this.browser.remembered,
        set: (text) => {
          if (this.alive) this.browser.remembered = text;
        },
      },
      notes: {
        names: () => [...this.browser.notes.keys()],
        get: (name) => this.browser.notes.get(name) ?? null,
        set: (name, text) => {
          if (!this.alive) return;
          if (text === null) this.browser.notes.delete(name);
          else this.browser.notes.set(name, text);
        },
      },
      channel: {
        post: (message) => {
          if (!this.alive) return;
          const copy: unknown = structuredClone(message);
          for (const tab of this.browser.tabs) {
            if (tab === this) continue;
            clock.after(1, () => tab.told(copy));
          }
        },
        listen: (heard) => {
          this.listeners.add(heard);
          return () => this.listeners.delete(heard);
        },
      },
      locks: this.browser.hasLocks
        ? { hold: (_name, steal, got, lost) => this.hold(steal, living(got), living(lost)) }
        : null,
      signals: (heard) => {
        this.signalled = (signal) => living(() => heard(signal))();
        return () => undefined;
      },
      device: "a test",
    };
    return ports;
  }

  private told(message: unknown): void {
    if (!this.alive) return;
    if (this.frozen) this.browser.world.clock.after(1_000, () => this.told(message));
    else for (const heard of [...this.listeners]) heard(message);
  }

  private hold(steal: boolean, got: () => void, lost: () => void): () => void {
    const { queue } = this.browser;
    const entry = { tab: this, got, lost };
    if (steal) {
      const [holder] = queue.splice(0, 1, entry);
      holder?.lost();
      queueMicrotask(got);
    } else if (queue.push(entry) === 1) {
      queueMicrotask(got);
    }
    return () => this.leaveQueue(entry);
  }

  private leaveQueue(who: Tab | { readonly tab: Tab }): void {
    const { queue } = this.browser;
    const [holder] = queue;
    for (const entry of [...queue]) {
      if (entry === who || entry.tab === who) queue.splice(queue.indexOf(entry), 1);
    }
    const [next] = queue;
    if (next !== undefined && next !== holder) queueMicrotask(next.got);
  }

  /** Copies what goes in and out, as IndexedDB does; a crash leaves a promise that nobody answers. */
  private storeOf(store: MemoryStore): Store {
    const mute = (): boolean => this.browser.storeFate === "mute" || !this.alive;
    const living = <T>(value: Promise<T>): Promise<T> => value.then((it) => (mute() ? NEVER : structuredClone(it)));
    return {
      isLasting: true,
      load: () => living(store.load()),
      outbox: () => living(store.outbox()),
      page: (...asked) => living(store.page(...asked)),
      events: (...asked) => living(store.events(...asked)),
      file: (name) => living(store.file(name)),
      fileNames: () => living(store.fileNames()),
      dropFiles: (names) => living(store.dropFiles(names)),
      keepFile: async (file) => {
        if (mute()) return NEVER;
        this.beforeKeeping();
        if (mute()) return NEVER;
        if (this.browser.full) throw new Error("the disk is full");
        await store.keepFile(structuredClone(file));
      },
      write: async (batch) => {
        if (mute()) return NEVER;
        this.beforeWrite(batch);
        if (mute()) return NEVER;
        if (this.browser.full) throw new Error("the disk is full");
        await store.write(structuredClone(batch));
      },
      clear: (all) => store.clear(all),
      close: () => store.close(),
    };
  }
}

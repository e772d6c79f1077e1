// Pictures, sound and films at addresses of other hosts: whoever loads one tells that host who looks at it, from where and
// when. So nothing is loaded from elsewhere unasked; here is what somebody has allowed this browser to load.

import { createContext, useContext, useSyncExternalStore } from "react";

import type { Engine } from "../../engine/contract";
import { addressOf, ownName } from "../../basePath";

/** What is kept over reloads. */
export interface Allowed {
  readonly everything: boolean;
  /** As in addresses, with the port where there is one. */
  readonly hosts: readonly string[];
  /** By the names that `chatName` gives them. */
  readonly chats: readonly string[];
  /** Addresses of pictures of people and groups. Another picture is another question, also of the same person. */
  readonly pictures: readonly string[];
}

/** `own`: of this server; `allowed`: somebody said so; `ask`: a click may allow it; `never`: the server forbids it. */
export type Verdict = "own" | "allowed" | "ask" | "never";

type List = "hosts" | "chats" | "pictures";

const NOTHING: Allowed = { everything: false, hosts: [], chats: [], pictures: [] };
/** Of each list the newest stay: they are one text in a storage of a few megabytes, and an address may have kilobytes. */
const MOST = 300;

/** The host of an address, null where it is this server's: beside its path others may be, who redirect wherever they want. */
export function hostOf(address: string): string | null {
  const url = new URL(address, document.baseURI);
  return url.href.startsWith(addressOf("/").href) ? null : url.host;
}

/** A chat of a history: under the same number another history has another chat. */
export function chatName(store: { readonly id: string; readonly epoch: number } | null, gid: number): string {
  return `${store?.id ?? ""}.${store?.epoch ?? 0}.${gid}`;
}

export function gidOf(chat: string): number {
  return Number(chat.slice(chat.lastIndexOf(".") + 1));
}

/** What one user has allowed in this browser. */
export class Remote {
  readonly #key: string | null;
  readonly #listeners = new Set<() => void>();
  /** Loaded by a click on this very one, until the page is left. */
  readonly #once = new Set<string>();
  #allowed: Allowed;
  /** What the server says: null until it was asked. */
  #forbidden: boolean | null = null;
  #asking = false;

  /** Of nobody, where it is null: nothing is allowed. */
  constructor(uid: number | null) {
    this.#key = uid === null ? null : ownName(`rim.remote.${uid}`);
    this.#allowed = this.#read();
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  readonly allowed = (): Allowed => this.#allowed;

  readonly forbidden = (): boolean | null => this.#forbidden;

  /** Whether the address may be loaded; `chat` is where it was written, if it was. */
  verdict(address: string, chat: string | null = null): Verdict {
    const host = hostOf(address);
    if (host === null) return "own";
    if (this.#forbidden === true) return "never";
    const { everything, hosts, chats, pictures } = this.#allowed;
    const yes =
      everything ||
      this.#once.has(address) ||
      hosts.includes(host) ||
      pictures.includes(address) ||
      (chat !== null && chats.includes(chat));
    return yes ? "allowed" : "ask";
  }

  allowOnce(address: string): void {
    this.#once.add(address);
    this.#tell();
  }

  allow(list: List, item: string): void {
    const items = [...this.#allowed[list].filter((each) => each !== item), item].slice(-MOST);
    this.#set({ ...this.#allowed, [list]: items });
  }

  disallow(list: List, item: string): void {
    this.#once.delete(item);
    this.#set({ ...this.#allowed, [list]: this.#allowed[list].filter((each) => each !== item) });
  }

  allowEverything(everything: boolean): void {
    this.#set({ ...this.#allowed, everything });
  }

  /** No picture of people and groups from elsewhere any more, but for hosts that are allowed. */
  disallowPictures(): void {
    this.#set({ ...this.#allowed, pictures: [] });
  }

  forget(): void {
    this.#once.clear();
    this.#allowed = NOTHING;
    try {
      if (this.#key !== null) localStorage.removeItem(this.#key);
    } catch {
      // It was never kept.
    }
    this.#tell();
  }

  /** Asks the server, once, whether it allows any; until it has said so it is asked people. */
  ask(engine: Pick<Engine, "serverInfo">): void {
    if (this.#asking || this.#forbidden !== null) return;
    this.#asking = true;
    void engine.serverInfo().then((outcome) => {
      this.#asking = false;
      if (!outcome.ok) return;
      this.#forbidden = outcome.value.remotePictures === "never";
      this.#tell();
    });
  }

  /** Another tab has changed what is kept. */
  onStorage(key: string | null): void {
    if (this.#key === null || (key !== null && key !== this.#key)) return;
    this.#allowed = this.#read();
    this.#tell();
  }

  #set(allowed: Allowed): void {
    this.#allowed = allowed;
    try {
      if (this.#key !== null) localStorage.setItem(this.#key, JSON.stringify(allowed));
    } catch {
      // Storage is full or forbidden: it is allowed as long as the page is open.
    }
    this.#tell();
  }

  #tell(): void {
    for (const changed of this.#listeners) changed();
  }

  /** Anything may be in the storage: what has a wrong shape allows nothing. */
  #read(): Allowed {
    let stored: Partial<Record<keyof Allowed, unknown>> = {};
    try {
      const parsed: unknown = JSON.parse((this.#key !== null && localStorage.getItem(this.#key)) || "{}");
      if (typeof parsed === "object" && parsed !== null) stored = parsed;
    } catch {
      // Not readable: nothing.
    }
    const texts = (value: unknown): readonly string[] =>
      Array.isArray(value) ? value.filter((each) => typeof each === "string").slice(-MOST) : [];
    return {
      everything: stored.everything === true,
      hosts: texts(stored.hosts),
      chats: texts(stored.chats),
      pictures: texts(stored.pictures),
    };
  }
}

const NOBODYS = new Remote(null);
export const RemoteContext = createContext(NOBODYS);
/** Where the message is that is drawn; null outside of messages. */
export const ChatContext = createContext<string | null>(null);

const known = new Map<number, Remote>();

/** One for each user, as long as the page is open. */
export function remoteOf(uid: number): Remote {
  let remote = known.get(uid);
  if (remote === undefined) {
    if (known.size === 0) {
      addEventListener("storage", ({ key }) => {
        for (const each of known.values()) each.onStorage(key);
      });
    }
    remote = new Remote(uid);
    known.set(uid, remote);
  }
  return remote;
}

export function useRemote(): Remote {
  return useContext(RemoteContext);
}

/** Whether the address may be loaded, now; null where there is none. */
export function useVerdict(address: string | null, chat: string | null = null): Verdict | null {
  const remote = useRemote();
  const verdict = (): Verdict | null => (address === null ? null : remote.verdict(address, chat));
  return useSyncExternalStore(remote.subscribe, verdict, verdict);
}

export function useAllowed(): Allowed {
  const remote = useRemote();
  return useSyncExternalStore(remote.subscribe, remote.allowed);
}

/** Whether the server forbids them all; null while that is not known. */
export function useForbidden(): boolean | null {
  const remote = useRemote();
  return useSyncExternalStore(remote.subscribe, remote.forbidden);
}

const MOST_OF_HOST = 36;

/** A host as it is shown: of a long one the end, which says whose it is. */
export function shortHost(host: string): string {
  return host.length <= MOST_OF_HOST ? host : `…${host.slice(1 - MOST_OF_HOST)}`;
}

// The messages that others answer, by id: from what is loaded, from the store, and in the end from the server, once.

import { newer } from "./noted";
import type { StoredMessage } from "./wire";

/** So many that are not loaded are remembered. */
const KEPT = 500;

export class Quotes {
  private readonly known = new Map<string, StoredMessage | "gone">();
  /** What is being asked for, with what has become of it meanwhile. */
  private readonly asked = new Map<string, StoredMessage[]>();

  constructor(
    /** Runs of messages of a chat that are in memory, each ascending. */
    private readonly loaded: (gid: number) => readonly (readonly StoredMessage[])[],
    /** Null: it could not be had, and may be asked for again. */
    private readonly fetch: (gid: number, id: number) => Promise<StoredMessage | "gone" | null>,
    private readonly changed: (gid: number) => void,
    private readonly later: (then: () => void) => void,
  ) {}

  /** The message as far as it is known; one that is not is asked for. */
  find(gid: number, id: number): StoredMessage | "gone" | null {
    const found = this.inMemory(gid, id);
    if (found === null) void this.ask(gid, id);
    return found;
  }

  inMemory(gid: number, id: number): StoredMessage | "gone" | null {
    for (const messages of this.loaded(gid)) {
      const message = atId(messages, id);
      if (message !== null) return message;
    }
    return this.known.get(`${gid}.${id}`) ?? null;
  }

  /** Messages are in another state. */
  change(changed: readonly StoredMessage[]): void {
    for (const message of changed) {
      const name = `${message.gid}.${message.id}`;
      this.asked.get(name)?.push(message);
      const old = this.known.get(name);
      if (old !== undefined && old !== "gone") this.known.set(name, newer(old, message));
    }
  }

  clear(): void {
    this.known.clear();
    this.asked.clear();
  }

  private async ask(gid: number, id: number): Promise<void> {
    const name = `${gid}.${id}`;
    if (this.asked.has(name)) return;
    const meanwhile: StoredMessage[] = [];
    this.asked.set(name, meanwhile);
    const answer = await this.fetch(gid, id);
    if (this.asked.get(name) !== meanwhile) return;
    // What was answered may be older than what was told since.
    const found = answer === null || answer === "gone" ? answer : meanwhile.reduce(newer, answer);
    if (found === null) {
      this.later(() => {
        this.asked.delete(name);
        this.changed(gid);
      });
      return;
    }
    this.asked.delete(name);
    this.known.set(name, found);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.known.delete(oldest);
    }
    this.changed(gid);
  }
}

/** Ids ascend within a chat. */
export function atId(messages: readonly StoredMessage[], id: number): StoredMessage | null {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  const found = messages[low];
  return found?.id === id ? found : null;
}

/** Finds a message by its id in a store that finds by place: `at` gives the newest one at a place or before it. */
export async function findById(at: (seq: number) => Promise<StoredMessage | undefined>, lastSeq: number, id: number): Promise<StoredMessage | null> {
  let low = 1;
  let high = lastSeq;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const message = await at(middle);
    if (message?.id === id) return message;
    if (message === undefined || message.id < id) low = middle + 1;
    else high = message.seq - 1;
  }
  return null;
}

// What the user wants and the server is to learn: messages to send, what to do with messages, drafts, how far they have read.

import { attachedIn, recaptioned } from "./attached";
import type { SentKind } from "./contract";
import { type Act, type Rewritten, type Target, isDoneOn, subject } from "./acts";
import { type Draft, type Intents, type Mark, type Pending, type Snapshot, bySending } from "./storage";
import { type StoredMessage, keyOf } from "./wire";

/** A message or an act, in the one order of sending. */
export type Item = { readonly is: "message"; readonly entry: Pending } | { readonly is: "act"; readonly act: Act };

/** So many that are settled are remembered. */
const OVER = 10_000;
const NONE: readonly Act[] = [];

/** The intents of all tabs, as far as this one was told. */
export class Intended {
  private readonly entries = new Map<string, Pending>();
  private readonly actsById = new Map<string, Act>();
  /** Of each chat: the acts on each message, in order; made when asked for. */
  private readonly byKey = new Map<number, ReadonlyMap<string, readonly Act[]>>();
  private readonly rewrites = new Map<number, Map<string, Rewritten>>();
  private readonly draftsByGid = new Map<number, Draft>();
  private readonly marksByGid = new Map<number, Mark>();
  /** Settled here: what is told of them late is old. */
  private readonly over = new Set<string>();
  private lastOrder = 0;

  get drafts(): ReadonlyMap<number, Draft> {
    return this.draftsByGid;
  }

  get marks(): ReadonlyMap<number, Mark> {
    return this.marksByGid;
  }

  load({ intents }: Snapshot): void {
    for (const map of [this.entries, this.actsById, this.byKey, this.rewrites, this.draftsByGid, this.marksByGid]) map.clear();
    this.apply(intents);
  }

  apply({ pending, acts, settled, drafts, marks, rewrites }: Intents): void {
    for (const entry of pending ?? []) {
      this.entries.set(entry.clientMsgId, entry);
      this.lastOrder = Math.max(this.lastOrder, entry.order);
    }
    for (const act of acts ?? []) {
      if (this.over.has(act.id)) continue;
      this.actsById.set(act.id, act);
      this.byKey.delete(act.gid);
      this.lastOrder = Math.max(this.lastOrder, act.order);
    }
    for (const id of settled ?? []) this.settle(id);
    for (const draft of drafts ?? []) this.draftsByGid.set(draft.gid, draft);
    for (const mark of marks ?? []) {
      // Another tab may be behind.
      if (mark.seq > (this.marksByGid.get(mark.gid)?.seq ?? -1)) this.marksByGid.set(mark.gid, mark);
    }
    for (const words of rewrites ?? []) {
      const ofChat = this.rewrites.get(words.gid) ?? new Map<string, Rewritten>();
      if (words.words === null) ofChat.delete(words.key);
      else this.rewrites.set(words.gid, ofChat.set(words.key, words));
    }
  }

  /** What they are on is of a store that is gone. */
  forgetOfStore(): void {
    for (const map of [this.marksByGid, this.actsById, this.byKey, this.rewrites]) map.clear();
  }

  /** For what is sent after all that is known. */
  nextOrder(): number {
    return ++this.lastOrder;
  }

  entry(clientMsgId: string): Pending | undefined {
    return this.entries.get(clientMsgId);
  }

  act(id: string): Act | undefined {
    return this.actsById.get(id);
  }

  /** In the order of sending. */
  outbox(gid?: number): readonly Pending[] {
    const all = [...this.entries.values()];
    return (gid === undefined ? all : all.filter((entry) => entry.gid === gid)).sort(bySending);
  }

  /** In the order of sending. */
  acts(gid?: number): readonly Act[] {
    if (this.actsById.size === 0) return NONE;
    const all = [...this.actsById.values()];
    return (gid === undefined ? all : all.filter((act) => act.gid === gid)).sort(byOrder);
  }

  /** Those on one message; the same list until one of them changes. */
  actsOn(gid: number, key: string): readonly Act[] {
    if (this.actsById.size === 0) return NONE;
    let ofChat = this.byKey.get(gid);
    if (ofChat === undefined) {
      const made = new Map<string, Act[]>();
      for (const act of this.acts(gid)) for (const { key } of act.on) made.set(key, [...(made.get(key) ?? []), act]);
      this.byKey.set(gid, (ofChat = made));
    }
    return ofChat.get(key) ?? NONE;
  }

  /** A message that is not sent yet as one wants it by now: as it was edited; null where it was taken back. */
  asWanted(uid: number, entry: Pending): Pending | null {
    let wanted = entry;
    for (const { deed, state } of this.actsOn(entry.gid, keyOf(uid, entry.clientMsgId))) {
      if (state.is === "failed") continue;
      if (deed.is === "recall") return null;
      if (deed.is !== "edit") continue;
      const { kind, content, mentions, mentionAll } = deed;
      wanted = { ...wanted, kind, content, extras: { ...wanted.extras, mentions, mentionAll } };
    }
    return wanted;
  }

  /** Messages and acts together. */
  queue(): readonly Item[] {
    const items: Item[] = [...this.entries.values()].map((entry) => ({ is: "message", entry }));
    for (const act of this.actsById.values()) items.push({ is: "act", act });
    return items.sort((a, b) => orderOf(a) - orderOf(b) || (idOf(a) < idOf(b) ? -1 : 1));
  }

  words(gid: number, key: string): Rewritten | null {
    return this.rewrites.get(gid)?.get(key) ?? null;
  }

  get kept(): readonly Rewritten[] {
    return [...this.rewrites.values()].flatMap((ofChat) => [...ofChat.values()]);
  }

  /** Which entries these messages are, once stored. */
  settledBy(uid: number, messages: readonly StoredMessage[]): readonly string[] {
    if (this.entries.size === 0) return [];
    const own = messages.filter((message) => {
      return message.uid === uid && this.entries.get(message.clientMsgId)?.gid === message.gid;
    });
    return own.map((message) => message.clientMsgId);
  }

  /** What is done by what is now known of these messages: acts that are done, and those that know their message now. */
  doneBy(messages: readonly StoredMessage[]): Intents {
    const settled: string[] = [];
    const acts: Act[] = [];
    for (const message of this.actsById.size === 0 ? [] : messages) {
      // What the server says is of before an earlier act on the same thing, if there is one.
      const open = new Set<string | null>();
      for (const act of this.actsOn(message.gid, keyOf(message.uid, message.clientMsgId))) {
        const isOpen = open.has(subject(act));
        if (act.state.is !== "failed") open.add(subject(act));
        if (act.state.is !== "failed" && !isOpen && isDoneOn(message, act)) {
          settled.push(act.id);
          open.delete(subject(act));
        } else if (act.on.some(({ key, id }) => id === null && key === keyOf(message.uid, message.clientMsgId))) {
          acts.push(aimed(act, message));
        } else if (act.deed.is === "edit" && knowsNoFile(act.deed.content, message)) {
          acts.push(aimed(act, message));
        }
      }
    }
    return { ...(acts.length > 0 && { acts }), ...(settled.length > 0 && { settled }) };
  }

  /** The acts on a message of which its id is known now. */
  aimedAt(gid: number, key: string, id: number): readonly Act[] {
    const waiting = this.actsOn(gid, key).filter((act) => act.on.some((one) => one.key === key && one.id === null));
    return waiting.map((act) => ({ ...act, on: act.on.map((one) => (one.key === key ? { ...one, id } : one)) }));
  }

  /** Those that are not known, and were not before. */
  unknown({ pending = [], acts = [] }: Intents): Intents {
    return {
      pending: pending.filter(({ clientMsgId }) => !this.entries.has(clientMsgId) && !this.over.has(clientMsgId)),
      acts: acts.filter(({ id }) => !this.actsById.has(id) && !this.over.has(id)),
    };
  }

  private settle(id: string): void {
    this.over.add(id);
    const oldest = this.over.values().next().value;
    if (this.over.size > OVER && oldest !== undefined) this.over.delete(oldest);
    this.entries.delete(id);
    const act = this.actsById.get(id);
    if (act === undefined) return;
    this.actsById.delete(id);
    this.byKey.delete(act.gid);
  }
}

function aimed(act: Act, message: StoredMessage): Act {
  const key = keyOf(message.uid, message.clientMsgId);
  const known: Target = { key, id: message.id, seq: message.seq };
  const { deed } = act;
  const meant = deed.is === "edit" && knowsNoFile(deed.content, message) ? { ...deed, kind: message.kind as SentKind, content: recaptioned(message.content, deed.content) } : deed;
  return { ...act, deed: meant, on: act.on.map((one) => (one.key === key ? known : one)) };
}

/** A caption that was written before the server had said what it was written below. */
function knowsNoFile(content: string, message: StoredMessage): boolean {
  const attached = attachedIn(message.kind, content);
  return attached !== null && attached.file === null && message.noted?.recalledAt === undefined;
}

function orderOf(item: Item): number {
  return item.is === "message" ? item.entry.order : item.act.order;
}

function idOf(item: Item): string {
  return item.is === "message" ? item.entry.clientMsgId : item.act.id;
}

function byOrder(a: Act, b: Act): number {
  return a.order - b.order || (a.id < b.id ? -1 : 1);
}

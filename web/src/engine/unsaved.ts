// What the user wants and the store is not known to have yet: drafts, messages on their way out, and messages that were
// taken back.
//
// A transaction that begins while a page is closing may never end, and what was written last is what people miss. So each
// of these is noted before anything else happens, in a place that answers at once; the note goes when the store, or the
// server, has it.
//
// All tabs share that place, and it has no locks. So each message has a note of its own, and so has the draft of each chat:
// no tab ever writes again what it read of another thing. Enter moves the text from the draft to a message, whose note
// comes first: there is no moment at which it is neither.

import type { Notes } from "./ports";
import type { Act } from "./acts";
import type { Draft, Intents, Pending } from "./storage";

/** A message that the user took back; the store may still have it. */
const TAKEN_BACK = "taken back";

export class Unsaved {
  private readonly prefix: string;

  constructor(
    private readonly notes: Notes,
    uid: number,
  ) {
    this.prefix = `rim.unsaved.${uid}.`;
  }

  /** Before it is stored. */
  note({ pending, acts, settled, drafts }: Intents): void {
    for (const act of acts ?? []) this.notes.set(this.ofAct(act.id), JSON.stringify(act));
    for (const one of pending ?? []) this.notes.set(this.ofMessage(one.clientMsgId), JSON.stringify(one));
    for (const id of settled ?? []) this.notes.set(this.ofMessage(id), TAKEN_BACK);
    for (const draft of drafts ?? []) this.notes.set(this.ofDraft(draft.gid), noteOf(draft));
  }

  /** It is stored where it will last. */
  saved({ pending, acts, settled, drafts }: Intents): void {
    for (const { id } of acts ?? []) this.notes.set(this.ofAct(id), null);
    // A message may have been taken back since.
    for (const { clientMsgId } of pending ?? []) this.settled(clientMsgId);
    for (const id of settled ?? []) {
      if (this.notes.get(this.ofMessage(id)) === TAKEN_BACK) this.notes.set(this.ofMessage(id), null);
    }
    for (const draft of drafts ?? []) {
      const name = this.ofDraft(draft.gid);
      if (this.notes.get(name) === noteOf(draft)) this.notes.set(name, null);
    }
  }

  /** The message is wanted no more: the server has it, or the user took it back, which stays noted until it is stored. */
  settled(clientMsgId: string): void {
    if (this.notes.get(this.ofAct(clientMsgId)) !== null) this.notes.set(this.ofAct(clientMsgId), null);
    const name = this.ofMessage(clientMsgId);
    const text = this.notes.get(name);
    if (text !== null && text !== TAKEN_BACK) this.notes.set(name, null);
  }

  /** What pages before this one did not live to store. */
  left(): Required<Pick<Intents, "pending" | "acts" | "settled" | "drafts">> {
    this.splitOld();
    const pending: Pending[] = [];
    const acts: Act[] = [];
    const settled: string[] = [];
    const drafts: Draft[] = [];
    for (const name of this.names()) {
      const text = this.notes.get(name);
      const [, kind, id] = /^([mad])\.(.*)$/.exec(name.slice(this.prefix.length)) ?? [];
      if (text === null || id === undefined) continue;
      if (kind === "d") drafts.push(draftIn(Number(id), text));
      else if (kind === "a") acts.push(...actIn(text));
      else if (text === TAKEN_BACK) settled.push(id);
      else pending.push(...messageIn(text));
    }
    return { pending, acts, settled, drafts };
  }

  clear(): void {
    for (const name of this.names()) this.notes.set(name, null);
  }

  /** An earlier client had one note for all of a chat. */
  private splitOld(): void {
    for (const name of this.names()) {
      const gid = Number(name.slice(this.prefix.length));
      const text = this.notes.get(name);
      if (Number.isNaN(gid) || text === null) continue;
      const { draft, pending } = chatIn(text);
      this.note({ pending, ...(draft !== null && { drafts: [{ gid, text: draft }] }) });
      this.notes.set(name, null);
    }
  }

  private names(): readonly string[] {
    return this.notes.names().filter((name) => name.startsWith(this.prefix));
  }

  private ofMessage(clientMsgId: string): string {
    return `${this.prefix}m.${clientMsgId}`;
  }

  private ofAct(id: string): string {
    return `${this.prefix}a.${id}`;
  }

  private ofDraft(gid: number): string {
    return `${this.prefix}d.${gid}`;
  }
}

/** The text, behind what it answers where it answers something. */
function noteOf({ text, replyTo = null }: Draft): string {
  return replyTo === null ? text : `\0${replyTo}\0${text}`;
}

function draftIn(gid: number, note: string): Draft {
  const [, replyTo, text] = /^\0(\d+)\0([^]*)$/.exec(note) ?? [];
  return text === undefined ? { gid, text: note } : { gid, text, replyTo: Number(replyTo) };
}

/** Written by this client, or by one of another age: what has not the right shape is nothing. */
function messageIn(text: string): readonly Pending[] {
  const one = parsed(text) as Partial<Pending> | null;
  return typeof one?.clientMsgId === "string" && typeof one.gid === "number" ? [one as Pending] : [];
}

function actIn(text: string): readonly Act[] {
  const one = parsed(text) as Partial<Act> | null;
  return typeof one?.id === "string" && typeof one.gid === "number" && Array.isArray(one.on) ? [one as Act] : [];
}

function chatIn(text: string): { readonly draft: string | null; readonly pending: readonly Pending[] } {
  const one = parsed(text) as { readonly draft?: unknown; readonly pending?: unknown } | null;
  return {
    draft: typeof one?.draft === "string" ? one.draft : null,
    pending: Array.isArray(one?.pending) ? (one.pending as Pending[]) : [],
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// What the user wants and the store is not known to have yet: drafts, and messages on their way out.
//
// A transaction that begins while a page is closing may never end, and what was written last is what people miss. So each
// of these is noted before anything else happens, in a place that answers at once; the note goes when the store, or the
// server, has it. Draft and messages of one chat are one note: Enter moves the text from one to the other, and there is no
// moment at which it is both, or neither.

import type { Notes } from "./ports";
import type { Batch, Draft, Pending } from "./storage";

interface Note {
  /** Null: the store has it. */
  readonly draft: string | null;
  readonly pending: readonly Pending[];
}

const NOTHING: Note = { draft: null, pending: [] };

export class Unsaved {
  private readonly prefix: string;

  constructor(
    private readonly notes: Notes,
    uid: number,
  ) {
    this.prefix = `rim.unsaved.${uid}.`;
  }

  /** Before it is stored. */
  note({ pending, drafts }: Batch): void {
    for (const gid of chatsOf(pending, drafts)) {
      const old = this.read(gid);
      const draft = drafts?.findLast((one) => one.gid === gid)?.text ?? old.draft;
      const added = (pending ?? []).filter((one) => one.gid === gid);
      const ids = new Set(added.map(({ clientMsgId }) => clientMsgId));
      this.write(gid, { draft, pending: [...old.pending.filter(({ clientMsgId }) => !ids.has(clientMsgId)), ...added] });
    }
  }

  /** It is stored where it will last. */
  saved({ pending, drafts }: Batch): void {
    for (const gid of chatsOf(pending, drafts)) {
      const old = this.read(gid);
      if (old === NOTHING) continue;
      const draft = drafts?.some((one) => one.gid === gid && one.text === old.draft) === true ? null : old.draft;
      const ids = new Set((pending ?? []).map(({ clientMsgId }) => clientMsgId));
      this.write(gid, { draft, pending: old.pending.filter(({ clientMsgId }) => !ids.has(clientMsgId)) });
    }
  }

  /** The message is wanted no more: the server has it, or the user took it back. */
  settled(clientMsgId: string, gid: number): void {
    const old = this.read(gid);
    const pending = old.pending.filter((one) => one.clientMsgId !== clientMsgId);
    if (pending.length < old.pending.length) this.write(gid, { ...old, pending });
  }

  /** What pages before this one did not live to store. */
  left(): { readonly pending: readonly Pending[]; readonly drafts: readonly Draft[] } {
    const pending: Pending[] = [];
    const drafts: Draft[] = [];
    for (const gid of this.gids()) {
      const note = this.read(gid);
      pending.push(...note.pending);
      if (note.draft !== null) drafts.push({ gid, text: note.draft });
    }
    return { pending, drafts };
  }

  clear(): void {
    for (const gid of this.gids()) this.write(gid, NOTHING);
  }

  private gids(): readonly number[] {
    const names = this.notes.names().filter((name) => name.startsWith(this.prefix));
    return names.map((name) => Number(name.slice(this.prefix.length)));
  }

  private read(gid: number): Note {
    const text = this.notes.get(`${this.prefix}${gid}`);
    return (text === null ? null : decode(text)) ?? NOTHING;
  }

  private write(gid: number, note: Note): void {
    const empty = note.draft === null && note.pending.length === 0;
    this.notes.set(`${this.prefix}${gid}`, empty ? null : JSON.stringify(note));
  }
}

function chatsOf(pending: Batch["pending"], drafts: Batch["drafts"]): ReadonlySet<number> {
  return new Set([...(pending ?? []), ...(drafts ?? [])].map(({ gid }) => gid));
}

/** Written by this client, or by one of another age: what has not the right shape is nothing. */
function decode(text: string): Note | null {
  try {
    const { draft, pending } = JSON.parse(text) as { draft?: unknown; pending?: unknown };
    if ((draft !== null && typeof draft !== "string") || !Array.isArray(pending)) return null;
    return { draft, pending: pending as Pending[] };
  } catch {
    return null;
  }
}

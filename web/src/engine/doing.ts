// What the user does with messages, made into intents.

import { type Act, type Deed, REWRITE_MS, type Rewritten, type Target, supersedes } from "./acts";
import type { Extras, MessageActs, Rewrite } from "./contract";
import type { Intended } from "./intended";
import { MAX_CONTENT_BYTES } from "./limits.gen";
import type { Ports } from "./ports";
import type { Replica } from "./replica";
import type { Intents, Pending } from "./storage";
import { type StoredMessage, keyOf } from "./wire";

/** Why something is not even asked for, as the reasons of the server are. */
export function tooLong(content: string): Pending["state"] {
  const isTooLong = new TextEncoder().encode(content).length > MAX_CONTENT_BYTES;
  return isTooLong ? { is: "failed", reason: `content: at most ${MAX_CONTENT_BYTES} bytes` } : { is: "waiting" };
}

/** So many are hidden by one request. */
const MOST_HIDDEN = 100;

export class Doing {
  constructor(
    private readonly ports: Ports,
    private readonly replica: Replica,
    private readonly intents: Intended,
    /** The message of that name, wherever it was met. */
    private readonly find: (gid: number, key: string) => StoredMessage | null,
    private readonly intend: (intents: Intents) => void,
  ) {}

  edit(gid: number, key: string, to: Parameters<MessageActs["edit"]>[2]): void {
    const { kind, content, mentions = [], mentionAll = false } = to;
    const entry = this.entry(gid, key);
    if (entry?.state.is === "failed") {
      const extras: Extras = { ...entry.extras, mentions, mentionAll };
      this.intend({ pending: [{ ...entry, kind, content, extras, state: tooLong(content), to: this.replica.addressee(gid) }] });
    } else this.actOn(gid, key, { is: "edit", kind, content, mentions, mentionAll }, tooLong(content));
  }

  recall(gid: number, key: string): void {
    const entry = this.entry(gid, key);
    if (entry?.state.is === "failed") {
      this.intend({ settled: [entry.clientMsgId, ...this.intents.actsOn(gid, key).map(({ id }) => id)] });
      return;
    }
    const words = this.words(gid, key);
    this.actOn(gid, key, { is: "recall" }, { is: "waiting" }, words === null ? {} : { rewrites: [words] });
  }

  hide(gid: number, keys: readonly string[]): void {
    const stored = keys.filter((key) => this.entry(gid, key) === null);
    // Of what is not sent nobody else has anything.
    for (const key of keys) if (this.entry(gid, key) !== null) this.recall(gid, key);
    const on = stored.flatMap((key) => this.target(gid, key) ?? []);
    const acts: Act[] = [];
    for (let at = 0; at < on.length; at += MOST_HIDDEN) acts.push(this.act(gid, on.slice(at, at + MOST_HIDDEN), { is: "hide" }));
    if (acts.length > 0) this.intend({ acts });
  }

  /** One has listened to a voice message. */
  open(gid: number, key: string): void {
    const message = this.find(gid, key);
    if (message?.kind !== "Audio" || message.uid === this.replica.uid || message.noted?.opened?.mine === true) return;
    if (this.intents.actsOn(gid, key).some(({ deed }) => deed.is === "open")) return;
    this.actOn(gid, key, { is: "open" });
  }

  clear(gid: number): void {
    const seq = this.replica.groups.get(gid)?.lastSeq ?? 0;
    if (seq > 0) this.intend({ acts: [this.act(gid, [], { is: "clear", seq })] });
  }

  actOn(gid: number, key: string, deed: Deed, state: Act["state"] = { is: "waiting" }, more: Intents = {}): void {
    const target = this.target(gid, key);
    if (target === null) return;
    const act = this.act(gid, [target], deed, state);
    // What has failed before on the same thing is answered by this.
    const settled = this.intents.actsOn(gid, key).filter((old) => old.state.is === "failed" && supersedes(act, old));
    this.intend({ ...more, acts: [act], ...(settled.length > 0 && { settled: settled.map(({ id }) => id) }) });
  }

  forward(from: number, keys: readonly string[], to: readonly number[], how: { merged: boolean; origin: boolean }): void {
    const found = keys.flatMap((key) => this.find(from, key) ?? []).sort((a, b) => a.seq - b.seq);
    if (found.length === 0 || to.length === 0) return;
    const on = found.map((message) => targetOf(message));
    this.intend({ acts: [this.act(from, on, { is: "forward", to, merged: how.merged, withoutOrigin: !how.origin })] });
  }

  schedule(gid: number, message: Parameters<MessageActs["schedule"]>[1]): void {
    const { kind, content, sendAt, ...extras } = message;
    this.intend({ acts: [this.act(gid, [], { is: "schedule", kind, content, sendAt, extras }, tooLong(content))] });
  }

  retry(id: string): void {
    const act = this.intents.act(id);
    if (act?.state.is !== "failed") return;
    this.intend({ acts: [{ ...act, order: this.intents.nextOrder(), state: { is: "waiting" } }] });
  }

  dismiss(id: string): void {
    if (this.intents.act(id)?.state.is === "failed") this.intend({ settled: [id] });
  }

  /** Recalled words that have been kept for long enough, to be forgotten; and when the next ones are, in milliseconds. */
  stale(): { readonly rewrites: readonly Rewritten[]; readonly nextMs: number | null } {
    const now = this.ports.now();
    const left = this.intents.kept.map((kept) => ({ kept, ms: kept.at + REWRITE_MS - now }));
    // A clock that was set back must not keep them for ever.
    const old = left.filter(({ ms }) => ms <= 0 || ms > REWRITE_MS);
    const rest = left.filter((each) => !old.includes(each)).map(({ ms }) => ms);
    return { rewrites: old.map(({ kept }) => ({ ...kept, words: null })), nextMs: rest.length === 0 ? null : Math.min(...rest) };
  }

  target(gid: number, key: string): Target | null {
    const message = this.find(gid, key);
    if (message !== null) return targetOf(message);
    return this.entry(gid, key) === null ? null : { key, id: null, seq: null };
  }

  private act(gid: number, on: readonly Target[], deed: Deed, state: Act["state"] = { is: "waiting" }): Act {
    const [order, at, store] = [this.intents.nextOrder(), this.ports.now(), this.replica.home?.store ?? null];
    return { id: this.ports.uuid(), gid, order, at, on, deed, state, store };
  }

  private entry(gid: number, key: string): Pending | null {
    const prefix = keyOf(this.replica.uid, "");
    const entry = key.startsWith(prefix) ? this.intents.entry(key.slice(prefix.length)) : undefined;
    return entry?.gid === gid ? entry : null;
  }

  /** What a message of one's own says, as it is edited by now. */
  private words(gid: number, key: string): Rewritten | null {
    const message = this.find(gid, key);
    const entry = this.entry(gid, key);
    const said = message ?? entry;
    // Of a picture or a file there are no words to write again.
    if (said === null || (said.kind !== "Text" && said.kind !== "RichText")) return null;
    if ((message !== null && message.uid !== this.replica.uid) || message?.noted?.recalledAt !== undefined) return null;
    const beside = message?.noted ?? entry?.extras ?? {};
    let words: Omit<Rewrite, "replyTo"> = {
      kind: said.kind,
      content: said.content,
      mentions: beside.mentions ?? [],
      mentionAll: beside.mentionAll === true,
    };
    for (const { deed, state } of this.intents.actsOn(gid, key)) {
      if (deed.is !== "edit" || state.is === "failed") continue;
      const { kind, content, mentions, mentionAll } = deed;
      words = { kind, content, mentions, mentionAll };
    }
    return { gid, key, at: this.ports.now(), words: { ...words, replyTo: beside.replyTo ?? null } };
  }
}

function targetOf({ uid, clientMsgId, id, seq }: StoredMessage): Target {
  return { key: keyOf(uid, clientMsgId), id, seq };
}

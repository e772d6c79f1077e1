// Lists about messages, and what may be done with those that are sent later: asked for when somebody opens them, and loaded
// when they open the first one.

import type { Found, FoundPage, GalleryPart, HitPage, MessageActs, Outcome, Rescheduling, SearchFilter, User } from "./contract";
import type { Later } from "./later";
import type { Met } from "./met";
import { type Answer, type Rest, done, outcome } from "./rest";
import type { Views } from "./views";
import type { Operation } from "./shape";
import { beside, known, listed, messageList, sendable } from "./wire";
import { type MentionList, type MessageList, listMentions, scheduleMessage } from "./wire.gen";
import * as wire from "./wire.later.gen";

/** Of one page. */
const PAGE = 50;
/** So many pages of answers are read, of 200 each. */
const REPLIES = 10;
/** So many pages with nothing in them are passed over. */
const EMPTY = 10;

const NO_SUCH_SCHEDULED: Outcome = { ok: false, problem: { is: "refused", message: "no such scheduled message" } };

/** Which page, or the first one behind a place. */
interface From {
  readonly page: number;
  readonly before?: number;
}

export class Lists {
  /** Where each page of a list has ended. */
  private readonly ends = new Map<string, number>();

  constructor(
    private readonly rest: Rest,
    private readonly views: Views,
    private readonly met: Met,
    private readonly later: Later,
    private readonly uuid: () => string,
    /** The id of the message of that name. */
    private readonly idOf: (gid: number, key: string) => number | null,
    private readonly introduce: (users: readonly User[]) => void,
  ) {}

  async edits(gid: number, key: string): ReturnType<MessageActs["edits"]> {
    const answer = await this.about(gid, key, (named) => this.rest.ask(wire.listEdits, named));
    return mappedTo(answer, (edits) => edits.map(({ kind, content, createdAt: at }) => ({ kind: known(kind), content, at })));
  }

  async reactors(gid: number, key: string, emoji: string | null, page: number): ReturnType<MessageActs["reactors"]> {
    const answer = await this.about(gid, key, (named) => {
      return this.rest.ask(wire.listReactions, { ...named, ...(emoji !== null && { emoji }), page, size: PAGE });
    });
    if (answer.ok) this.introduce(answer.value.map(({ user }) => user));
    return mappedTo(answer, (reactors) => ({
      entries: reactors.map(({ emoji: with_, user, createdAt: at }) => ({ emoji: with_, user: this.views.user(user.id), at })),
      more: reactors.length === PAGE,
    }));
  }

  async readers(gid: number, key: string): ReturnType<MessageActs["readers"]> {
    const answer = await this.about(gid, key, (named) => this.rest.ask(wire.listReaders, named));
    return mappedTo(answer, ({ read, of, uids, more }) => ({ read, of, users: uids && uids.map((uid) => this.views.user(uid)), more }));
  }

  async replies(gid: number, key: string): Promise<Outcome<readonly Found[]>> {
    const found: Found[] = [];
    for (let after = 0, pages = 0; pages < REPLIES; pages++) {
      const answer = await this.about(gid, key, (named) => this.rest.ask(wire.listReplies, { ...named, after }));
      if (!answer.ok) return answer;
      found.push(...this.found(answer.value));
      after = answer.value.messages.at(-1)?.seq ?? 0;
      if (!answer.value.more) break;
    }
    return { ok: true, value: found };
  }

  async mentions(gid: number | null, page: number): Promise<Outcome<FoundPage>> {
    const ask = (from: From) => this.rest.ask(listMentions, { ...(gid !== null && { gid }), ...from, size: PAGE });
    return this.paged(`mentions ${gid ?? "of all"}`, page, ask);
  }

  async stars(page: number): Promise<Outcome<FoundPage>> {
    return this.paged("stars", page, (from) => this.rest.ask(wire.listStars, { ...from, size: PAGE }));
  }

  /** A page may have nothing in it that one sees, and others behind it. */
  async gallery(gid: number, what: GalleryPart, before: number | null): Promise<Outcome<FoundPage>> {
    const end = `${what} of ${gid} `;
    let from = this.ends.get(end + before) ?? before;
    for (let pages = 0; ; pages++) {
      const answer = await this.rest.ask(wire.listMedia, { gid, what, size: PAGE, ...(from !== null && { before: from }) });
      if (!answer.ok) return outcome(answer);
      const { next, messages } = answer.value;
      const last = messages.at(-1);
      if (last !== undefined && next !== null) this.ends.set(end + last.seq, next);
      if (last !== undefined || next === null || pages >= EMPTY) return this.page(answer);
      from = next;
    }
  }

  async reschedule(id: number, change: Rescheduling): Promise<Outcome> {
    const old = this.later.find(id);
    const kind = old === null ? null : sendable(old.kind);
    if (old === null || kind === null) return NO_SUCH_SCHEDULED;
    const { gid, content, sendAt, ...extras } = { ...old, ...change };
    return this.scheduling(scheduleMessage, { id, gid, kind, content, sendAt, clientMsgId: this.uuid(), ...beside(extras) });
  }

  async cancelScheduled(id: number): Promise<Outcome> {
    return this.scheduling(wire.cancelScheduled, { id });
  }

  async sendScheduled(id: number): Promise<Outcome> {
    return this.scheduling(wire.sendScheduled, { id });
  }

  /** Null: this server does not look for messages. */
  async search(words: string, filter: SearchFilter, next: number | null): Promise<Outcome<HitPage | null>> {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const { is = [], ...asks } = filter;
    // The last of the words may be the beginning of one, so they stay behind.
    const q = [...is.map((each) => `is:${each}`), words].filter((part) => part !== "").join(" ");
    const asked = { ...(q !== "" && { q }), ...asks, ...(next !== null && { beforeId: next }), size: PAGE, zone };
    const answer = await this.rest.ask(wire.searchMessages, asked);
    if (!answer.ok) return answer.code === 404 ? { ok: true, value: null } : outcome(answer);
    const { hits, next: from, partial } = answer.value;
    this.introduce(hits.map(({ user }) => user));
    const found = hits.map(({ msg, user, group, text, ranges }) => ({ message: listed(msg), user, group, text, ranges }));
    this.met.remember(found.map(({ message }) => message));
    return {
      ok: true,
      value: {
        hits: found.map(({ message, user, group, text, ranges }) => ({
          message: this.views.message(message),
          sender: this.views.user(user.id),
          title: this.views.title(message.gid) || group.name,
          text: text ?? message.content,
          ranges: ranges.flatMap(([start, end]) => (start === undefined || end === undefined ? [] : [[start, end] as const])),
        })),
        next: from,
        partial,
      },
    };
  }

  private async scheduling<Asked extends object>(operation: Operation<Asked, unknown>, asked: Asked): Promise<Outcome> {
    const answer = await this.rest.ask(operation, asked);
    await this.later.load();
    return done(answer);
  }

  /** From where the page before has ended, where that is known: then nothing is passed over, nor left out. */
  private async paged(list: string, page: number, ask: (from: From) => Promise<Answer<MentionList>>): Promise<Outcome<FoundPage>> {
    const before = page === 1 ? undefined : this.ends.get(`${list} ${page - 1}`);
    const answer = await ask(before === undefined ? { page } : { page: 1, before });
    if (answer.ok && answer.value.next !== null) this.ends.set(`${list} ${page}`, answer.value.next);
    return this.page(answer);
  }

  private page(answer: Answer<MessageList>): Outcome<FoundPage> {
    return mappedTo(outcome(answer), (list) => ({ found: this.found(list), more: list.more }));
  }

  private found(list: MessageList): readonly Found[] {
    const { messages, users } = messageList(list);
    this.introduce(users);
    this.met.remember(messages);
    return messages.map((message) => {
      const { gid, uid } = message;
      return { message: this.views.message(message), sender: this.views.user(uid), title: this.views.title(gid) };
    });
  }

  private async about<T>(gid: number, key: string, ask: (named: { gid: number; msgId: number }) => Promise<Answer<T>>): Promise<Outcome<T>> {
    const msgId = this.idOf(gid, key);
    if (msgId === null) return { ok: false, problem: { is: "refused", message: "no such message" } };
    return outcome(await ask({ gid, msgId }));
  }
}

function mappedTo<T, U>(answer: Outcome<T>, make: (value: T) => U): Outcome<U> {
  return answer.ok ? { ok: true, value: make(answer.value) } : answer;
}

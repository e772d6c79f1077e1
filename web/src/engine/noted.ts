// The state of a message: what it has beside its content. An object of a later `rev` replaces one of an earlier, whichever
// comes first.

import type { StoredMessage } from "./wire";
import type { ForwardedFrom, Link, Message, Opened } from "./wire.gen";

export interface NotedReaction {
  readonly emoji: string;
  readonly count: number;
  /** Null: whoever told it told everybody alike. */
  readonly mine: boolean | null;
  readonly uids: readonly number[];
}

/** As it comes. */
export type Beside = Pick<
  Message,
  | "replyTo" | "mentions" | "mentionAll" | "forwardedFrom" | "editedAt"
  | "recalledAt" | "recalledBy" | "reactions" | "pinnedAt" | "expiresAt" | "opened" | "links"
>;

export interface Noted {
  readonly replyTo?: number;
  readonly mentions?: readonly number[];
  readonly mentionAll?: true;
  readonly forwardedFrom?: ForwardedFrom;
  readonly editedAt?: number;
  readonly recalledAt?: number;
  readonly recalledBy?: number;
  readonly reactions?: readonly NotedReaction[];
  readonly pinnedAt?: number;
  readonly expiresAt?: number;
  /** Of a voice message that somebody has listened to. */
  readonly opened?: Opened;
  readonly links?: readonly Link[];
}

/** Undefined where there is nothing, as with most messages. */
export function notedOf(beside: Partial<Beside>): Noted | undefined {
  const { replyTo = null, mentions = null, mentionAll = null, forwardedFrom = null, expiresAt = null } = beside;
  const { editedAt = null, recalledAt = null, recalledBy = null, reactions = null, pinnedAt = null, opened = null, links = null } = beside;
  // Key by key first: to build what is nothing takes ten times as long.
  if (
    replyTo === null && mentions === null && mentionAll === null && forwardedFrom === null && editedAt === null &&
    recalledAt === null && reactions === null && pinnedAt === null && expiresAt === null && opened === null && links === null
  ) return undefined;
  const noted: Noted = {
    ...(replyTo !== null && { replyTo }),
    ...(mentions !== null && mentions.length > 0 && { mentions }),
    ...(mentionAll === true && { mentionAll }),
    ...(forwardedFrom !== null && { forwardedFrom }),
    ...(editedAt !== null && { editedAt }),
    ...(recalledAt !== null && { recalledAt }),
    ...(recalledBy !== null && { recalledBy }),
    ...(reactions !== null && reactions.length > 0 && { reactions }),
    ...(pinnedAt !== null && { pinnedAt }),
    ...(expiresAt !== null && { expiresAt }),
    ...(opened !== null && { opened }),
    ...(links !== null && links.length > 0 && { links }),
  };
  return Object.keys(noted).length === 0 ? undefined : noted;
}

/** Which of two objects of one message holds; with what the later one could not say of oneself. */
export function newer(old: StoredMessage | undefined, next: StoredMessage): StoredMessage {
  if (old === undefined || old.id !== next.id) return next;
  if (old.rev > next.rev) return old;
  const { reactions = [], opened } = next.noted ?? {};
  if (opened?.mine !== null && reactions.every(({ mine }) => mine !== null)) return next;
  const known = new Map(old.noted?.reactions?.map(({ emoji, mine }) => [emoji, mine]));
  const whole = reactions.map((each) => ({ ...each, mine: each.mine ?? known.get(each.emoji) ?? null }));
  const heard = opened && { ...opened, mine: opened.mine ?? old.noted?.opened?.mine ?? null };
  return { ...next, noted: { ...next.noted, ...(whole.length > 0 && { reactions: whole }), ...(heard !== undefined && { opened: heard }) } };
}

/** What somebody's doing says of the one who reads it. */
export function withMine(message: StoredMessage, uid: number, actor: number, emoji: string | null): StoredMessage {
  const { reactions, opened } = message.noted ?? {};
  if (reactions === undefined && opened === undefined) return message;
  const told = reactions?.map((each) => {
    const { uids, count } = each;
    if (uids.includes(uid)) return { ...each, mine: true };
    // All of them are named, or it is oneself who has just taken it away.
    const isNot = uids.length >= count || (actor === uid && each.emoji === emoji);
    return isNot ? { ...each, mine: false } : each;
  });
  const heard = opened && { ...opened, mine: opened.uids.includes(uid) || (opened.uids.length >= opened.count ? false : opened.mine) };
  return { ...message, noted: { ...message.noted, ...(told !== undefined && { reactions: told }), ...(heard !== undefined && { opened: heard }) } };
}

export function mentionsUser(message: StoredMessage, uid: number): boolean {
  const { noted } = message;
  return noted !== undefined && message.uid !== uid && (noted.mentionAll === true || noted.mentions?.includes(uid) === true);
}

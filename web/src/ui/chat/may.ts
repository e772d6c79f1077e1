// What one may do with a message. The server decides; this is so that nobody is offered what it would refuse. Pure.

import type { ChatView, Limits, Message } from "../../engine/contract";
import { wordsOf } from "./caption";

export interface May {
  readonly reply: boolean;
  readonly react: boolean;
  readonly edit: boolean;
  readonly recall: boolean;
  readonly pin: boolean;
  readonly forward: boolean;
  /** Copy, star and hide: what concerns nobody else. */
  readonly keep: boolean;
  readonly copy: boolean;
  readonly readers: boolean;
}

const NOTHING: May = {
  reply: false,
  react: false,
  edit: false,
  recall: false,
  pin: false,
  forward: false,
  keep: false,
  copy: false,
  readers: false,
};

export function mayDo(message: Message, view: ChatView, meId: number, now: number, limits: Limits): May {
  const stored = message.seq !== null;
  const words = wordsOf(message) !== null;
  if (message.recalled !== null) return { ...NOTHING, keep: stored };
  const own = message.uid === meId;
  const { member, group, self, settings } = view;
  // What is not sent yet is sent as it was edited, or not at all.
  if (!stored) return { ...NOTHING, copy: true, edit: member && words, recall: true };
  return {
    reply: member,
    react: member,
    edit: member && own && words && message.forwarded === null && isWithin(limits.editWindowMs, message, now),
    recall: member && ((own && isWithin(limits.recallWindowMs, message, now)) || mayRecallOf(message.uid, view, meId)),
    pin: member && (group.single || group.creator === meId || self?.admin === true || settings?.whoPins === "all"),
    forward: message.expiresAt === null,
    keep: true,
    copy: true,
    readers: member && !group.single,
  };
}

function isWithin(windowMs: number | null, { at }: Message, now: number): boolean {
  return windowMs === null || now - at < windowMs;
}

/** The words of others: admins those of members, the creator all. Who has left ranks as a member. */
function mayRecallOf(uid: number, { group, self, members }: ChatView, meId: number): boolean {
  if (group.single) return false;
  if (group.creator === meId) return true;
  if (self?.admin !== true || uid === group.creator) return false;
  return members.find(({ user }) => user.id === uid)?.admin !== true;
}

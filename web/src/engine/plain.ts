// What a message has beside its content, where it has nothing: shared, so that rows are drawn once.

import type { Latest, Message } from "./contract";

type Beside =
  | "replyTo" | "mentions" | "mentionAll" | "forwarded" | "editedAt" | "recalled"
  | "reactions" | "pinnedAt" | "expiresAt" | "starred" | "heard" | "links" | "change";

export const PLAIN: Pick<Message, Beside> = {
  replyTo: null,
  mentions: [],
  mentionAll: false,
  forwarded: null,
  editedAt: null,
  recalled: null,
  reactions: [],
  pinnedAt: null,
  expiresAt: null,
  starred: false,
  heard: null,
  links: [],
  change: null,
};

export const NO_QUOTES: ReadonlyMap<number, Message | "gone"> = new Map();

/** Before anything was listed. */
export const NOT_LISTED: Latest = () => null;

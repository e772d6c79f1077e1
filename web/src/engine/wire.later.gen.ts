// Made by scripts/wire.mjs from docs/openapi.json and docs/frames.json. Not to be edited: `npm run wire` writes it.

import { FLAG, INTEGER, NATURAL, TEXT, type Operation, type Shape } from "./shape";
import { Group, type Kind, Message, MessageList, type MessageRef, User } from "./wire.gen";

/** What a message said at a time. */
export interface EditState {
  readonly content: string;
  /** Since when, Unix milliseconds. */
  readonly createdAt: number;
  readonly kind: string;
}
export const EditState: Shape<EditState> = {
  content: TEXT,
  createdAt: INTEGER,
  kind: TEXT,
};

/** `POST /api/message/reactions`. */
export interface ReactionsRequest {
  readonly gid: number;
  readonly msgId: number;
  /** Only those who gave this one. */
  readonly emoji?: string | null;
  /** From 1, where it is left out. */
  readonly page?: number | null;
  /** 50 where left out, 200 at the most. */
  readonly size?: number | null;
}

/** Somebody who reacted to a message. */
export interface Reactor {
  readonly emoji: string;
  readonly user: User;
  /** When they did, Unix milliseconds. */
  readonly createdAt: number;
}
export const Reactor: Shape<Reactor> = {
  emoji: TEXT,
  user: User,
  createdAt: INTEGER,
};

/** Who has read a message: of those who were members when it was sent and are, without its sender. */
export interface Readers {
  /** How many have read it. */
  readonly read: number;
  /** How many they are. */
  readonly of: number;
  /** Who has; null in groups of more than 200 members. */
  readonly uids: readonly number[] | null;
  /** Whether there are members who are not counted: of a group of more than 5,000 only those who joined first are. */
  readonly more: boolean;
}
export const Readers: Shape<Readers> = {
  read: NATURAL,
  of: NATURAL,
  uids: [[NATURAL], null],
  more: FLAG,
};

/** `POST /api/message/replies`. */
export interface RepliesRequest {
  readonly gid: number;
  readonly msgId: number;
  /** Only those of a larger `seq`: the last of the answer before, where that says `more`. */
  readonly after?: number | null;
}

/** A list of the gallery. */
export type GalleryPart = "picture" | "voice" | "file" | "link";

/** `POST /api/message/media`. */
export interface MediaRequest {
  readonly gid: number;
  readonly what: GalleryPart;
  /** Only those of a smaller `seq`: the `next` of the answer before. */
  readonly before?: number | null;
  /** 50 where left out, 100 at the most. */
  readonly size?: number | null;
}

/** Messages of the gallery, the newest first. */
export interface MediaList {
  readonly messages: readonly Message[];
  /** Everybody whom they name, once. */
  readonly users: readonly User[];
  /** Whether there may be more. */
  readonly more: boolean;
  /** Where they begin. */
  readonly next: number | null;
}
export const MediaList: Shape<MediaList> = {
  messages: [Message],
  users: [User],
  more: FLAG,
  next: [NATURAL, null],
};

/** What a message may have. */
export type SearchedFor = "link" | "image" | "video" | "audio" | "file";

/** `POST /api/message/search`. */
export interface SearchRequest {
  /**
   * Words, phrases in quotes, and operators; 256 characters and 10 of these at the most. The last word may be the beginning of
   * one, unless a blank stands behind it.
   */
  readonly q?: string | null;
  /** In this group alone. */
  readonly gid?: number | null;
  /** Of this sender alone. */
  readonly uid?: number | null;
  /** Of one of these kinds. */
  readonly kinds?: readonly Kind[];
  /** With one of these. */
  readonly has?: readonly SearchedFor[];
  /** Sent before that, Unix milliseconds. */
  readonly before?: number | null;
  /** Sent then or later, Unix milliseconds. */
  readonly after?: number | null;
  /** Only older ones: the `next` of the answer before. */
  readonly beforeId?: number | null;
  /** 20 where left out, 50 at the most. */
  readonly size?: number | null;
  /** The zone of the dates in `q`, such as `Europe/Berlin`; the server's where left out or unknown. */
  readonly zone?: string | null;
}

/** A message that was looked for. */
export interface SearchHit {
  readonly msg: Message;
  readonly group: Group;
  /** Its sender. */
  readonly user: User;
  /** What was looked at, where that is not the content: names of files and what is said of them, one a line. */
  readonly text: string | null;
  /** Where it has what was asked for: from and to in UTF-16 units of `text`, or of the content where there is none. */
  readonly ranges: readonly (readonly number[])[];
}
export const SearchHit: Shape<SearchHit> = {
  msg: Message,
  group: Group,
  user: User,
  text: [TEXT, null],
  ranges: [[NATURAL]],
};

/** What was found, the newest first. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** Whether there may be more. */
  readonly more: boolean;
  /** Whether some messages were not looked at, as that would have taken long. */
  readonly partial: boolean;
  /** Where more begin. */
  readonly next: number | null;
}
export const SearchAnswer: Shape<SearchAnswer> = {
  hits: [SearchHit],
  more: FLAG,
  partial: FLAG,
  next: [NATURAL, null],
};

/** `POST /api/message/schedule/cancel`. */
export interface ScheduledCancel {
  readonly id: number;
}

/** `POST /api/message/schedule/now`. */
export interface ScheduledNow {
  readonly id: number;
}

/** `POST /api/message/stars`. */
export interface StarsRequest {
  /** From 1, where it is left out. */
  readonly page?: number | null;
  /** 50 where left out, 200 at the most. */
  readonly size?: number | null;
  /** Only older ones: the `next` of the answer before. Pages are counted from there. */
  readonly before?: number | null;
}

/** Messages with a star of one's own, the latest star first. */
export interface StarList {
  /** Without those that one may not see any more. */
  readonly messages: readonly Message[];
  /** Everybody whom they name, once. */
  readonly users: readonly User[];
  /** Whether there are more. */
  readonly more: boolean;
  /** Where they begin. */
  readonly next: number | null;
}
export const StarList: Shape<StarList> = {
  messages: [Message],
  users: [User],
  more: FLAG,
  next: [NATURAL, null],
};

/** Read what a message has said */
export const listEdits: Operation<MessageRef, readonly EditState[]> = { post: "/api/message/edits", answers: [EditState] };

/** List who reacted to a message */
export const listReactions: Operation<ReactionsRequest, readonly Reactor[]> = { post: "/api/message/reactions", answers: [Reactor] };

/** Ask who has read a message */
export const listReaders: Operation<MessageRef, Readers> = { post: "/api/message/readers", answers: Readers };

/** List the answers to a message */
export const listReplies: Operation<RepliesRequest, MessageList> = { post: "/api/message/replies", answers: MessageList };

/** List what was sent in a group: pictures, voice messages, files or links */
export const listMedia: Operation<MediaRequest, MediaList> = { post: "/api/message/media", answers: MediaList };

/** Search the messages that one may see */
export const searchMessages: Operation<SearchRequest, SearchAnswer> = { post: "/api/message/search", answers: SearchAnswer };

/** Cancel a scheduled message */
export const cancelScheduled: Operation<ScheduledCancel, boolean> = { post: "/api/message/schedule/cancel", answers: FLAG };

/** Send a scheduled message now */
export const sendScheduled: Operation<ScheduledNow, Message> = { post: "/api/message/schedule/now", answers: Message };

/** List the messages with a star of one's own */
export const listStars: Operation<StarsRequest, StarList> = { post: "/api/message/stars", answers: StarList };

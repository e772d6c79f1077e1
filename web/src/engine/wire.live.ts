// Operations about messages that wire.gen.ts does not have yet.

import { FLAG, INTEGER, NATURAL, type Operation, type Shape, TEXT } from "./shape";
import * as gen from "./wire.gen";

export interface MessageList {
  readonly messages: readonly gen.Message[];
  readonly users: readonly gen.User[];
  readonly more: boolean | null;
}
const MessageList: Shape<MessageList> = { messages: [gen.Message], users: [gen.User], more: [FLAG, null] };

interface Named {
  readonly gid: number;
  readonly msgId: number;
}

export const getMessage: Operation<Named, gen.Message> = { post: "/api/message/get", answers: gen.Message };
export const around: Operation<{ gid: number; seq: number; before: number; after: number }, MessageList> = {
  post: "/api/message/around",
  answers: MessageList,
};
export const pins: Operation<{ gid: number }, MessageList> = { post: "/api/message/pins", answers: MessageList };
export const replies: Operation<Named, MessageList> = { post: "/api/message/replies", answers: MessageList };
export const mentions: Operation<{ gid?: number; page: number; size: number }, MessageList> = {
  post: "/api/message/mentions",
  answers: MessageList,
};
export const stars: Operation<{ page: number; size: number }, MessageList> = { post: "/api/message/stars", answers: MessageList };

export interface EditState {
  readonly content: string;
  readonly createdAt: number;
}
export const edits: Operation<Named, readonly EditState[]> = {
  post: "/api/message/edits",
  answers: [{ content: TEXT, createdAt: INTEGER }],
};
export interface Reactor {
  readonly emoji: string;
  readonly user: gen.User;
  readonly createdAt: number;
}
export const reactions: Operation<Named & { emoji?: string; page: number; size: number }, readonly Reactor[]> = {
  post: "/api/message/reactions",
  answers: [{ emoji: TEXT, user: gen.User, createdAt: INTEGER }],
};
export interface Readers {
  readonly read: number;
  readonly of: number;
  readonly uids: readonly number[] | null;
}
export const readers: Operation<Named, Readers> = {
  post: "/api/message/readers",
  answers: { read: NATURAL, of: NATURAL, uids: [[NATURAL], null] },
};

export const hide: Operation<{ gid: number; msgIds: readonly number[] }, boolean> = { post: "/api/message/hide", answers: FLAG };
export const clear: Operation<{ gid: number; seq: number }, boolean> = { post: "/api/message/clear", answers: FLAG };
export const star: Operation<Named, boolean> = { post: "/api/message/star", answers: FLAG };
export const unstar: Operation<Named, boolean> = { post: "/api/message/unstar", answers: FLAG };
export interface Forward {
  readonly from: number;
  readonly msgIds: readonly number[];
  readonly to: readonly number[];
  readonly merged?: boolean;
  readonly withoutOrigin?: boolean;
  readonly clientMsgId: string;
}
export const forward: Operation<Forward, readonly (readonly gen.Message[])[]> = { post: "/api/message/forward", answers: [[gen.Message]] };

export interface Schedule {
  /** The one that it replaces. */
  readonly id?: number;
  readonly gid: number;
  readonly kind: gen.SentMsg["kind"];
  readonly content: string;
  readonly sendAt: number;
  readonly clientMsgId: string;
  readonly replyTo?: number;
  readonly mentions?: readonly number[];
  readonly mentionAll?: boolean;
}
export const schedule: Operation<Schedule, { readonly id: number }> = { post: "/api/message/schedule", answers: { id: NATURAL } };
export interface ScheduledState {
  readonly id: number;
  readonly gid: number;
  readonly kind: string;
  readonly content: string;
  readonly sendAt: number;
  readonly failed: string | null;
  readonly replyTo: number | null;
  readonly mentions: readonly number[] | null;
  readonly mentionAll: boolean | null;
}
export const scheduled: Operation<Record<string, never>, readonly ScheduledState[]> = {
  post: "/api/message/schedule/list",
  answers: [{
    id: NATURAL, gid: NATURAL, kind: TEXT, content: TEXT, sendAt: INTEGER, failed: [TEXT, null],
    replyTo: [NATURAL, null], mentions: [[NATURAL], null], mentionAll: [FLAG, null],
  }],
};
export const cancelScheduled: Operation<{ id: number }, boolean> = { post: "/api/message/schedule/cancel", answers: FLAG };
export const sendScheduled: Operation<{ id: number }, gen.Message> = { post: "/api/message/schedule/now", answers: gen.Message };

export const groupSettings: Operation<{ gid: number } & Partial<Settings>, Settings> = {
  post: "/api/group/settings",
  answers: { whoPins: [TEXT, null], whoMentionsAll: [TEXT, null], expireSeconds: [NATURAL, null] },
};

export type Settings = Pick<gen.Group, "whoPins" | "whoMentionsAll" | "expireSeconds">;

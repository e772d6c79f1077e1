// Operations about messages that wire.gen.ts does not have yet.

import { FLAG, INTEGER, NATURAL, type Operation, TEXT } from "./shape";
import * as gen from "./wire.gen";

interface Named {
  readonly gid: number;
  readonly msgId: number;
}

export const getMessage: Operation<Named, gen.Message> = { post: "/api/message/get", answers: gen.Message };
export const around: Operation<{ gid: number; seq: number; before: number; after: number }, gen.MessageList> = {
  post: "/api/message/around",
  answers: gen.MessageList,
};
export const stars: Operation<{ page: number; size: number }, gen.MessageList> = { post: "/api/message/stars", answers: gen.MessageList };

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

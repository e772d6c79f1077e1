// Operations about messages that wire.gen.ts does not have yet.

import { FLAG, type Operation } from "./shape";
import * as gen from "./wire.gen";

interface Named {
  readonly gid: number;
  readonly msgId: number;
}

export const getMessage: Operation<Named, gen.Message> = { post: "/api/message/get", answers: gen.Message };
export interface AroundAnswer {
  readonly messages: readonly gen.Message[];
  readonly users: readonly gen.User[];
  readonly older: boolean;
  readonly newer: boolean;
}
export const around: Operation<{ gid: number; seq: number; before: number; after: number }, AroundAnswer> = {
  post: "/api/message/around",
  answers: { messages: [gen.Message], users: [gen.User], older: FLAG, newer: FLAG },
};
export const stars: Operation<{ page: number; size: number }, gen.MessageList> = { post: "/api/message/stars", answers: gen.MessageList };

export const hide: Operation<{ gid: number; msgIds: readonly number[] }, boolean> = { post: "/api/message/hide", answers: FLAG };
export const clear: Operation<{ gid: number; seq: number }, boolean> = { post: "/api/message/clear", answers: FLAG };
export const star: Operation<Named, boolean> = { post: "/api/message/star", answers: FLAG };
export const unstar: Operation<Named, boolean> = { post: "/api/message/unstar", answers: FLAG };

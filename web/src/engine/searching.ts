// Looking for messages, on the wire.

import { FLAG, NATURAL, type Operation, type Shape, TEXT } from "./shape";
import { Group, Message, User } from "./wire.gen";

export interface SearchRequest {
  readonly q?: string;
  readonly gid?: number;
  readonly uid?: number;
  readonly has?: readonly ("link" | "image" | "video" | "audio" | "file")[];
  readonly before?: number;
  readonly after?: number;
  readonly beforeId?: number;
  readonly size?: number;
  readonly zone?: string;
}

export interface SearchHit {
  readonly msg: Message;
  readonly group: Group;
  readonly user: User;
  /** What the ranges are of, where that is not the content. */
  readonly text: string | null;
  readonly ranges: readonly (readonly number[])[];
}
export const SearchHit: Shape<SearchHit> = { msg: Message, group: Group, user: User, text: [TEXT, null], ranges: [[NATURAL]] };

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  readonly partial: boolean;
  readonly next: number | null;
}
export const SearchAnswer: Shape<SearchAnswer> = { hits: [SearchHit], partial: FLAG, next: [NATURAL, null] };

export const searchMessages: Operation<SearchRequest, SearchAnswer> = { post: "/api/message/search", answers: SearchAnswer };

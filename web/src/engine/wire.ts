// What travels between the engine and the server, where the engine has it otherwise than the wire.
//
// Types and checks of the wire itself are made from the server's documents (wire.gen.ts). Nothing here does I/O.

import type { Extras, GroupSettings, MessageKind, SentKind, ServerInfo, Who } from "./contract";
import type { Range } from "./storage";
import { FLAG, INTEGER, type Shape, TEXT, WireError, fieldsOf, read } from "./shape";
import { type Beside, type Noted, notedOf } from "./noted";
import * as wire from "./wire.gen";

/** A stored message, however it came: pushed, synced or from history. */
export interface StoredMessage {
  readonly gid: number;
  readonly seq: number;
  readonly rev: number;
  readonly id: number;
  readonly uid: number;
  readonly kind: MessageKind;
  readonly content: string;
  readonly clientMsgId: string;
  /** Unix milliseconds, by the server's clock. */
  readonly at: number;
  /** Absent where it has nothing beside its content. */
  readonly noted?: Noted;
}

/** The name of a message among those of its chat, from the first moment on. */
export function keyOf(uid: number, clientMsgId: string): string {
  return `${uid}.${clientMsgId}`;
}

/** What happened in a group, told after the message of that `seq`. `kind` may be one that this client does not know yet. */
export interface GroupEvent extends Omit<wire.GroupEvent, "createdAt"> {
  readonly at: number;
}

export interface HappenedPage {
  readonly events: readonly GroupEvent[];
  readonly users: readonly wire.User[];
}

export interface GroupDelta extends Omit<wire.GroupDelta, "messages" | "changed" | "expired" | "events" | "joinedAt" | "group"> {
  readonly group: (wire.Group & { readonly settings: GroupSettings | null }) | null;
  readonly messages: readonly StoredMessage[];
  /** Those that are not new and have changed. */
  readonly changed: readonly StoredMessage[];
  readonly expired: readonly Range[];
  readonly events: readonly GroupEvent[];
  readonly joinedAt: number;
}

export interface SyncAnswer extends Omit<wire.SyncAnswer, "groups" | "chats" | "hidden" | "cleared" | "starred"> {
  readonly groups: readonly GroupDelta[];
  readonly chats: readonly wire.ChatState[];
  readonly hidden: readonly { readonly gid: number; readonly ranges: readonly Range[] }[];
  readonly cleared: readonly wire.ClearedState[];
  readonly starred: readonly wire.StarState[];
}

/** A change that is no message. */
export interface NoticeFrame extends Omit<wire.ReceivedNotify, "msg" | "seqs"> {
  readonly msg: StoredMessage | null;
  readonly ranges: readonly Range[] | null;
}

export interface HistoryPage {
  readonly messages: readonly StoredMessage[];
  readonly users: readonly wire.User[];
}

/** A part of a chat, and whether there is more on either side of it. */
export interface AroundPage extends HistoryPage {
  readonly older: boolean;
  readonly newer: boolean;
}

/** A frame of the server. */
export type Incoming =
  | ({ readonly is: "ack" } & wire.ReceivedAck)
  | { readonly is: "error"; readonly clientMsgId: string; readonly code: number; readonly reason: string }
  | { readonly is: "message"; readonly message: StoredMessage }
  | { readonly is: "notice"; readonly notice: NoticeFrame }
  /** Of a later protocol. */
  | { readonly is: "unknown" };

/** A frame of the client. */
export type Outgoing =
  | { readonly event: "Login"; readonly uid: number; readonly token: string; readonly clientMsgId: string }
  | ({ readonly event: "Msg" } & wire.SentMsg)
  | ({ readonly event: "Read" } & wire.SentRead)
  | ({ readonly event: "Ack" } & wire.SentAck)
  | ({ readonly event: "Edit" } & wire.SentEdit)
  | ({ readonly event: "React" } & wire.SentReact)
  | ({ readonly event: "Unreact" } & wire.SentUnreact)
  | ({ readonly event: "Recall" } & wire.SentRecall)
  | ({ readonly event: "Pin" } & wire.SentPin)
  | ({ readonly event: "Unpin" } & wire.SentUnpin)
  | ({ readonly event: "Open" } & wire.SentOpen)
  | ({ readonly event: "Typing" } & wire.SentTyping)
  /** Replaces whom this connection watched before. */
  | ({ readonly event: "Watch" } & wire.SentWatch)
  | ({ readonly event: "Heart" } & wire.SentHeart);

/** The four keys of every answer of the REST operations. */
export interface Envelope {
  readonly ok: boolean;
  readonly code: number;
  readonly msg: string | null;
  readonly data: unknown;
}

/** Codes of frames that mean: not now, or not certain; the same frame again. */
export const AGAIN: ReadonlySet<number> = new Set([429, 503, 504]);

/** What is not known to be done or not. */
export const UNSURE = 504;

export function sameStore(one: wire.StoreState, other: wire.StoreState): boolean {
  return one.id === other.id && one.epoch === other.epoch;
}

export function encodeFrame(frame: Outgoing): string {
  const { clientMsgId } = frame;
  switch (frame.event) {
    case "Login":
      return encoded("Login", { kind: "Text", uid: frame.uid, content: frame.token, clientMsgId, echo: true });
    case "Msg":
    case "Edit":
    case "React":
    case "Unreact": {
      const { event, ...body } = frame;
      return JSON.stringify({ event, body });
    }
    case "Recall":
    case "Pin":
    case "Unpin":
    case "Open":
    case "Typing": {
      const { event, ...body } = frame;
      return JSON.stringify({ event, body: { kind: "Text", content: "", ...body } });
    }
    case "Read":
    case "Ack":
      return encoded(frame.event, {
        kind: "Text", uid: frame.uid, gid: frame.gid, content: "", clientMsgId, msgId: frame.msgId,
      });
    case "Watch":
      return encoded("Watch", { kind: "Text", uid: frame.uid, content: "", clientMsgId, uids: frame.uids });
    case "Heart":
      return encoded("Heart", { clientMsgId });
  }
}

/** Only what applies: what a plain message says is what it always said. */
export function beside({ replyTo = null, mentions = [], mentionAll = false }: Extras): Pick<wire.SentMsg, "replyTo" | "mentions" | "mentionAll"> {
  return {
    ...(replyTo !== null && { replyTo }),
    ...(mentions.length > 0 && { mentions }),
    ...(mentionAll && { mentionAll }),
  };
}

/** What the first servers wanted of every frame, and no server reads where the frame does not need it. */
interface Ballast {
  readonly kind: "Text";
  readonly content: "";
}

function encoded<E extends keyof wire.Sent>(event: E, body: wire.Sent[E] & Partial<Omit<Ballast, keyof wire.Sent[E]>>): string {
  return JSON.stringify({ event, body });
}

export function decodeFrame(text: string): Incoming {
  const frame = parsed(text);
  const { event, kind, body } = fieldsOf(frame);
  switch (event === undefined ? `answer ${kind}` : event) {
    case "answer Ack":
      return { is: "ack", ...read(frame, wire.ReceivedAck) };
    case "answer Error": {
      const { content: reason, ...answer } = read(frame, wire.ReceivedError);
      return { is: "error", reason, ...answer };
    }
    case "Msg": {
      const message = read(body, wire.ReceivedMsg);
      return { is: "message", message: storedMessage(message, message.msgId, message.clientMsgId) };
    }
    case "Notify":
      return { is: "notice", notice: noticeFrame(read(body, wire.ReceivedNotify)) };
    default:
      return { is: "unknown" };
  }
}

const ENVELOPE: Shape<Omit<Envelope, "data">> = { ok: FLAG, code: INTEGER, msg: [TEXT, null] };

export function decodeEnvelope(text: string): Envelope {
  const answer = parsed(text);
  return { ...read(answer, ENVELOPE), data: fieldsOf(answer)["data"] };
}

export function serverInfo({ registration, empty, remotePictures, directory }: wire.ServerInfo): ServerInfo {
  return {
    registration: registration === "open",
    empty,
    // Of a server from before these were settings.
    remotePictures: remotePictures === "never" ? "never" : "ask",
    directory: directory === "contacts" ? "contacts" : "everybody",
  };
}

function noticeFrame({ msg, seqs, ...notice }: wire.ReceivedNotify): NoticeFrame {
  return { ...notice, msg: msg && listed(msg), ranges: seqs && rangesIn(seqs) };
}

export function syncAnswer({ groups, chats, hidden, cleared, starred, ...answer }: wire.SyncAnswer): SyncAnswer {
  return {
    ...answer,
    groups: groups.map(groupDelta),
    chats: chats ?? [],
    hidden: (hidden ?? []).map(({ gid, seqs }) => ({ gid, ranges: rangesIn(seqs) })),
    cleared: cleared ?? [],
    starred: starred ?? [],
  };
}

export function settingsOf({ whoPins, whoMentionsAll, expireSeconds }: Pick<wire.Group, "whoPins" | "whoMentionsAll" | "expireSeconds">): GroupSettings {
  const who = (named: string | null): Who => (named === "all" ? "all" : "admins");
  return { whoPins: who(whoPins), whoMentionsAll: who(whoMentionsAll), expireSeconds: expireSeconds ?? 0 };
}

export function aroundPage({ messages, users, older, newer }: wire.AroundAnswer): AroundPage {
  return { messages: messages.map(listed), users, older, newer };
}

export function messageList({ messages, users }: wire.MessageList): HistoryPage {
  return { messages: messages.map(listed), users };
}

export function historyPage(rows: readonly wire.ChatItem[]): HistoryPage {
  const users = new Map(rows.map(({ user }) => [user.id, user]));
  return { messages: rows.map(({ msg }) => listed(msg)), users: [...users.values()] };
}

export function happenedPage({ events, users }: wire.EventsAnswer): HappenedPage {
  return { events: events.map(groupEvent), users };
}

function groupDelta({ group, messages, changed, expired, events, joinedAt, ...delta }: wire.GroupDelta): GroupDelta {
  return {
    ...delta,
    // A server from before messages lived says nothing of it.
    group: group && { ...group, settings: group.whoPins === null ? null : settingsOf(group) },
    messages: messages.map(listed),
    changed: (changed ?? []).map(listed),
    expired: rangesIn(expired ?? []),
    // A server from before these had them says nothing of them.
    events: (events ?? []).map(groupEvent),
    joinedAt: joinedAt ?? 0,
  };
}

function rangesIn(seqs: readonly (readonly number[])[]): readonly Range[] {
  return seqs.flatMap(([from, to]) => (from === undefined || to === undefined || from > to ? [] : [{ from, to }]));
}

export function listed(message: wire.Message): StoredMessage {
  return storedMessage(message, message.id, message.client_msg_id);
}

/** Key by key: to copy what is left of an object takes ten times as long, and these come by the thousand. */
function storedMessage(
  message: Omit<wire.ReceivedMsg, "msgId" | "clientMsgId"> & Partial<Beside>,
  id: number,
  clientMsgId: string,
): StoredMessage {
  const { gid, seq, rev, uid, kind, content, createdAt: at } = message;
  const noted = notedOf(message);
  if (noted === undefined) return { gid, seq, rev, id, uid, kind: known(kind), content, clientMsgId, at };
  return { gid, seq, rev, id, uid, kind: known(kind), content, clientMsgId, at, noted };
}

function groupEvent({ createdAt: at, ...event }: wire.GroupEvent): GroupEvent {
  return { ...event, at };
}

/** Null: only the server makes such a message. */
export function sendable(kind: MessageKind): SentKind | null {
  return kind === "Merged" ? null : kind;
}

/** A kind of a later protocol is kept as `Custom`: what cannot be drawn must still not be lost. */
export function known(kind: string): MessageKind {
  return wire.Kind.find((each) => each === kind) ?? "Custom";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WireError("JSON");
  }
}

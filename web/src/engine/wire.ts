// What travels between the engine and the server, where the engine has it otherwise than the wire.
//
// Types and checks of the wire itself are made from the server's documents (wire.gen.ts). Nothing here does I/O.

import type { Extras, MessageKind, ServerInfo } from "./contract";
import { FLAG, INTEGER, type Shape, TEXT, WireError, fieldsOf, read } from "./shape";
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
}

/** What happened in a group, told after the message of that `seq`. `kind` may be one that this client does not know yet. */
export interface GroupEvent extends Omit<wire.GroupEvent, "createdAt"> {
  readonly at: number;
}

export interface HappenedPage {
  readonly events: readonly GroupEvent[];
  readonly users: readonly wire.User[];
}

export interface GroupDelta extends Omit<wire.GroupDelta, "messages" | "events" | "joinedAt"> {
  readonly messages: readonly StoredMessage[];
  readonly events: readonly GroupEvent[];
  readonly joinedAt: number;
}

export interface SyncAnswer extends Omit<wire.SyncAnswer, "groups" | "chats"> {
  readonly groups: readonly GroupDelta[];
  readonly chats: readonly wire.ChatState[];
}

export interface HistoryPage {
  readonly messages: readonly StoredMessage[];
  readonly users: readonly wire.User[];
}

/** A frame of the server. */
export type Incoming =
  | ({ readonly is: "ack" } & wire.ReceivedAck)
  | { readonly is: "error"; readonly clientMsgId: string; readonly code: number; readonly reason: string }
  | { readonly is: "message"; readonly message: StoredMessage }
  | { readonly is: "notice"; readonly notice: wire.ReceivedNotify }
  /** Of a later protocol. */
  | { readonly is: "unknown" };

/** A frame of the client. */
export type Outgoing =
  | { readonly event: "Login"; readonly uid: number; readonly token: string; readonly clientMsgId: string }
  | ({ readonly event: "Msg"; readonly extras?: Extras } & wire.SentMsg)
  | ({ readonly event: "Read" } & wire.SentRead)
  | ({ readonly event: "Ack" } & wire.SentAck)
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
      return encoded("Msg", {
        kind: frame.kind, uid: frame.uid, gid: frame.gid, content: frame.content, clientMsgId, ...beside(frame.extras),
      });
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
function beside({ replyTo = null, mentions = [], mentionAll = false }: Extras = {}): object {
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
      return { is: "notice", notice: read(body, wire.ReceivedNotify) };
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

export function syncAnswer({ groups, chats, ...answer }: wire.SyncAnswer): SyncAnswer {
  return { ...answer, groups: groups.map(groupDelta), chats: chats ?? [] };
}

export function historyPage(rows: readonly wire.ChatItem[]): HistoryPage {
  const users = new Map(rows.map(({ user }) => [user.id, user]));
  return { messages: rows.map(({ msg }) => listed(msg)), users: [...users.values()] };
}

export function happenedPage({ events, users }: wire.EventsAnswer): HappenedPage {
  return { events: events.map(groupEvent), users };
}

function groupDelta({ messages, events, joinedAt, ...delta }: wire.GroupDelta): GroupDelta {
  return {
    ...delta,
    messages: messages.map(listed),
    // A server from before these had them says nothing of them.
    events: (events ?? []).map(groupEvent),
    joinedAt: joinedAt ?? 0,
  };
}

function listed(message: wire.Message): StoredMessage {
  return storedMessage(message, message.id, message.client_msg_id);
}

/** Key by key: to copy what is left of an object takes ten times as long, and these come by the thousand. */
function storedMessage(
  { gid, seq, rev, uid, kind, content, createdAt: at }: Omit<wire.ReceivedMsg, "msgId" | "clientMsgId">,
  id: number,
  clientMsgId: string,
): StoredMessage {
  return { gid, seq, rev, id, uid, kind: known(kind), content, clientMsgId, at };
}

function groupEvent({ createdAt: at, ...event }: wire.GroupEvent): GroupEvent {
  return { ...event, at };
}

/** A kind of a later protocol is kept as `Custom`: what cannot be drawn must still not be lost. */
function known(kind: string): MessageKind {
  if (kind === "Merged") return kind;
  return wire.Kind.find((each) => each === kind) ?? "Custom";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WireError("JSON");
  }
}

// What travels between the engine and the server: types, and strict decoding into them.
//
// Nothing here does I/O. What cannot be decoded is an error that names the key, never a half-read value.

import type { Device, MessageKind, ServerInfo, User } from "./contract";

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

export interface WireGroup {
  readonly id: number;
  readonly name: string;
  readonly avatar: string;
  readonly mode: number;
  readonly creatorUid: number;
}

export interface WireMember {
  readonly uid: number;
  readonly role: number;
  readonly left: boolean;
  readonly readSeq: number;
  readonly deliveredSeq: number;
}

/** What happened in a group, told after the message of that `seq`. */
export interface WireEvent {
  readonly rev: number;
  readonly seq: number;
  /** As the Notify of it; may be one that this client does not know yet. */
  readonly kind: string;
  readonly uid: number;
  readonly uids: readonly number[];
  readonly count: number;
  readonly name: string | null;
  readonly role: number | null;
  readonly at: number;
}

export interface HappenedPage {
  readonly events: readonly WireEvent[];
  readonly users: readonly User[];
}

export interface GroupDelta {
  readonly gid: number;
  readonly rev: number;
  readonly member: boolean;
  readonly group: WireGroup | null;
  readonly lastSeq: number;
  readonly unread: number;
  readonly messages: readonly StoredMessage[];
  readonly skippedTo: number | null;
  readonly members: readonly WireMember[];
  readonly membersOmitted: boolean;
  readonly more: boolean;
  /** Up to where one has deleted the chat from one's list; null where one has not. */
  readonly deletedSeq: number | null;
  readonly joinedAt: number;
  readonly events: readonly WireEvent[];
}

/** A chat with which the user did something, on whichever device. */
export interface ChatState {
  readonly gid: number;
  readonly deletedSeq: number | null;
  /** How far it is read, also after one has left. */
  readonly readSeq: number;
}

export type Friendship = "none" | "incoming" | "outgoing" | "friends";

export interface FriendRecord {
  readonly uid: number;
  readonly state: Friendship;
}

/** Which store the server has; `rev`, `seq` and ids mean something only together with it. */
export interface StoreState {
  readonly id: string;
  /** Another one after every restore of a backup. */
  readonly epoch: number;
}

export function sameStore(one: StoreState, other: StoreState): boolean {
  return one.id === other.id && one.epoch === other.epoch;
}

export interface SyncRequest {
  readonly rev: number;
  readonly groups: readonly { readonly gid: number; readonly rev: number }[];
  readonly limit: number;
  readonly window: number;
  /** The store that all of this is of: from another one everything is answered. */
  readonly store?: StoreState;
  /** Only groups above this one are asked for. */
  readonly after?: number;
  /** Only groups up to this one: the others are asked for when these are answered. */
  readonly to?: number;
}

export interface SyncAnswer {
  readonly rev: number;
  readonly me: User | null;
  readonly friends: readonly FriendRecord[];
  readonly groups: readonly GroupDelta[];
  readonly users: readonly User[];
  readonly more: boolean;
  /** Null from a server that does not tell it. */
  readonly store: StoreState | null;
  readonly chats: readonly ChatState[];
  /** The server's clock, Unix milliseconds; null from a server that does not tell it. */
  readonly now: number | null;
  /** Of the groups up to this one everything is answered; null where that is all, or from a server that does not tell. */
  readonly next: number | null;
}

export interface HistoryPage {
  readonly messages: readonly StoredMessage[];
  readonly users: readonly User[];
}

export interface ListedMember {
  readonly user: User;
  readonly role: number;
}

export interface ListedPage {
  readonly members: readonly ListedMember[];
  readonly count: number;
  readonly next: number | null;
  /** Of oneself; null where one is no member. */
  readonly role: number | null;
}

/** A change that is no message. `kind` may be one that this client does not know yet. */
export interface Notice {
  readonly kind: string;
  readonly uid: number;
  readonly gid: number | null;
  readonly seq: number | null;
  readonly rev: number | null;
  /** Whom a ProfileUpdated tells of, unless this connection was told just before. */
  readonly user: User | null;
}

/** A frame of the server. */
export type Incoming =
  | {
      readonly is: "ack";
      readonly clientMsgId: string;
      readonly serverMsgId: number | null;
      /** Of a Login. */
      readonly store: StoreState | null;
    }
  | { readonly is: "error"; readonly clientMsgId: string; readonly code: number; readonly reason: string }
  | { readonly is: "message"; readonly message: StoredMessage }
  | { readonly is: "notice"; readonly notice: Notice }
  /** Of a later protocol. */
  | { readonly is: "unknown" };

/** A frame of the client. */
export type Outgoing =
  | { readonly event: "Login"; readonly uid: number; readonly token: string; readonly clientMsgId: string }
  | {
      readonly event: "Msg";
      readonly uid: number;
      readonly gid: number;
      readonly kind: MessageKind;
      readonly content: string;
      readonly clientMsgId: string;
    }
  | {
      readonly event: "Read" | "Ack";
      readonly uid: number;
      readonly gid: number;
      readonly msgId: number;
      readonly clientMsgId: string;
    }
  /** Replaces whom this connection watched before. */
  | { readonly event: "Watch"; readonly uid: number; readonly uids: readonly number[]; readonly clientMsgId: string }
  | { readonly event: "Heart"; readonly clientMsgId: string };

/** The four keys of every answer of the REST operations. */
export interface Envelope {
  readonly ok: boolean;
  readonly code: number;
  readonly msg: string | null;
  readonly data: unknown;
}

/** `content` of a message, in bytes of UTF-8. */
export const MAX_CONTENT_BYTES = 65_536;

/** Codes of frames that mean: not now, or not certain; the same frame again. */
export const AGAIN: ReadonlySet<number> = new Set([429, 503, 504]);

/** What is not known to be done or not. */
export const UNSURE = 504;

export class WireError extends Error {
  override readonly name = "WireError";
}

export type Decode<T> = (value: unknown) => T;

export function encodeFrame(frame: Outgoing): string {
  const { event, clientMsgId } = frame;
  switch (frame.event) {
    case "Login":
      return JSON.stringify({
        event,
        body: { kind: "Text", uid: frame.uid, content: frame.token, clientMsgId, echo: true },
      });
    case "Msg":
      return JSON.stringify({
        event,
        body: { kind: frame.kind, uid: frame.uid, gid: frame.gid, content: frame.content, clientMsgId },
      });
    case "Read":
    case "Ack":
      return JSON.stringify({
        event,
        body: { kind: "Text", uid: frame.uid, gid: frame.gid, content: "", clientMsgId, msgId: frame.msgId },
      });
    case "Watch":
      return JSON.stringify({
        event,
        body: { kind: "Text", uid: frame.uid, content: "", clientMsgId, uids: frame.uids },
      });
    case "Heart":
      return JSON.stringify({ event, body: { clientMsgId } });
  }
}

export function decodeFrame(text: string): Incoming {
  const frame = object(parse(text), "frame");
  if (frame["event"] === undefined) return answer(frame);
  switch (frame["event"]) {
    case "Msg":
      return { is: "message", message: pushedMessage(object(frame["body"], "body")) };
    case "Notify":
      return { is: "notice", notice: notice(object(frame["body"], "body")) };
    default:
      return { is: "unknown" };
  }
}

export function decodeEnvelope(text: string): Envelope {
  const body = object(parse(text), "answer");
  return { ok: flag(body, "ok"), code: int(body, "code"), msg: textOrNull(body, "msg"), data: body["data"] };
}

export const asNothing: Decode<void> = () => undefined;

export const asId: Decode<number> = (value) => {
  if (!isWhole(value)) throw new WireError("expected an id");
  return value;
};

export const asFlag: Decode<boolean> = (value) => {
  if (typeof value !== "boolean") throw new WireError("expected true or false");
  return value;
};

export const asText: Decode<string> = (value) => {
  if (typeof value !== "string") throw new WireError("expected text");
  return value;
};

export const asUser: Decode<User> = (value) => {
  const user = object(value, "user");
  return {
    id: int(user, "id"),
    name: text(user, "name"),
    avatar: text(user, "avatar"),
    email: text(user, "email"),
    account: text(user, "account"),
  };
};

export const asServerInfo: Decode<ServerInfo> = (value) => {
  const info = object(value, "server");
  return {
    registration: text(info, "registration") === "open",
    empty: flag(info, "empty"),
    // Of a server from before these were settings.
    remotePictures: info["remotePictures"] === "never" ? "never" : "ask",
    directory: info["directory"] === "contacts" ? "contacts" : "everybody",
  };
};

export const asDevices: Decode<readonly Device[]> = (value) =>
  list(value, "sessions", (item) => {
    const session = object(item, "session");
    return {
      id: int(session, "id"),
      device: text(session, "device"),
      address: text(session, "address"),
      createdAt: int(session, "createdAt"),
      lastSeenAt: int(session, "lastSeenAt"),
      current: flag(session, "current"),
    };
  });

export const asMembers: Decode<readonly ListedMember[]> = (value) =>
  list(value, "members", (item) => {
    const member = object(item, "member");
    return { user: asUser(member["user"]), role: int(member, "role") };
  });

export const asMembersPage: Decode<ListedPage> = (value) => {
  const page = object(value, "members");
  return {
    members: asMembers(page["members"]),
    count: int(page, "count"),
    next: intOrNull(page, "next"),
    role: intOrNull(page, "role"),
  };
};

export const asHistory: Decode<HistoryPage> = (value) => {
  const users = new Map<number, User>();
  const messages = list(value, "history", (item) => {
    const row = object(item, "item");
    const user = asUser(row["user"]);
    users.set(user.id, user);
    return storedMessage(row["msg"]);
  });
  return { messages, users: [...users.values()] };
};

export const asHappened: Decode<HappenedPage> = (value) => {
  const body = object(value, "events");
  return { events: list(body["events"], "events", groupEvent), users: list(body["users"], "users", asUser) };
};

export const asSync: Decode<SyncAnswer> = (value) => {
  const body = object(value, "sync");
  return {
    rev: int(body, "rev"),
    me: body["me"] === null ? null : asUser(body["me"]),
    friends: list(body["friends"], "friends", (item) => {
      const friend = object(item, "friend");
      return { uid: int(friend, "uid"), state: friendship(friend["state"]) };
    }),
    groups: list(body["groups"], "groups", groupDelta),
    users: list(body["users"], "users", asUser),
    more: flag(body, "more"),
    store: storeOrNull(body),
    chats: list(body["chats"], "chats", (item) => {
      const chat = object(item, "chat");
      return { gid: int(chat, "gid"), deletedSeq: intOrNull(chat, "deletedSeq"), readSeq: int(chat, "readSeq") };
    }),
    now: intOrNull(body, "now"),
    next: intOrNull(body, "next"),
  };
};

function storeOrNull(fields: Fields): StoreState | null {
  if (fields["store"] === null || fields["store"] === undefined) return null;
  const store = object(fields["store"], "store");
  return { id: text(store, "id"), epoch: int(store, "epoch") };
}

function answer(frame: Fields): Incoming {
  const clientMsgId = text(frame, "clientMsgId");
  switch (text(frame, "kind")) {
    case "Ack":
      return { is: "ack", clientMsgId, serverMsgId: intOrNull(frame, "serverMsgId"), store: storeOrNull(frame) };
    case "Error":
      return { is: "error", clientMsgId, code: int(frame, "code"), reason: text(frame, "content") };
    default:
      return { is: "unknown" };
  }
}

function pushedMessage(body: Fields): StoredMessage {
  return {
    gid: int(body, "gid"),
    seq: int(body, "seq"),
    rev: int(body, "rev"),
    id: int(body, "msgId"),
    uid: int(body, "uid"),
    kind: kind(body),
    content: text(body, "content"),
    clientMsgId: text(body, "clientMsgId"),
    at: int(body, "createdAt"),
  };
}

function storedMessage(value: unknown): StoredMessage {
  const message = object(value, "msg");
  return {
    gid: int(message, "gid"),
    seq: int(message, "seq"),
    rev: int(message, "rev"),
    id: int(message, "id"),
    uid: int(message, "uid"),
    kind: kind(message),
    content: text(message, "content"),
    clientMsgId: text(message, "client_msg_id"),
    at: int(message, "createdAt"),
  };
}

function notice(body: Fields): Notice {
  return {
    kind: text(body, "kind"),
    uid: int(body, "uid"),
    gid: intOrNull(body, "gid"),
    seq: intOrNull(body, "seq"),
    rev: intOrNull(body, "rev"),
    user: body["user"] === undefined ? null : asUser(body["user"]),
  };
}

function groupDelta(value: unknown): GroupDelta {
  const delta = object(value, "group delta");
  return {
    gid: int(delta, "gid"),
    rev: int(delta, "rev"),
    member: flag(delta, "member"),
    group: delta["group"] === null ? null : wireGroup(delta["group"]),
    lastSeq: int(delta, "lastSeq"),
    unread: int(delta, "unread"),
    messages: list(delta["messages"], "messages", storedMessage),
    skippedTo: intOrNull(delta, "skippedTo"),
    members: list(delta["members"], "members", wireMember),
    membersOmitted: flag(delta, "membersOmitted"),
    more: flag(delta, "more"),
    deletedSeq: intOrNull(delta, "deletedSeq"),
    // A server from before these had them says nothing of them.
    joinedAt: intOrNull(delta, "joinedAt") ?? 0,
    events: delta["events"] === undefined ? [] : list(delta["events"], "events", groupEvent),
  };
}

function groupEvent(value: unknown): WireEvent {
  const event = object(value, "event");
  return {
    rev: int(event, "rev"),
    seq: int(event, "seq"),
    kind: text(event, "kind"),
    uid: int(event, "uid"),
    uids: list(event["uids"], "uids", asId),
    count: int(event, "count"),
    name: textOrNull(event, "name"),
    role: intOrNull(event, "role"),
    at: int(event, "createdAt"),
  };
}

function wireGroup(value: unknown): WireGroup {
  const group = object(value, "group");
  return {
    id: int(group, "id"),
    name: text(group, "name"),
    avatar: text(group, "avatar"),
    mode: int(group, "mode"),
    creatorUid: int(group, "creatorUid"),
  };
}

function wireMember(value: unknown): WireMember {
  const member = object(value, "member");
  return {
    uid: int(member, "uid"),
    role: int(member, "role"),
    left: flag(member, "left"),
    readSeq: int(member, "readSeq"),
    deliveredSeq: int(member, "deliveredSeq"),
  };
}

const KINDS: ReadonlySet<string> = new Set<MessageKind>([
  "Text",
  "RichText",
  "Image",
  "Audio",
  "Video",
  "File",
  "Location",
  "Card",
  "Custom",
]);

/** A kind of a later protocol is kept as `Custom`: what cannot be drawn must still not be lost. */
function kind(fields: Fields): MessageKind {
  const name = text(fields, "kind");
  return KINDS.has(name) ? (name as MessageKind) : "Custom";
}

function friendship(value: unknown): Friendship {
  switch (value) {
    case "none":
    case "incoming":
    case "outgoing":
    case "friends":
      return value;
    default:
      throw new WireError("state: no state of a friendship");
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WireError("no JSON");
  }
}

function object(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError(`${name}: expected an object`);
  }
  return value as Fields;
}

function list<T>(value: unknown, name: string, item: Decode<T>): readonly T[] {
  if (!Array.isArray(value)) throw new WireError(`${name}: expected a list`);
  return value.map((entry: unknown) => item(entry));
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function int(fields: Fields, key: string): number {
  const value = fields[key];
  if (!isWhole(value)) throw new WireError(`${key}: expected a whole number`);
  return value;
}

/** Absent is null, too: a Notify carries only the keys that apply. */
function intOrNull(fields: Fields, key: string): number | null {
  return fields[key] === null || fields[key] === undefined ? null : int(fields, key);
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw new WireError(`${key}: expected text`);
  return value;
}

function textOrNull(fields: Fields, key: string): string | null {
  return fields[key] === null || fields[key] === undefined ? null : text(fields, key);
}

function flag(fields: Fields, key: string): boolean {
  const value = fields[key];
  if (typeof value !== "boolean") throw new WireError(`${key}: expected true or false`);
  return value;
}

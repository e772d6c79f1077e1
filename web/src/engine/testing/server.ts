// A server in a few hundred lines: the rules of docs/protocol.md that the engine depends on, and the faults
// that a test wants. Its REST operations are in rest.ts.

import type { User } from "../contract";
import type { HttpAnswer, HttpRequest, Wire, WireEvents } from "../ports";
import { MAX_WATCHED } from "../limits.gen";
import type { StoredMessage } from "../wire";
import type { Friendship, StoreState } from "../wire.gen";
import type { Clock } from "./clock";
import { type Noted, mentionsUser } from "../noted";
import { FakeLiving, type Note, type Refusal } from "./living";
import { respond } from "./rest";
import { FakeTransfers } from "./transfers";

export interface FakeMember {
  readonly uid: number;
  role: number;
  rev: number;
  joinSeq: number;
  joinRev: number;
  joinedAt: number;
  readSeq: number;
  sentSeq: number;
  deliveredSeq: number;
  left: { seq: number; rev: number } | null;
  /** Places seen in earlier memberships: above `after`, up to `to`. */
  readonly earlier: { after: number; to: number }[];
}

/** As the server tells it; to everybody who is a member then. */
export interface FakeEvent {
  readonly rev: number;
  readonly seq: number;
  readonly kind: string;
  readonly uid: number;
  readonly uids: readonly number[];
  readonly createdAt: number;
}

export interface FakeGroup {
  readonly gid: number;
  name: string;
  readonly mode: number;
  creator: number;
  rev: number;
  infoRev: number;
  /** As they are now; the `rev` at which each was new is in `born`. */
  readonly messages: StoredMessage[];
  readonly born: number[];
  readonly events: FakeEvent[];
  readonly members: Map<number, FakeMember>;
}

interface Line extends Wired {
  readonly heard: WireEvents;
  uid: number | null;
  token: string | null;
  /** Whose coming and going it is told. */
  watched: ReadonlySet<number>;
  open: boolean;
}

/** Packets of one line keep their order: a later one is not faster. */
interface Wired {
  lastArrival: number;
}

interface Frame {
  readonly event: string;
  readonly body: {
    readonly kind?: StoredMessage["kind"];
    readonly uid: number;
    readonly gid: number;
    readonly content: string;
    readonly clientMsgId: string;
    readonly msgId: number;
    readonly uids?: readonly number[];
    readonly replyTo?: number;
    readonly mentions?: readonly number[];
    readonly mentionAll?: boolean;
  };
}

/** What becomes of a frame instead of being handled. */
export type Fate =
  | { readonly is: "lost" }
  /** It is handled, but neither the answer nor anything else gets through. */
  | { readonly is: "unanswered" }
  /** It is handled, and the answer says that this is not known. */
  | { readonly is: "unsure" }
  | { readonly is: "error"; readonly code: number; readonly reason: string }
  /** As above, but the server could not read the name of the frame. */
  | { readonly is: "unreadable"; readonly code: number; readonly reason: string }
  /** Nothing comes of it, and the connection lives on. */
  | { readonly is: "ignored" }
  /** The connection ends at it. */
  | { readonly is: "closed"; readonly code: number };

export type Backup = Pick<FakeServer, "groups" | "friends" | "users">;

export class FakeServer {
  readonly users = new Map<number, User & { rev: number; profileRev: number }>();
  readonly groups = new Map<number, FakeGroup>();
  readonly friends = new Map<string, { state: Friendship; rev: number }>();
  /** What users have done with chats of theirs, by user and group. */
  readonly chats = new Map<string, { uid: number; gid: number; deletedSeq: number | null; rev: number }>();
  /** Who is connected elsewhere; connections of the tests themselves do not count. */
  readonly online = new Set<number>();
  /** All frames that came, by event and content. */
  readonly heard: Frame[] = [];
  readonly requests: HttpRequest[] = [];
  /** How long a packet takes, in milliseconds. */
  latency: () => number = () => 5;
  /** How much longer an answer over HTTP takes. */
  httpDelay = 0;
  reachable = true;
  /** Whether readers and their readers are told; in a large audience they are not. */
  tellsReceipts = true;
  /** The members of a larger group are not synced. */
  syncedMembers = Infinity;
  fate: (frame: Frame) => Fate | null = () => null;
  http: (request: HttpRequest) => HttpAnswer | null = () => null;
  /** How far its clock is wrong, in milliseconds. */
  wrongBy = 0;
  /** Which store it has. */
  identity: StoreState = { id: "a store", epoch: 1 };
  features: string[] = ["search"];
  /** How large a file it takes. */
  maxFileBytes = 1_000_000;
  readonly living = new FakeLiving(this);
  readonly transfers: FakeTransfers;
  private readonly tokens = new Map<string, number>();
  private readonly lines = new Set<Line>();
  private nextId = 100;
  private waiting: (() => void)[] | null = null;

  constructor(private readonly clock: Clock) {
    this.transfers = new FakeTransfers(this, clock);
  }

  now(): number {
    return this.clock.now() + this.wrongBy;
  }

  user(name: string): number {
    const id = this.nextId++;
    this.users.set(id, { id, name, avatar: "", email: "", account: name, rev: 1, profileRev: 1 });
    return id;
  }

  token(uid: number): string {
    const token = `token-${uid}-${this.nextId++}`;
    this.tokens.set(token, uid);
    return token;
  }

  /** Whose token it is. */
  holder(token: string): number | undefined {
    return this.tokens.get(token);
  }

  get connections(): number {
    return [...this.lines].filter((line) => line.uid !== null).length;
  }

  group(uids: readonly number[], mode = 2, name = "group"): number {
    const gid = this.nextId++;
    const creator = uids[0] ?? 0;
    const group: FakeGroup = {
      gid,
      name,
      mode,
      creator,
      rev: 1,
      infoRev: 1,
      messages: [],
      born: [],
      events: [],
      members: new Map(),
    };
    this.groups.set(gid, group);
    for (const uid of uids) this.join(group, uid, uid === creator ? 2 : 1);
    this.notify(group, "GroupCreated", creator, { uids });
    return gid;
  }

  /** A message of somebody who is connected elsewhere. */
  say(uid: number, gid: number, content: string, clientMsgId = `said-${this.nextId}`, noted: Noted = {}, kind: StoredMessage["kind"] = "Text"): StoredMessage {
    return this.store(this.at(gid), uid, kind, content, clientMsgId, noted);
  }

  read(uid: number, gid: number, seq: number): void {
    this.mark(this.at(gid), uid, seq, true);
  }

  add(gid: number, uid: number): void {
    const group = this.at(gid);
    this.join(group, uid, 1);
    this.notify(group, "MembersAdded", group.creator, { uids: [uid] });
  }

  remove(gid: number, uid: number): void {
    const group = this.at(gid);
    const member = group.members.get(uid);
    if (member === undefined) return;
    group.rev += 1;
    member.rev = group.rev;
    member.left = { seq: group.messages.length, rev: group.rev };
    this.notify(group, "MembersRemoved", uid, { uids: [uid] }, [uid]);
  }

  /** A chat out of a user's own list. */
  deleteChat(uid: number, gid: number): void {
    const group = this.at(gid);
    const seq = group.members.get(uid)?.left?.seq ?? group.messages.length;
    this.did(uid, gid, seq);
    this.push(uid, notice("ChatDeleted", uid, gid, { seq }, this.clock));
  }

  /** One who has left reads their own part. */
  readAfterLeaving(uid: number, gid: number): void {
    const member = this.at(gid).members.get(uid);
    if (!member?.left) return;
    member.readSeq = member.left.seq;
    this.did(uid, gid, this.deletedSeq(uid, gid));
    this.push(uid, notice("Read", uid, gid, { seq: member.readSeq }, this.clock));
  }

  deletedSeq(uid: number, gid: number): number | null {
    return this.chats.get(`${uid}.${gid}`)?.deletedSeq ?? null;
  }

  chatsOf(uid: number, rev: number): readonly unknown[] {
    const changed = [...this.chats.values()].filter((chat) => chat.uid === uid && chat.rev > rev);
    return changed.map(({ gid, deletedSeq }) => {
      return { gid, deletedSeq, readSeq: this.at(gid).members.get(uid)?.readSeq ?? 0 };
    });
  }

  private did(uid: number, gid: number, deletedSeq: number | null): void {
    this.chats.set(`${uid}.${gid}`, { uid, gid, deletedSeq, rev: this.nextOwnRev(uid) });
  }

  /** A change of a user's own. */
  nextOwnRev(uid: number): number {
    const user = this.users.get(uid);
    if (user === undefined) throw new Error(`no user ${uid}`);
    return (user.rev += 1);
  }

  pushOwn(uid: number, kind: string, gid: number, more: object): void {
    this.push(uid, notice(kind, uid, gid, more, this.clock));
  }

  tellAll(group: FakeGroup, kind: string, uid: number, more: object): void {
    this.tell(group, notice(kind, uid, group.gid, { rev: group.rev, ...more }, this.clock));
  }

  /** A note on a message: whoever does not see it hears that something has moved. */
  tellNote(group: FakeGroup, message: StoredMessage, kind: string, uid: number, more: { rev: number }): void {
    const msg = stored(this.living.of(message, null));
    const frame = notice(kind, uid, group.gid, { seq: message.seq, msgId: message.id, msg, ...more }, this.clock);
    const { emoji: _, ...moved } = { emoji: null, ...more };
    const blind = notice("Moved", 0, group.gid, moved, this.clock);
    for (const member of group.members.values()) {
      if (member.left !== null) continue;
      const isSeen = this.visible(member.uid, group.gid).some(({ seq }) => seq === message.seq);
      this.push(member.uid, isSeen ? frame : blind);
    }
  }

  /** Somebody who is connected elsewhere says something of a message. */
  note(uid: number, gid: number, event: string, msgId: number, content = "", more: Partial<Note> = {}): Refusal | null {
    return this.living.note(this.at(gid), uid, { event, msgId, content, clientMsgId: `noted-${this.nextId++}`, ...more });
  }

  types(uid: number, gid: number): void {
    const frame = notice("Typing", uid, gid, {}, this.clock);
    for (const member of this.at(gid).members.values()) if (member.left === null && member.uid !== uid) this.push(member.uid, frame);
  }

  /** Unread messages that mention the user. */
  mentionsOf(uid: number, gid: number): readonly StoredMessage[] {
    return this.unreadOf(uid, gid).filter((message) => mentionsUser(message, uid));
  }

  rename(gid: number, name: string): void {
    const group = this.at(gid);
    group.rev += 1;
    group.infoRev = group.rev;
    group.name = name;
    this.notify(group, "GroupUpdated", group.creator, {});
  }

  /** Somebody is called otherwise, which everybody around is told; the connection of a test once. */
  renameUser(uid: number, name: string): void {
    const user = this.users.get(uid);
    if (user === undefined) throw new Error(`no user ${uid}`);
    const { id, avatar, email, account, rev } = user;
    this.users.set(id, { ...user, name, rev: rev + 1, profileRev: rev + 1 });
    const face = { id, name, avatar, email, account, password: "" };
    const told = new Set([uid]);
    this.push(uid, notice("ProfileUpdated", uid, null, { user: face }, this.clock));
    for (const [key, friend] of this.friends) {
      const [of, other] = key.split(".").map(Number);
      if (of === undefined || other !== uid || friend.state === "none") continue;
      this.relate(of, uid, friend.state);
      this.push(of, notice("ProfileUpdated", uid, null, { user: face }, this.clock));
      told.add(of);
    }
    for (const group of this.groups.values()) {
      const member = group.members.get(uid);
      if (member === undefined || member.left !== null) continue;
      group.rev += 1;
      member.rev = group.rev;
      for (const { uid: to, left } of group.members.values()) {
        if (left !== null) continue;
        const more = { rev: group.rev, ...(!told.has(to) && { user: face }) };
        told.add(to);
        this.push(to, notice("ProfileUpdated", uid, group.gid, more, this.clock));

      }
    }
  }

  befriend(from: number, to: number): void {
    this.relate(from, to, "outgoing");
    this.relate(to, from, "incoming");
    for (const uid of [from, to]) this.push(uid, notice("FriendRequest", from, null, { uids: [to] }, this.clock));
  }

  /** What the operation of that name answers. */
  answerFriend(uid: number, other: number, status: number): boolean {
    const state = this.friends.get(`${uid}.${other}`)?.state ?? "none";
    if (status === 1 ? state !== "incoming" : state === "none") return false;
    for (const [one, two] of [
      [uid, other],
      [other, uid],
    ] as const) {
      this.relate(one, two, status === 1 ? "friends" : "none");
      this.push(one, notice("FriendAccepted", uid, null, { uids: [other] }, this.clock));
    }
    return true;
  }

  come(uid: number): void {
    this.online.add(uid);
    this.tellOf(uid, "Online");
  }

  /** What they are given to come back has passed. */
  go(uid: number): void {
    this.online.delete(uid);
    this.tellOf(uid, "Offline");
  }

  /** What is seen above `max(join, read, sent)`, as the server counts. */
  unread(uid: number, gid: number): number {
    return this.unreadOf(uid, gid).length;
  }

  private unreadOf(uid: number, gid: number): readonly StoredMessage[] {
    const member = this.at(gid).members.get(uid);
    if (member === undefined) return [];
    const read = Math.max(member.joinSeq, member.readSeq, member.sentSeq);
    return this.visible(uid, gid).filter(({ seq }) => seq > read);
  }

  /** What a user may see of a group. */
  visible(uid: number, gid: number): readonly StoredMessage[] {
    const group = this.at(gid);
    const member = group.members.get(uid);
    if (member === undefined) return [];
    const seen = group.messages.filter(({ seq }) => sees(member, seq) && !this.living.isGone(uid, gid, seq));
    return seen.map((message) => this.living.of(message, uid));
  }

  at(gid: number): FakeGroup {
    const group = this.groups.get(gid);
    if (group === undefined) throw new Error(`no group ${gid}`);
    return group;
  }

  /** What it has now, to be restored later. */
  backup(): Backup {
    const { groups, friends, users } = this;
    return structuredClone({ groups, friends, users });
  }

  /** Starts again with what a backup holds, as another epoch of its store; or of another store. */
  restore({ groups, friends, users }: Backup, id = this.identity.id): void {
    this.identity = { id, epoch: this.identity.epoch + 1 };
    for (const [mine, theirs] of [
      [this.groups, groups],
      [this.friends, friends],
      [this.users, users],
    ] as readonly (readonly [Map<unknown, unknown>, ReadonlyMap<unknown, unknown>])[]) {
      mine.clear();
      for (const [key, value] of structuredClone(theirs)) mine.set(key, value);
    }
    this.cut(4009, "reconnect in 10 ms");
  }

  /** Ends every connection, or those of one user. */
  cut(code: number, reason = "", uid: number | null = null): void {
    for (const line of [...this.lines]) {
      if (uid === null || line.uid === uid) this.close(line, code, reason);
    }
  }

  /** Packets of the connections that are open now get lost, and nobody is told. */
  vanish(): void {
    this.lines.clear();
  }

  /** The token is worth nothing any more. */
  revoke(token: string): void {
    this.tokens.delete(token);
    for (const line of [...this.lines]) if (line.token === token) this.close(line, 4501, "");
  }

  connect(heard: WireEvents): Wire {
    const line: Line = { heard, uid: null, token: null, watched: new Set(), open: true, lastArrival: 0 };
    this.later(line, () => {
      if (!line.open) return;
      if (!this.reachable) {
        line.open = false;
        heard.closed(1006, "");
        return;
      }
      this.lines.add(line);
      heard.opened();
    });
    return {
      send: (text) => this.later(line, () => this.frame(line, JSON.parse(text) as Frame)),
      close: () => {
        line.open = false;
        this.lines.delete(line);
      },
    };
  }

  fetch(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const line: Wired = { lastArrival: 0 };
      this.later(line, () => {
        if (!this.reachable) {
          reject(new TypeError("failed to fetch"));
          return;
        }
        this.requests.push(request);
        const answer = this.http(request) ?? respond(this, request);
        this.clock.after(this.httpDelay, () => {
          this.later(line, () => (this.reachable ? resolve(answer) : reject(new TypeError("failed to fetch"))));
        });
      });
    });
  }

  private later(line: Wired, then: () => void): void {
    line.lastArrival = Math.max(line.lastArrival, this.clock.now() + this.latency());
    this.clock.after(line.lastArrival - this.clock.now(), then);
  }

  private frame(line: Line, frame: Frame): void {
    if (!line.open || !this.lines.has(line)) return;
    this.heard.push(frame);
    const fate = this.fate(frame);
    const { clientMsgId } = frame.body;
    if (fate?.is === "lost") {
      this.close(line, 1006, "");
    } else if (fate?.is === "error") {
      this.error(line, clientMsgId, fate.code, fate.reason);
    } else if (fate?.is === "unsure") {
      // It is done all the same, and nobody at this node knows it.
      this.lines.delete(line);
      this.handle(line, frame);
      this.lines.add(line);
      this.error(line, clientMsgId, 504, "it is not known whether this was stored: send it again with the same clientMsgId");
    } else if (fate?.is === "unreadable") {
      this.error(line, "", fate.code, fate.reason);
    } else if (fate?.is === "closed") {
      this.close(line, fate.code, "");
    } else if (fate?.is === "ignored") {
      // Nothing.
    } else if (fate?.is === "unanswered") {
      this.lines.delete(line);
      this.handle(line, frame);
      this.close(line, 1006, "");
    } else {
      this.handle(line, frame);
    }
  }

  private handle(line: Line, { event, body }: Frame): void {
    if (event === "Login") {
      if (this.tokens.get(body.content) !== body.uid) {
        this.error(line, body.clientMsgId, 401, "login required");
        return;
      }
      line.uid = body.uid;
      line.token = body.content;
      this.ack(line, body.clientMsgId, null, { store: this.identity });
      return;
    }
    if (event === "Heart") {
      this.ack(line, body.clientMsgId, null);
      return;
    }
    if (line.uid === null) {
      this.error(line, body.clientMsgId, 401, "login required");
      return;
    }
    if (event === "Watch") {
      this.watch(line, line.uid, body);
      return;
    }
    const group = this.groups.get(body.gid);
    const member = group?.members.get(line.uid);
    if (group === undefined || member === undefined) {
      this.error(line, body.clientMsgId, 404, "no such group");
    } else if (member.left !== null) {
      this.error(line, body.clientMsgId, 403, "you are not a member");
    } else if (event === "Typing") {
      this.ack(line, body.clientMsgId, null);
      this.types(line.uid, group.gid);
    } else if (NOTES.has(event)) {
      // The Ack goes first.
      const told = this.toldLater(() => this.living.note(group, body.uid, { event, ...body, kind: body.kind ?? "Text" }));
      if (told.refusal !== null) this.error(line, body.clientMsgId, told.refusal.code, told.refusal.reason);
      else this.ack(line, body.clientMsgId, body.msgId);
      told.tell();
    } else if (event === "Msg") {
      const old = group.messages.find((one) => one.uid === body.uid && one.clientMsgId === body.clientMsgId);
      if (old !== undefined) {
        this.ack(line, body.clientMsgId, old.id);
        return;
      }
      const { replyTo, mentions, mentionAll } = body;
      const noted = { ...(replyTo !== undefined && { replyTo }), ...(mentions && { mentions }), ...(mentionAll && { mentionAll: true as const }) };
      const kind = body.kind ?? "Text";
      const content = this.transfers.describe(body.uid, kind, body.content);
      if (content === null) {
        this.error(line, body.clientMsgId, 404, "no such file");
        return;
      }
      this.store(group, body.uid, kind, content, body.clientMsgId, noted, (id) => {
        this.ack(line, body.clientMsgId, id);
      });
    } else {
      const seq = group.messages.find((message) => message.id === body.msgId)?.seq;
      this.ack(line, body.clientMsgId, event === "Read" ? body.msgId : null);
      if (seq !== undefined) this.mark(group, line.uid, seq, event === "Read");
    }
  }

  private watch(line: Line, uid: number, { clientMsgId, uids }: Frame["body"]): void {
    if (uids === undefined || uids.length > MAX_WATCHED) {
      this.error(line, clientMsgId, 422, `uids: a list of at most ${MAX_WATCHED} ids`);
      return;
    }
    line.watched = new Set(uids.filter((other) => this.mayWatch(uid, other)));
    this.ack(line, clientMsgId, null);
    for (const other of line.watched) if (this.online.has(other)) this.send(line, presence("Online", other, this.clock));
  }

  private mayWatch(uid: number, other: number): boolean {
    if (this.friends.get(`${uid}.${other}`)?.state === "friends") return true;
    const singles = [...this.groups.values()].filter(({ mode, members }) => mode === 1 && members.has(uid));
    return uid !== other && singles.some(({ messages }) => messages.some((message) => message.uid === other));
  }

  private tellOf(uid: number, kind: "Online" | "Offline"): void {
    for (const line of this.lines) if (line.watched.has(uid)) this.send(line, presence(kind, uid, this.clock));
  }

  private store(
    group: FakeGroup,
    uid: number,
    kind: StoredMessage["kind"],
    content: string,
    clientMsgId: string,
    noted: Noted = {},
    acked: (id: number) => void = () => undefined,
  ): StoredMessage {
    group.rev += 1;
    const message: StoredMessage = {
      gid: group.gid,
      seq: group.messages.length + 1,
      rev: group.rev,
      id: this.nextId++,
      uid,
      kind,
      content,
      clientMsgId,
      at: this.now(),
      ...(Object.keys(noted).length > 0 && { noted }),
    };
    group.messages.push(message);
    group.born.push(group.rev);
    const member = group.members.get(uid);
    if (member !== undefined) member.sentSeq = message.seq;
    acked(message.id);
    const { id, gid, at, noted: beside, ...body } = message;
    this.tell(group, { event: "Msg", body: { ...body, gid, msgId: id, createdAt: at, ...beside } });
    return message;
  }

  private mark(group: FakeGroup, uid: number, seq: number, read: boolean): void {
    const member = group.members.get(uid);
    if (member === undefined || member.left !== null) return;
    const at = read ? member.readSeq : member.deliveredSeq;
    if (seq <= at) return;
    group.rev += 1;
    member.rev = group.rev;
    member.deliveredSeq = Math.max(member.deliveredSeq, seq);
    if (read) member.readSeq = seq;
    const msgId = group.messages[seq - 1]?.id ?? 0;
    if (!this.tellsReceipts) return;
    this.notify(group, read ? "Read" : "Delivered", uid, { seq, msgId });
  }

  private join(group: FakeGroup, uid: number, role: number): void {
    const old = group.members.get(uid);
    if (old !== undefined && old.left === null) return;
    group.rev += 1;
    this.chats.delete(`${uid}.${group.gid}`);
    const joinSeq = group.messages.length;
    const earlier = old?.earlier ?? [];
    if (old?.left) earlier.push({ after: old.joinSeq, to: old.left.seq });
    const { readSeq, sentSeq, deliveredSeq } = old ?? { readSeq: 0, sentSeq: 0, deliveredSeq: 0 };
    group.members.delete(uid);
    const { rev } = group;
    const now = this.clock.now();
    group.members.set(uid, { uid, role, rev, joinSeq, joinRev: rev, joinedAt: now, readSeq, sentSeq, deliveredSeq, left: null, earlier });
  }

  private relate(uid: number, other: number, state: Friendship): void {
    const user = this.users.get(uid);
    if (user === undefined) return;
    user.rev += 1;
    this.friends.set(`${uid}.${other}`, { state, rev: user.rev });
  }

  private notify(
    group: FakeGroup,
    kind: string,
    uid: number,
    more: Readonly<Record<string, unknown>>,
    also: readonly number[] = [],
  ): void {
    if (group.mode !== 1 && kind !== "Read" && kind !== "Delivered") {
      const uids = (more["uids"] ?? []) as readonly number[];
      const { rev, messages } = group;
      group.events.push({ rev, seq: messages.length, kind, uid, uids, createdAt: this.clock.now() });
    }
    const frame = notice(kind, uid, group.gid, { rev: group.rev, ...more }, this.clock);
    this.tell(group, frame);
    for (const other of also) this.push(other, frame);
  }

  private tell(group: FakeGroup, frame: unknown): void {
    // What is held back of the group goes before anything else of it.
    this.living.flush(group);
    for (const { uid, left } of group.members.values()) if (left === null) this.push(uid, frame);
  }

  /** Does something now, and tells of it when it is said to. */
  private toldLater(act: () => Refusal | null): { readonly refusal: Refusal | null; readonly tell: () => void } {
    const waiting: (() => void)[] = [];
    this.waiting = waiting;
    const refusal = act();
    this.waiting = null;
    return { refusal, tell: () => waiting.forEach((tell) => tell()) };
  }

  private push(uid: number, frame: unknown): void {
    if (this.waiting !== null) {
      this.waiting.push(() => this.push(uid, frame));
      return;
    }
    for (const line of this.lines) if (line.uid === uid) this.send(line, frame);
  }

  private ack(line: Line, clientMsgId: string, serverMsgId: number | null, more: object = {}): void {
    this.send(line, { clientMsgId, serverMsgId, kind: "Ack", content: "Ok", ...more });
  }

  private error(line: Line, clientMsgId: string, code: number, content: string): void {
    this.send(line, { clientMsgId, serverMsgId: null, kind: "Error", content, code });
  }

  private send(line: Line, frame: unknown): void {
    if (!this.lines.has(line)) return;
    const text = JSON.stringify(frame);
    this.later(line, () => {
      if (line.open && this.lines.has(line)) line.heard.heard(text);
    });
  }

  private close(line: Line, code: number, reason: string): void {
    this.lines.delete(line);
    this.later(line, () => {
      if (!line.open) return;
      line.open = false;
      line.heard.closed(code, reason);
    });
  }
}

const NOTES: ReadonlySet<string> = new Set(["Edit", "Recall", "React", "Unreact", "Pin", "Unpin", "Open"]);

/** As it is written on the wire. */
export function stored({ clientMsgId, at, noted, ...message }: StoredMessage) {
  return { ...message, client_msg_id: clientMsgId, createTime: "", updateTime: "", createdAt: at, ...noted };
}

function sees(member: FakeMember, seq: number): boolean {
  if (seq > member.joinSeq && seq <= (member.left?.seq ?? Infinity)) return true;
  return member.earlier.some((span) => seq > span.after && seq <= span.to);
}

function notice(kind: string, uid: number, gid: number | null, more: object, clock: Clock) {
  const body = { kind, uid, gid, content: "", clientMsgId: "", msgId: null, ...more, createdAt: clock.now() };
  return { event: "Notify", body };
}

function presence(kind: "Online" | "Offline", uid: number, clock: Clock) {
  return notice(kind, uid, null, {}, clock);
}

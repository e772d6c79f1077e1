// The engine: who is logged in, and every action that the views may ask for.

import type {
  Account,
  Arrived,
  ChatRow,
  ChatView,
  ConnectionState,
  Contacts,
  Device,
  Engine,
  Extras,
  Failure,
  FileLimits,
  Files,
  FoundPage,
  GalleryPart,
  GroupSettings,
  HitPage,
  Limits,
  Keeping,
  Latest,
  MembersPage,
  Message,
  MessageActs,
  Outcome,
  Problem,
  Recordings,
  Relation,
  Rescheduling,
  Scheduled,
  SearchFilter,
  SentKind,
  ServerInfo,
  Side,
  Upload,
  User,
} from "./contract";
import { NO_UPLOAD } from "./attaching";
import { FileAccess } from "./fileAccess";
import { type Opened, finishDeleting, inMemory, openStore } from "./keeping";
import type { Lists } from "./lists";
import { Cell } from "./live";
import { LoggedIn } from "./loggedIn";
import { NOT_LISTED } from "./plain";
import type { Ports } from "./ports";
import { NOBODY } from "./presence";
import { type Answer, Rest, done, mapped, outcome } from "./rest";
import { ServerClock } from "./serverclock";
import { type Operation, TEXT, read } from "./shape";
import type { Addressee } from "./storage";
import { NO_CONTACTS } from "./views";
import { serverInfo } from "./wire";
import * as wire from "./wire.gen";

/** What is remembered over reloads. */
interface Remembered {
  readonly token: string;
  readonly me: User;
  /** How large a file the server takes; null or absent: none. */
  readonly maxFileBytes?: number | null;
}

/** To the tabs of this origin, whatever account they show. */
interface Word {
  readonly word: "session";
  /** What is remembered from now on: the word may be here before the browser's memory is. */
  readonly remembered: string | null;
  readonly why: Why;
}

type Why = Extract<Account, { is: "out" }>["why"];

const USUAL_LIMITS: Limits = { editWindowMs: 48 * 3_600_000, recallWindowMs: null };
const DONE: Outcome = { ok: true, value: undefined };
const LOGGED_OUT: { readonly ok: false; readonly problem: Problem } = {
  ok: false,
  problem: { is: "refused", message: "login required" },
};

export class RimEngine implements Engine {
  readonly account = new Cell<Account>({ is: "loading" });
  readonly connection = new Cell<ConnectionState>({ is: "connecting" });
  readonly keeping = new Cell<Keeping>("lasting");
  readonly chats = new Cell<readonly ChatRow[]>([]);
  readonly contacts = new Cell<Contacts>(NO_CONTACTS);
  readonly online = new Cell<ReadonlySet<number>>(NOBODY);
  readonly unread = new Cell<number>(0);
  readonly failures = new Cell<readonly Failure[]>([]);
  readonly listed = new Cell<Latest>(NOT_LISTED);
  readonly scheduled = new Cell<readonly Scheduled[] | null>(null, (is) => {
    if (is) void this.loggedIn?.later.load();
  });
  readonly clockAhead: Cell<number>;
  readonly limits = new Cell<Limits>(USUAL_LIMITS);
  readonly files = new Cell<FileLimits | null>(null);
  readonly searches = new Cell<boolean>(false);
  private limitsKnown = false;
  private readonly clock: ServerClock;
  private readonly chatCells = new Map<number, Cell<ChatView | null>>();
  private readonly listeners = new Set<(arrival: Arrived) => void>();
  private readonly lasts = new Set<() => void>();
  private readonly rest: Rest;
  private loggedIn: LoggedIn | null = null;
  private access: FileAccess | null = null;
  private token: string | null = null;
  /** Done when whoever was logged in before has left their store. */
  private leaving: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: Ports,
    /** Loads what asks for lists; rejects where that cannot be had now. */
    private readonly loadLists: () => Promise<typeof Lists>,
  ) {
    this.clock = new ServerClock(ports);
    this.clockAhead = this.clock.ahead;
    this.rest = new Rest(
      ports,
      () => this.token,
      (token) => void this.rejected(token, "revoked"),
    );
    ports.signals((signal) => this.loggedIn?.signal(signal));
    ports.channel?.listen((message) => {
      const word = message as Partial<Word> | null;
      if (word?.word === "session") void this.reconsider(recall(word.remembered ?? null), word.why ?? null);
    });
    const remembered = recall(ports.remembered.get());
    finishDeleting(ports, remembered?.me.id ?? null);
    if (remembered === null) this.showNobody(null);
    else void this.enter(remembered);
  }

  chat(gid: number): Cell<ChatView | null> {
    let cell = this.chatCells.get(gid);
    if (cell === undefined) {
      cell = new Cell<ChatView | null>(this.loggedIn?.chat(gid) ?? null, (is) => {
        if (is) this.loggedIn?.watch(gid);
      });
      this.chatCells.set(gid, cell);
    }
    return cell;
  }

  onArrival(heard: (arrival: Arrived) => void): () => void {
    this.listeners.add(heard);
    return () => this.listeners.delete(heard);
  }

  async serverInfo(): Promise<Outcome<ServerInfo>> {
    return outcome(mapped(await this.rest.ask(wire.serverInfo, {}), serverInfo));
  }

  async register(input: { account: string; name: string; password: string }): Promise<Outcome> {
    const body = { ...input, avatar: "" };
    const answer = await this.rest.ask(wire.createUser, body);
    if (!answer.ok && answer.problem.is !== "unsure") return outcome(answer);
    // Where it is not known whether it was made, a login tells.
    const login = await this.login(input);
    return answer.ok || login.ok ? login : outcome(answer);
  }

  async login(input: { account: string; password: string }): Promise<Outcome> {
    const { account, password } = input;
    const body = { account, password, device: this.ports.device };
    const token = await this.rest.ask(wire.logIn, body);
    if (!token.ok) return outcome(token);
    const fresh = new Rest(
      this.ports,
      () => token.value,
      () => undefined,
    );
    const me = await fresh.ask(wire.getUser, {});
    if (!me.ok) return outcome(me);
    await this.end()?.stop();
    const remembered = { token: token.value, me: me.value };
    this.remember(remembered);
    this.tell(remembered, null);
    await this.enter(remembered);
    return DONE;
  }

  async logout(): Promise<void> {
    if (this.token === null) return;
    // The session on the server ends where it can be reached; here it ends in any case.
    void this.rest.ask(wire.logOut, {});
    const loggedIn = this.end();
    this.remember(null);
    this.showNobody(null);
    this.tell(null, null);
    await this.awaitLeaving(loggedIn?.forget(true));
  }

  async updateProfile(change: { name?: string; avatar?: string; email?: string }): Promise<Outcome> {
    return done(await this.act(wire.updateUser, change));
  }

  async uploadAvatar(picture: Blob): Promise<Outcome<string>> {
    // A server that takes files takes it as one of them.
    if (this.files.get() === null) return outcome(await this.rest.ask(wire.uploadAvatar, picture));
    const answer = await this.rest.ask({ post: "/api/file/upload?name=picture.jpg", answers: wire.uploadFile.answers }, picture);
    return outcome(mapped(answer, ({ id }) => `/media/files/${id}`));
  }

  async changePassword(input: { oldPassword: string; newPassword: string }): Promise<Outcome> {
    return done(await this.rest.ask(wire.changePassword, input));
  }

  async devices(): Promise<Outcome<readonly Device[]>> {
    return outcome(await this.rest.ask(wire.listSessions, {}));
  }

  async revokeDevice(id: number): Promise<Outcome> {
    return done(await this.rest.ask(wire.revokeSession, { id }));
  }

  async revokeOtherDevices(): Promise<Outcome> {
    return done(await this.rest.ask(wire.revokeOtherSessions, {}));
  }

  async findUser(account: string): Promise<Outcome<{ user: User; relation: Relation } | null>> {
    const answer = await this.rest.ask(wire.searchUser, { account });
    if (answer.ok) {
      const { id } = answer.value;
      return { ok: true, value: { user: this.loggedIn?.replica.called(answer.value) ?? answer.value, relation: this.relation(id) } };
    }
    // What the server says where there is no such account.
    return answer.code === 200 ? { ok: true, value: null } : outcome(answer);
  }

  user(uid: number): User | null {
    return this.loggedIn?.replica.user(uid) ?? null;
  }

  people(): readonly User[] {
    return this.loggedIn?.replica.others() ?? [];
  }

  relation(uid: number): Relation {
    const replica = this.loggedIn?.replica;
    if (replica === undefined) return "none";
    return uid === replica.uid ? "self" : replica.friendship(uid);
  }

  async befriend(uid: number): Promise<Outcome> {
    return done(await this.act(wire.addFriend, { fid: uid }));
  }

  async acceptFriend(uid: number): Promise<Outcome> {
    return this.befriended(uid, 1, "friends");
  }

  async declineFriend(uid: number): Promise<Outcome> {
    return this.befriended(uid, 2, "none");
  }

  async setRemark(uid: number, remark: string): Promise<Outcome> {
    const answer = await this.act(wire.remarkOnFriend, { fid: uid, remark });
    return !answer.ok || answer.value ? done(answer) : { ok: false, problem: { is: "refused", message: "not a friend" } };
  }

  async openSingle(uid: number): Promise<Outcome<number>> {
    const { loggedIn } = this;
    if (loggedIn === null) return LOGGED_OUT;
    const known = loggedIn.singleWith(uid);
    if (known !== null) return { ok: true, value: known };
    const group = { name: "", avatar: "", mode: 1 };
    return outcome(await this.act(wire.createGroup, { group, users: [{ uid, role: 1 }] }));
  }

  async createGroup(input: { name: string; uids: readonly number[] }): Promise<Outcome<number>> {
    const group = { name: input.name, avatar: "", mode: 2 };
    const users = input.uids.map((uid) => ({ uid, role: 1 }));
    return outcome(await this.act(wire.createGroup, { group, users }));
  }

  async updateGroup(gid: number, change: { name: string; avatar: string }): Promise<Outcome> {
    return done(await this.act(wire.updateGroup, { id: gid, ...change }));
  }

  async listMembers(gid: number, asked: { search: string; after: number | null }): Promise<Outcome<MembersPage>> {
    return (await this.loggedIn?.people.page(gid, asked)) ?? LOGGED_OUT;
  }

  async addMembers(gid: number, uids: readonly number[]): Promise<Outcome> {
    return done(await this.act(wire.changeMembers, { gid, uids, opType: 1 }));
  }

  async removeMember(gid: number, uid: number): Promise<Outcome> {
    return done(await this.act(wire.changeMembers, { gid, uids: [uid], opType: 2 }));
  }

  async setAdmin(gid: number, uid: number, admin: boolean): Promise<Outcome> {
    return done(await this.act(wire.changeRole, { gid, uid, role: admin ? 2 : 1 }));
  }

  async handOver(gid: number, uid: number): Promise<Outcome> {
    return done(await this.act(wire.transferGroup, { gid, uid }));
  }

  async leave(gid: number): Promise<Outcome> {
    return done(await this.act(wire.leaveGroup, { gid }));
  }

  async dissolve(gid: number): Promise<Outcome> {
    return done(await this.act(wire.dissolveGroup, { gid }));
  }

  async deleteChat(gid: number): Promise<Outcome> {
    const seq = this.loggedIn?.lastSeq(gid);
    const answer = await this.act(wire.deleteChat, { gid, ...(seq !== undefined && { seq }) });
    if (answer.ok) await this.loggedIn?.putAway(gid);
    return done(answer);
  }

  send(gid: number, kind: SentKind, content: string, to?: Addressee, extras?: Extras): void {
    void this.loggedIn?.send(gid, kind, content, to, extras);
  }

  attach(gid: number, items: Parameters<Files["attach"]>[1], how: Parameters<Files["attach"]>[2] = {}): void {
    const limits = this.files.get();
    if (limits !== null) void this.loggedIn?.attach(gid, items, how, limits.maxBytes);
  }

  upload(_gid: number, key: string): Cell<Upload | null> {
    return this.loggedIn?.attaching.upload(key) ?? NO_UPLOAD;
  }

  async localFile(_gid: number, key: string, what: "file" | "poster"): Promise<Blob | null> {
    return (await this.loggedIn?.attaching.local(key, what)) ?? null;
  }

  async recordings(): Promise<Recordings | null> {
    return (await this.loggedIn?.attaching.recordings()) ?? null;
  }

  fileUrl(file: string, side?: Side): string {
    return this.ports.addressOf(`/media/files/${file}${side === undefined ? "" : `/${side}`}`);
  }

  downloadUrl(file: string): string {
    return this.ports.addressOf(`/media/files/${file}?download`);
  }

  async reopenFiles(): Promise<boolean> {
    return (await this.access?.reopen()) ?? false;
  }

  async gallery(gid: number, what: GalleryPart, before: number | null): Promise<Outcome<FoundPage>> {
    return this.list((lists) => lists.gallery(gid, what, before));
  }

  listened(gid: number, key: string): void {
    this.loggedIn?.doing.open(gid, key);
  }

  edit(gid: number, key: string, to: Parameters<MessageActs["edit"]>[2]): void {
    this.loggedIn?.doing.edit(gid, key, to);
  }

  recall(gid: number, key: string): void {
    this.loggedIn?.doing.recall(gid, key);
  }

  react(gid: number, key: string, emoji: string, on: boolean): void {
    this.loggedIn?.doing.actOn(gid, key, { is: on ? "react" : "unreact", emoji });
  }

  pin(gid: number, key: string, on: boolean): void {
    this.loggedIn?.doing.actOn(gid, key, { is: on ? "pin" : "unpin" });
  }

  star(gid: number, key: string, on: boolean): void {
    this.loggedIn?.doing.actOn(gid, key, { is: on ? "star" : "unstar" });
  }

  hide(gid: number, keys: readonly string[]): void {
    this.loggedIn?.doing.hide(gid, keys);
  }

  clear(gid: number): void {
    this.loggedIn?.doing.clear(gid);
  }

  forward(from: number, keys: readonly string[], to: readonly number[], how: { merged: boolean; origin: boolean }): void {
    this.loggedIn?.doing.forward(from, keys, to, how);
  }

  schedule(gid: number, message: Parameters<MessageActs["schedule"]>[1]): void {
    this.loggedIn?.doing.schedule(gid, message);
  }

  retry(failure: string): void {
    this.loggedIn?.doing.retry(failure);
  }

  dismiss(failure: string): void {
    this.loggedIn?.doing.dismiss(failure);
  }

  typing(gid: number): void {
    this.loggedIn?.typing(gid);
  }

  async jump(gid: number, to: { id: number } | { seq: number }): Promise<Outcome<string>> {
    return (await this.loggedIn?.open.jump(gid, to)) ?? LOGGED_OUT;
  }

  async nextMention(gid: number): Promise<Outcome<string | null>> {
    return (await this.loggedIn?.open.nextMention(gid)) ?? LOGGED_OUT;
  }

  loadNewer(gid: number): void {
    this.loggedIn?.open.loadNewer(gid);
  }

  toNewest(gid: number): void {
    this.loggedIn?.open.toNewest(gid);
  }

  async edits(gid: number, key: string): ReturnType<MessageActs["edits"]> {
    return this.list((lists) => lists.edits(gid, key));
  }

  async reactors(gid: number, key: string, emoji: string | null, page: number): ReturnType<MessageActs["reactors"]> {
    return this.list((lists) => lists.reactors(gid, key, emoji, page));
  }

  async readers(gid: number, key: string): ReturnType<MessageActs["readers"]> {
    return this.list((lists) => lists.readers(gid, key));
  }

  async replies(gid: number, key: string): ReturnType<MessageActs["replies"]> {
    return this.list((lists) => lists.replies(gid, key));
  }

  async mentions(gid: number | null, page: number): ReturnType<MessageActs["mentions"]> {
    return this.list((lists) => lists.mentions(gid, page));
  }

  async stars(page: number): ReturnType<MessageActs["stars"]> {
    return this.list((lists) => lists.stars(page));
  }

  async search(words: string, filter: SearchFilter, next: number | null): Promise<Outcome<HitPage>> {
    const page = await this.list((lists) => lists.search(words, filter, next));
    if (!page.ok || page.value !== null) return page as Outcome<HitPage>;
    this.searches.set(false);
    return { ok: true, value: { hits: [], next: null, partial: false } };
  }

  async reschedule(id: number, change: Rescheduling): Promise<Outcome> {
    return this.list((lists) => lists.reschedule(id, change));
  }

  async cancelScheduled(id: number): Promise<Outcome> {
    return this.list((lists) => lists.cancelScheduled(id));
  }

  async sendScheduled(id: number): Promise<Outcome> {
    return this.list((lists) => lists.sendScheduled(id));
  }

  async updateSettings(gid: number, change: Partial<GroupSettings>): Promise<Outcome> {
    return done(await this.act(wire.setGroupSettings, { gid, ...change }));
  }

  resend(gid: number, key: string): void {
    void this.loggedIn?.resend(gid, key);
  }

  discard(gid: number, key: string): void {
    void this.loggedIn?.discard(gid, key);
  }

  loadOlder(gid: number): void {
    this.loggedIn?.open.loadOlder(gid);
  }

  seen(gid: number, seq: number): void {
    void this.loggedIn?.seen(gid, seq);
  }

  looking(gid: number, is: boolean): void {
    this.loggedIn?.open.looking(gid, is);
  }

  closed(gid: number, place: number | null): void {
    this.loggedIn?.open.closed(gid, place);
  }

  setDraft(gid: number, draft: string, to?: Addressee, replyTo: number | null = null): void {
    this.loggedIn?.setDraft(gid, draft, to, replyTo);
  }

  onEnd(last: () => void): () => void {
    this.lasts.add(last);
    return () => this.lasts.delete(last);
  }

  private async enter(remembered: Remembered): Promise<void> {
    const { token, maxFileBytes = null } = remembered;
    this.token = token;
    if (maxFileBytes !== null && !this.limitsKnown) this.files.set({ maxBytes: maxFileBytes });
    // Who signs in again begins with a store that is empty, and stays theirs.
    await this.leaving;
    const opened = await openStore(this.ports, remembered.me.id, (why) => void this.storeLost(remembered, why));
    if (this.token !== token || this.loggedIn !== null) opened.store.close();
    else await this.begin(remembered, opened);
  }

  /** Goes on from memory: all that the server has is asked for again, and what it has not is carried over. */
  private async storeLost({ token, me }: Remembered, why: Keeping): Promise<void> {
    if (this.token !== token) return;
    const loggedIn = this.end();
    if (loggedIn === null) return;
    const opened = await inMemory(why, loggedIn.carried(), loggedIn.attaching.carried());
    // What it is waiting for may never come.
    void loggedIn.stop();
    if (this.token === token && this.loggedIn === null) {
      await this.begin({ token, me: loggedIn.replica.me ?? me }, opened);
    }
  }

  private async begin({ token, me }: Remembered, { store, snapshot, keeping }: Opened): Promise<void> {
    this.keeping.set(keeping);
    // Tabs tell each other what is new, and this one has nothing that is old: it works alone.
    const ports = keeping === "lasting" ? this.ports : { ...this.ports, locks: null };
    const published = {
      chats: this.chats,
      contacts: this.contacts,
      online: this.online,
      unread: this.unread,
      failures: this.failures,
      listed: this.listed,
      scheduled: this.scheduled,
      chat: this.chatCells,
    };
    const loggedIn = new LoggedIn(ports, this.rest, token, me.id, store, published, this.clock, {
      status: (status) => {
        if (this.loggedIn !== loggedIn) return;
        this.connection.set(status);
        if (status.is === "online") void this.learnLimits();
      },
      me: (changed) => {
        if (this.loggedIn !== loggedIn) return;
        this.remember({ token, me: changed });
        this.account.set({ is: "in", me: changed });
      },
      arrived: (gid, message, mention) => this.arrived(gid, message, mention),
      out: (why) => void this.rejected(token, why),
    });
    this.loggedIn = loggedIn;
    this.access = new FileAccess(this.ports, this.rest);
    loggedIn.start(me, snapshot);
    if (this.loggedIn === loggedIn) this.account.set({ is: "in", me: loggedIn.replica.me ?? me });
  }

  /** The server will not have this session again. What was not sent stays for when its user comes back. */
  private async rejected(token: string, why: "revoked" | "disabled"): Promise<void> {
    if (this.token !== token) return;
    const loggedIn = this.end();
    this.remember(null);
    this.showNobody(why);
    this.tell(null, why);
    await this.awaitLeaving(loggedIn?.forget(false));
  }

  /** Another tab has logged in or out. */
  private async reconsider(remembered: Remembered | null, why: Why): Promise<void> {
    if ((remembered?.token ?? null) === this.token) return;
    const loggedIn = this.end();
    if (remembered === null) {
      this.showNobody(why);
      // The tab that logged out has cleared the store; this one may have written since.
      await this.awaitLeaving(loggedIn?.forget(why === null));
    } else {
      this.token = remembered.token;
      await this.awaitLeaving(loggedIn?.stop());
      await this.enter(remembered);
    }
  }

  private async awaitLeaving(leaving: Promise<void> | undefined): Promise<void> {
    if (leaving !== undefined) this.leaving = leaving;
    await leaving;
  }

  private tell(remembered: Remembered | null, why: Why): void {
    this.ports.channel?.post({ word: "session", remembered: written(remembered), why } satisfies Word);
  }

  /** Ends what is logged in: nothing reaches it from here on, so who still holds something for it is asked first. */
  private end(): LoggedIn | null {
    for (const last of [...this.lasts]) last();
    const { loggedIn } = this;
    this.loggedIn = null;
    return loggedIn;
  }

  private remember(remembered: Remembered | null): void {
    this.token = remembered?.token ?? null;
    const maxFileBytes = this.files.get()?.maxBytes ?? null;
    this.ports.remembered.set(written(remembered && { ...remembered, maxFileBytes }));
  }

  /** Nobody is logged in. */
  private showNobody(why: Why): void {
    this.token = null;
    this.connection.set({ is: "connecting" });
    this.chats.set([]);
    this.contacts.set(NO_CONTACTS);
    this.online.set(NOBODY);
    this.unread.set(0);
    this.failures.set([]);
    this.listed.set(NOT_LISTED);
    this.scheduled.set(null);
    this.keeping.set("lasting");
    for (const cell of this.chatCells.values()) cell.set(null);
    this.account.set({ is: "out", why });
  }

  private async learnLimits(): Promise<void> {
    if (this.limitsKnown) return;
    this.limitsKnown = true;
    const answer = await this.rest.ask(wire.serverInfo, {});
    if (!answer.ok) {
      this.limitsKnown = false;
      return;
    }
    const { maxFileBytes, ...limits } = answer.value.limits;
    this.limits.set(limits);
    this.searches.set(answer.value.features.includes("search"));
    this.takesFiles(maxFileBytes);
  }

  /** What was known last is known without a network, too. */
  private takesFiles(maxBytes: number | null): void {
    this.files.set(maxBytes === null ? null : { maxBytes });
    const { token } = this;
    const me = this.loggedIn?.replica.me ?? null;
    if (token !== null && me !== null) this.remember({ token, me });
    if (maxBytes !== null) void this.access?.open();
  }

  private arrived(gid: number, message: Message, mention: boolean): void {
    const row = this.chats.get().find((one) => one.gid === gid);
    if (row === undefined) return;
    for (const heard of [...this.listeners]) heard({ row, message, mention });
  }

  private async list<T>(ask: (lists: Lists) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const lists = await this.loadLists().catch(() => null);
    if (lists === null) return { ok: false, problem: { is: "offline" } };
    return this.loggedIn === null ? LOGGED_OUT : ask(this.loggedIn.listing(lists));
  }

  /** An operation that changes what is shown: done when it is shown. */
  private async act<Asked extends object, T>(operation: Operation<Asked, T>, asked: Asked): Promise<Answer<T>> {
    const answer = await this.rest.ask(operation, asked);
    // Where it is not known whether it was done, that is seen then.
    if (answer.ok || answer.problem.is === "unsure") await this.loggedIn?.sync();
    return answer;
  }

  private async befriended(uid: number, status: 1 | 2, wanted: Relation): Promise<Outcome> {
    const answer = await this.rest.ask(wire.modifyFriend, { fid: uid, status });
    if (!answer.ok) return outcome(answer);
    await this.loggedIn?.sync();
    // It applied to nothing: fine where somebody else has done the same already.
    if (answer.value || this.relation(uid) === wanted) return DONE;
    return { ok: false, problem: { is: "refused", message: "there is no such request any more" } };
  }
}

function written(remembered: Remembered | null): string | null {
  return remembered === null ? null : JSON.stringify(remembered);
}

/** What was remembered, if it can still be read. */
function recall(text: string | null): Remembered | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as { token?: unknown; me?: unknown; maxFileBytes?: unknown };
    const maxFileBytes = typeof value.maxFileBytes === "number" ? value.maxFileBytes : null;
    return { token: read(value.token, TEXT), me: read(value.me, wire.User), maxFileBytes };
  } catch {
    return null;
  }
}

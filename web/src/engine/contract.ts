// What the views know of the engine: immutable snapshots that they are drawn from, and the actions they may ask for.
//
// The engine has no React and no DOM; the views have no sockets and no storage. Everything between the two is here.

import type { Addressee } from "./storage";
import type { Friendship, Kind, Session, User as Profile } from "./wire.gen";
import type { GalleryPart } from "./wire.later.gen";

export type { GalleryPart };

/** Somebody as one sees them. */
export interface User extends Profile {
  /** What everybody else calls them, where `name` is what one calls them oneself. Whatever others will read has this one. */
  readonly realName?: string;
}

/** `Merged`: several messages that were forwarded as one card; only the server makes it. */
export type MessageKind = Kind;

/** What a person may send. */
export type SentKind = Exclude<Kind, "Merged">;

/** What has a file. */
export type AttachedKind = Extract<Kind, "Image" | "Audio" | "Video" | "File">;

/** The longer sides of the smaller pictures that a server makes. */
export type Side = 320 | 800 | 1600;

/** What a message says of its file: see `attachedIn`. */
export interface Attached {
  /** Null while it is on its way to the server: `Engine.localFile` has it. */
  readonly file: string | null;
  readonly name: string;
  readonly sizeBytes: number | null;
  readonly mime: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** In base64. */
  readonly thumbhash: string | null;
  /** Those that there are, ascending. Of a film, those of its poster. */
  readonly sides: readonly Side[];
  /** Each from 0 to 31; empty where there is none. */
  readonly waveform: readonly number[];
  /** Messages of one sender with the same one, one after the other, are shown as one. */
  readonly album: string | null;
}

/** A file that is to be sent. */
export interface Attachment {
  readonly kind: AttachedKind;
  readonly blob: Blob;
  readonly name: string;
  /** A picture keeps its bytes as they are, with what they tell of where it was taken. */
  readonly asFile: boolean;
  readonly caption: string;
  /** As it is shown. */
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** At most 100, each from 0 to 31. */
  readonly waveform?: readonly number[];
  /** In base64; of a picture the server makes its own. */
  readonly thumbhash?: string;
  /** The picture that stands for a film: JPEG, PNG or WebP, at most 2 MiB. */
  readonly poster?: Blob;
}

/** How far the file of a message has come that is being sent. Why it has failed is said by `Message.state`. */
export interface Upload {
  /** `waiting`: for its turn or for the network; `done`: the message waits for its own turn. */
  readonly is: "waiting" | "running" | "done";
  readonly sentBytes: number;
  readonly sizeBytes: number;
}

/** Who has listened to a voice message, but for who sent it. */
export interface Heard {
  readonly count: number;
  readonly mine: boolean;
  /** The newest of them, at most ten. */
  readonly uids: readonly number[];
}

/** What the server has found at an address that the message names. */
export interface LinkCard {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  /** A file: see `Engine.fileUrl`. */
  readonly picture: string | null;
}

/** A part of what somebody has said into a microphone. */
export interface RecordedPart {
  readonly blob: Blob;
  /** How loud it was, moment by moment, from 0 to 1. */
  readonly levels: readonly number[];
  /** All parts up to this one. */
  readonly lastedMs: number;
  /** Under another store the same number is another chat. */
  readonly to: Addressee;
}

/** What was said and is not sent yet, kept part by part: a page that ends loses hardly any of it. */
export interface Recordings {
  /** `at` counts the parts, from 0. */
  keep(gid: number, id: string, at: number, part: RecordedPart): Promise<void>;
  /** Those of a chat by their id, each with its parts in order. Other pages may be at them. */
  of(gid: number): Promise<ReadonlyMap<string, readonly RecordedPart[]>>;
  drop(gid: number, id: string): Promise<void>;
}

export interface FileLimits {
  readonly maxBytes: number;
}

/** How far a message of one's own has come. Others' messages are always `stored`. */
export type MessageState =
  | { readonly is: "sending" }
  | { readonly is: "failed"; readonly reason: string }
  | { readonly is: "stored" }
  /** To one of the others at least. */
  | { readonly is: "delivered" }
  /** In a group chat: how many of the others have read it. */
  | { readonly is: "read"; readonly by: number };

/** With what one wants oneself, as soon as it is asked for. */
export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly mine: boolean;
  /** The newest of them, at most ten. */
  readonly uids: readonly number[];
}

/** What a person has asked of a message, of several or of a chat. */
export type Deed = "edit" | "recall" | "react" | "unreact" | "pin" | "unpin" | "star" | "unstar" | "hide" | "clear" | "forward" | "schedule";

/** Something that was asked and is not done yet, or will not be. */
export type Change =
  | { readonly is: "waiting"; readonly what: Deed }
  /** It is undone, and stands here until it is tried again or dismissed. */
  | { readonly is: "failed"; readonly what: Deed; readonly reason: string; readonly id: string; readonly content: string | null };

/** One's own words, for writing them again. */
export interface Rewrite {
  readonly kind: SentKind;
  readonly content: string;
  readonly replyTo: number | null;
  readonly mentions: readonly number[];
  readonly mentionAll: boolean;
}

export interface Recalled {
  readonly by: number;
  readonly at: number;
  /** Of one's own message, for a while on the device on which it was recalled. */
  readonly again: Rewrite | null;
}

/** Whose words a forwarded message has. */
export interface Origin {
  readonly uid: number;
  readonly name: string;
  readonly at: number;
}

export interface Message {
  /** Unique in its chat and stable from the first moment, across sending, reloads and tabs. */
  readonly key: string;
  /** Null while it is being sent. */
  readonly id: number | null;
  readonly gid: number;
  readonly uid: number;
  readonly kind: MessageKind;
  readonly content: string;
  /** Unix milliseconds by the server's clock; while it is being sent, as near to that as is known. */
  readonly at: number;
  /** Place in the chat; null while it is being sent. */
  readonly seq: number | null;
  readonly state: MessageState;
  /** The id of the message that it answers: see `ChatView.quotes`. */
  readonly replyTo: number | null;
  readonly mentions: readonly number[];
  readonly mentionAll: boolean;
  readonly forwarded: Origin | null;
  readonly editedAt: number | null;
  /** Then `content` is empty, and there is nothing else. */
  readonly recalled: Recalled | null;
  readonly reactions: readonly Reaction[];
  readonly pinnedAt: number | null;
  readonly expiresAt: number | null;
  readonly starred: boolean;
  /** Of a voice message that somebody has listened to. */
  readonly heard: Heard | null;
  readonly links: readonly LinkCard[];
  /** What has failed on it, else what is under way. */
  readonly change: Change | null;
}

export interface Group {
  readonly gid: number;
  readonly name: string;
  readonly avatar: string;
  readonly single: boolean;
  readonly creator: number;
}

export interface Member {
  readonly user: User;
  readonly admin: boolean;
  readonly readSeq: number;
  readonly deliveredSeq: number;
}

/** Some members of a large group, by order of joining. There may be none on a page that is not the last. */
export interface MembersPage {
  readonly members: readonly Member[];
  /** Of the whole group. */
  readonly count: number;
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

/** The server, as everybody may know it. */
export interface ServerInfo {
  /** Whether anybody may create an account. */
  readonly registration: boolean;
  /** Whether nobody has one yet. */
  readonly empty: boolean;
  /** Whether pictures, sound and films of other hosts may be loaded when somebody asks for one. */
  readonly remotePictures: "ask" | "never";
  /** Who may be found by their account: anybody, or people one has met already. */
  readonly directory: "everybody" | "contacts";
}

/** So long after they were sent one's own messages may be edited, and recalled; null: for ever. */
export interface Limits {
  readonly editWindowMs: number | null;
  readonly recallWindowMs: number | null;
}

/** A row of the chat list. */
export interface ChatRow {
  readonly gid: number;
  /** The partner's name of a single chat, the group's of a group chat. */
  readonly title: string;
  readonly avatar: string;
  /** Seeds the colour and initials where there is no avatar: the partner's id or the group's. */
  readonly avatarSeed: number;
  readonly single: boolean;
  /** The other one of a single chat; null in a group chat, and where they are not known yet. */
  readonly partner: number | null;
  readonly last: Message | null;
  /** Who sent `last`, for group chats. */
  readonly lastSender: User | null;
  readonly unread: number;
  /** Of the unread, those that mention oneself. */
  readonly unreadMentions: number;
  /** Who is writing just now. */
  readonly typing: readonly User[];
  /** A group without messages that somebody else made and that was not opened on this device. */
  readonly isNew: boolean;
  /** What happened last, where there is no message. */
  readonly happened: Happening | null;
  readonly draft: string;
  /** One has left it or was removed: what there is is one's own part. */
  readonly left: boolean;
}

/** What happened in a group, told as a line after the message of its `seq`. */
export interface Happening {
  readonly rev: number;
  readonly seq: number;
  /** GroupCreated, GroupUpdated, MembersAdded, MembersRemoved, RoleChanged, OwnerChanged or GroupDissolved. */
  readonly kind: string;
  readonly actor: User;
  /** Whom it concerns, oneself first; of many the first ones. */
  readonly users: readonly User[];
  readonly count: number;
  /** The new name of the group, if it was given one. */
  readonly name: string | null;
  /** Whether the role that was given is that of an admin. */
  readonly admin: boolean;
  /** Unix milliseconds, by the server's clock. */
  readonly at: number;
}

/** An open chat. */
export interface ChatView {
  readonly group: Group;
  readonly title: string;
  readonly avatar: string;
  readonly avatarSeed: number;
  /** As in the row of the chat list. */
  readonly partner: number | null;
  /** False where one has left or was removed: it can be read, not written to. */
  readonly member: boolean;
  /** Oneself as a member, null where one has left. */
  readonly self: Member | null;
  /** Current members by order of joining, oneself included; empty until they are loaded, and in a large group. */
  readonly members: readonly Member[];
  /** Whether they are so many that they are read in pages, by `Engine.listMembers`. */
  readonly large: boolean;
  /** How many members there are; null until that is known. */
  readonly count: number | null;
  /** Those who wrote what is loaded and are none of `members`. */
  readonly writers: readonly User[];
  /** What is loaded, ascending, without a gap; what is being sent comes last. */
  readonly messages: readonly Message[];
  /** What happened among them, ascending. */
  readonly happenings: readonly Happening[];
  /** Whether there is more above `messages`. */
  readonly older: "none" | "some" | "loading" | "failed";
  /** Whether there is more below: after `jump` it may be a part in the middle. What is being sent is shown where there is not. */
  readonly newer: "none" | "some" | "loading" | "failed";
  /** The messages that those in `messages` answer, by id, as they are now; those that are missing are being asked for. */
  readonly quotes: ReadonlyMap<number, Message | "gone">;
  /** Latest first; null until they are known. */
  readonly pins: readonly Message[] | null;
  readonly typing: readonly User[];
  /** Null until they are known. */
  readonly settings: GroupSettings | null;
  readonly unread: number;
  readonly unreadMentions: number;
  /** The first `seq` that was unread when the chat was opened, or came while nobody looked: where the divider stands. Null: none. */
  readonly dividerSeq: number | null;
  readonly draft: string;
  /** The id of the message that the draft answers. */
  readonly draftReply: number | null;
  /** Which chat this is: under another `store` the same number is another chat. */
  readonly to: Addressee;
}

export type Who = "all" | "admins";

export interface GroupSettings {
  readonly whoPins: Who;
  readonly whoMentionsAll: Who;
  /** So long after they were sent messages are gone for everybody; 0: they stay. */
  readonly expireSeconds: number;
}

/** Something that failed and does not stand on a message that is shown, or does. */
export interface Failure {
  readonly id: string;
  readonly gid: number;
  readonly what: Deed;
  readonly reason: string;
}

/** A message that is sent later. */
export interface Scheduled extends Extras {
  /** Null while the server does not know of it. */
  readonly id: number | null;
  readonly gid: number;
  readonly kind: MessageKind;
  readonly content: string;
  /** Unix milliseconds, by the server's clock. */
  readonly sendAt: number;
  /** Why it was not sent. */
  readonly failed: string | null;
  /** Of one that the server has refused to schedule: what `retry` and `dismiss` take. */
  readonly failure: string | null;
}

/** What is to be otherwise of a message that is sent later. */
export type Rescheduling =
  | { readonly sendAt: number }
  | { readonly content: string; readonly mentions: readonly number[]; readonly mentionAll: boolean };

/** A message in a list that is of several chats. */
export interface Found {
  readonly message: Message;
  readonly sender: User;
  readonly title: string;
}

/** How a message that was in a list is by now; null for one that was in none. */
export type Latest = (gid: number, key: string) => Message | null;

export interface FoundPage {
  readonly found: readonly Found[];
  readonly more: boolean;
}

/** What a message that is looked for has. */
export type Holding = "link" | "image" | "video" | "audio" | "file";

/** What a message that is looked for may be to whoever looks. */
export type Trait = "pinned" | "starred" | "mention" | "mine" | "edited";

/** What messages that are looked for must be; what is left out may be anything. */
export interface SearchFilter {
  readonly gid?: number;
  /** Who wrote it. */
  readonly uid?: number;
  /** One of them at least. */
  readonly has?: readonly Holding[];
  /** All of them. */
  readonly is?: readonly Trait[];
  /** Unix milliseconds: from the first on, and before the second. */
  readonly after?: number;
  readonly before?: number;
}

/** A message that was found by its words, or those of its file. */
export interface Hit extends Found {
  /** In what it was found. */
  readonly text: string;
  /** Where in that: each from a letter up to before another, ascending and apart. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export interface HitPage {
  readonly hits: readonly Hit[];
  /** What to ask for the next page with; null at the end. A page may be empty and not the last. */
  readonly next: number | null;
  /** Not everything was looked through. */
  readonly partial: boolean;
}

/** What a message has beside its content. */
export interface Extras {
  readonly replyTo?: number | null;
  readonly mentions?: readonly number[];
  readonly mentionAll?: boolean;
}

/** Somebody on the page of contacts. */
export interface Contacts {
  readonly friends: readonly User[];
  /** Asked oneself; these count for the badge. */
  readonly incoming: readonly User[];
  readonly outgoing: readonly User[];
}

export type Relation = Friendship | "self";

/** Where one is logged in. */
export type Device = Session;

export type ConnectionState =
  /** Connected, logged in and up to date. */
  | { readonly is: "online" }
  /** Connected, asking for what was missed; `troubled` where that has failed several times. */
  | { readonly is: "syncing"; readonly troubled: boolean }
  | { readonly is: "connecting" }
  /** Not connected; the next try is at this moment of `performance.now()`, or when the network is back. */
  | { readonly is: "offline"; readonly retryAt: number | null };

/** Whether what is shown is kept over a reload, and if not, why. */
export type Keeping =
  | "lasting"
  /** The browser keeps nothing for this page, or does not answer. */
  | "memory"
  /** An older client in another tab holds what is kept. */
  | "blocked"
  /** A newer client in another tab has taken it over. */
  | "superseded";

export type Account =
  | { readonly is: "loading" }
  /** `why` is for people, where one was logged out by the server. */
  | { readonly is: "out"; readonly why: "revoked" | "disabled" | null }
  | { readonly is: "in"; readonly me: User };

/** What an action ends with: done, or a reason for people, as the server or the network gave it. */
export type Outcome<T = void> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export type Problem =
  /** The server's words. */
  | { readonly is: "refused"; readonly message: string }
  | { readonly is: "offline" }
  | { readonly is: "slow-down"; readonly seconds: number }
  /** Nothing was done. */
  | { readonly is: "busy"; readonly seconds: number }
  /** It is not known whether it was done. */
  | { readonly is: "unsure" }
  | { readonly is: "fault" };

/** A value over time, as `useSyncExternalStore` wants it: the same object until it changes. */
export interface Live<T> {
  get(): T;
  subscribe(changed: () => void): () => void;
}

/** A message of somebody else; or one that has come to mention oneself, which each does once at most. */
export interface Arrived {
  readonly row: ChatRow;
  readonly message: Message;
  readonly mention: boolean;
}

export interface Engine extends MessageActs, Files {
  readonly account: Live<Account>;
  readonly connection: Live<ConnectionState>;
  readonly keeping: Live<Keeping>;
  /** Newest activity first. */
  readonly chats: Live<readonly ChatRow[]>;
  readonly contacts: Live<Contacts>;
  /** Ids of the contacts and the partners of single chats who are online; empty while that is not known. */
  readonly online: Live<ReadonlySet<number>>;
  /** How far the server's clock is ahead of this device's, in milliseconds: what is "today" goes by the server's. */
  readonly clockAhead: Live<number>;
  /** What most servers have, until this one was heard. */
  readonly limits: Live<Limits>;
  /** Of all chats: the badge of the title. */
  readonly unread: Live<number>;
  /** One chat; null where there is none of that id. Loads what it needs when it is first subscribed to. */
  chat(gid: number): Live<ChatView | null>;
  /** A message of somebody else arrived while this tab is the one that notifies. */
  onArrival(heard: (arrival: Arrived) => void): () => void;

  /** What may be known of the server before anybody is signed in. */
  serverInfo(): Promise<Outcome<ServerInfo>>;
  register(input: { account: string; name: string; password: string }): Promise<Outcome>;
  login(input: { account: string; password: string }): Promise<Outcome>;
  logout(): Promise<void>;
  updateProfile(change: { name?: string; avatar?: string; email?: string }): Promise<Outcome>;
  uploadAvatar(picture: Blob): Promise<Outcome<string>>;
  changePassword(input: { oldPassword: string; newPassword: string }): Promise<Outcome>;
  devices(): Promise<Outcome<readonly Device[]>>;
  revokeDevice(id: number): Promise<Outcome>;
  /** All but this one. */
  revokeOtherDevices(): Promise<Outcome>;

  findUser(account: string): Promise<Outcome<{ user: User; relation: Relation } | null>>;
  /** What is known of somebody: of those one shares a chat or a request with. */
  user(uid: number): User | null;
  /** Everybody who is known, but oneself. */
  people(): readonly User[];
  relation(uid: number): Relation;
  befriend(uid: number): Promise<Outcome>;
  acceptFriend(uid: number): Promise<Outcome>;
  /** Rejects, withdraws or ends, whichever applies. */
  declineFriend(uid: number): Promise<Outcome>;
  /** Calls a friend by a name that nobody else sees; empty for their own. */
  setRemark(uid: number, remark: string): Promise<Outcome>;

  /** Opens the single chat with a user and returns its gid. */
  openSingle(uid: number): Promise<Outcome<number>>;
  createGroup(input: { name: string; uids: readonly number[] }): Promise<Outcome<number>>;
  updateGroup(gid: number, change: { name: string; avatar: string }): Promise<Outcome>;
  /** A page of the members whose name or account has the text in it; `after` is the `next` of the page before. */
  listMembers(gid: number, asked: { readonly search: string; readonly after: number | null }): Promise<Outcome<MembersPage>>;
  addMembers(gid: number, uids: readonly number[]): Promise<Outcome>;
  removeMember(gid: number, uid: number): Promise<Outcome>;
  setAdmin(gid: number, uid: number, admin: boolean): Promise<Outcome>;
  handOver(gid: number, uid: number): Promise<Outcome>;
  leave(gid: number): Promise<Outcome>;
  dissolve(gid: number): Promise<Outcome>;
  /** Takes the chat out of one's own list, on all devices, until something new comes. What is not sent stays to be sent. */
  deleteChat(gid: number): Promise<Outcome>;

  /**
   * Makes the draft of the chat a message in the outbox, in one step; it is shown at once and sent as soon as that is possible.
   * `to` is the chat that was seen when it was written: it is sent to no other.
   */
  send(gid: number, kind: SentKind, content: string, to?: Addressee, extras?: Extras): void;
  resend(gid: number, key: string): void;
  /** Takes a failed message out of the outbox. */
  discard(gid: number, key: string): void;
  loadOlder(gid: number): void;
  /** The chat is on the screen up to `seq`. */
  seen(gid: number, seq: number): void;
  /** Whether somebody looks at the open chat: what comes while nobody does stands below a divider. */
  looking(gid: number, is: boolean): void;
  /**
   * The chat is left, scrolled up to the message `place`, or at the newest where that is null. The divider is forgotten;
   * what it takes to come back to the place is not.
   */
  closed(gid: number, place: number | null): void;
  /** `to` as for `send`. */
  setDraft(gid: number, draft: string, to?: Addressee, replyTo?: number | null): void;
  /** This tab is about to let go of who is logged in, for whatever reason: what is handed over in `last` is still taken. */
  onEnd(last: () => void): () => void;
}

/** What may be done with messages. A message is named by its chat and its key, wherever it was met. */
export interface MessageActs {
  /** What could not be done, oldest first; each until it is tried again or dismissed. */
  readonly failures: Live<readonly Failure[]>;
  /** What is known by now of a message that was in a list; another function whenever one of these has changed. */
  readonly listed: Live<Latest>;
  /** What one has scheduled, the next first; null until it is known. It is asked for while somebody looks. */
  readonly scheduled: Live<readonly Scheduled[] | null>;

  // These are shown at once, survive a reload, and are sent in the order in which they were asked for.

  /** Of a message that is not sent yet, what is sent. */
  edit(gid: number, key: string, to: { kind: SentKind; content: string; mentions?: readonly number[]; mentionAll?: boolean }): void;
  /** A message that is not sent yet is not sent. */
  recall(gid: number, key: string): void;
  react(gid: number, key: string, emoji: string, on: boolean): void;
  pin(gid: number, key: string, on: boolean): void;
  star(gid: number, key: string, on: boolean): void;
  hide(gid: number, keys: readonly string[]): void;
  /** Everything up to what is known here now. */
  clear(gid: number): void;
  /** Without `origin` they are sent as words of one's own. */
  forward(from: number, keys: readonly string[], to: readonly number[], how: { merged: boolean; origin: boolean }): void;
  schedule(gid: number, message: { kind: SentKind; content: string; sendAt: number } & Extras): void;
  retry(failure: string): void;
  dismiss(failure: string): void;

  /** One is writing: called at each key, told to the others as often as they need it. */
  typing(gid: number): void;

  /** Loads the part of the chat around a message, and answers with its key once it is in `ChatView.messages`. */
  jump(gid: number, to: { id: number } | { seq: number }): Promise<Outcome<string>>;
  /** To the oldest unread message that mentions oneself and lies below the place that was jumped to last; null where there is none. */
  nextMention(gid: number): Promise<Outcome<string | null>>;
  loadNewer(gid: number): void;
  toNewest(gid: number): void;

  /** Oldest first, the present one last. */
  edits(gid: number, key: string): Promise<Outcome<readonly { readonly kind: MessageKind; readonly content: string; readonly at: number }[]>>;
  /** Pages count from 1. */
  reactors(gid: number, key: string, emoji: string | null, page: number): Promise<Outcome<{ readonly entries: readonly { readonly emoji: string; readonly user: User; readonly at: number }[]; readonly more: boolean }>>;
  /** `users`: null in a large group. */
  /** Of very large groups not all are counted: then there are `more`. */
  readers(gid: number, key: string): Promise<Outcome<{ readonly read: number; readonly of: number; readonly users: readonly User[] | null; readonly more: boolean }>>;
  /** The messages that answer it, directly or not, ascending. */
  replies(gid: number, key: string): Promise<Outcome<readonly Found[]>>;
  /** Newest first, of one chat or of all. */
  mentions(gid: number | null, page: number): Promise<Outcome<FoundPage>>;
  stars(page: number): Promise<Outcome<FoundPage>>;
  /** Whether the server looks for messages; false until that is known. */
  readonly searches: Live<boolean>;
  /** Newest first. `words` may have the operators of the server as well. `next` is that of the page before. */
  search(words: string, filter: SearchFilter, next: number | null): Promise<Outcome<HitPage>>;

  /** With another content it mentions whom the change names, and nobody else. */
  reschedule(id: number, change: Rescheduling): Promise<Outcome>;
  cancelScheduled(id: number): Promise<Outcome>;
  sendScheduled(id: number): Promise<Outcome>;
  updateSettings(gid: number, change: Partial<GroupSettings>): Promise<Outcome>;
}

/** What may be done with files. */
export interface Files {
  /** Null: the server takes none, or was not heard yet. */
  readonly files: Live<FileLimits | null>;
  /**
   * A message for each, in this order, into the outbox; they are shown at once. What is written behind them waits for them, other
   * chats do not. It is stopped by `recall`, and what has failed is tried again by `resend` and taken away by `discard`.
   * `to` as for `send`. With `album` they are shown as one.
   */
  attach(gid: number, items: readonly Attachment[], how?: Extras & { readonly to?: Addressee; readonly album?: boolean }): void;
  /** Null: there is nothing on its way of this message. */
  upload(gid: number, key: string): Live<Upload | null>;
  /** What a message that is on its way takes along, and for a while after that; null where this device does not have it. */
  localFile(gid: number, key: string, what: "file" | "poster"): Promise<Blob | null>;
  /** Where it is shown from: the whole, or the smaller picture of that side. It needs no token, but for a cookie. */
  fileUrl(file: string, side?: Side): string;
  /** The same, to be saved under its name. */
  downloadUrl(file: string): string;
  /** An address of a file could not be loaded. Whether to try it again: the cookie has been asked for anew. */
  reopenFiles(): Promise<boolean>;
  /** `picture`: pictures and films. Newest first; `before` is the `seq` of the last one that is known. */
  gallery(gid: number, what: GalleryPart, before: number | null): Promise<Outcome<FoundPage>>;
  /** One has listened to a voice message of somebody else. */
  listened(gid: number, key: string): void;
  /** Null: nobody is logged in. */
  recordings(): Promise<Recordings | null>;
}

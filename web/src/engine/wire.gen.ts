// Made by scripts/wire.mjs from docs/openapi.json and docs/frames.json. Not to be edited: `npm run wire` writes it.

import { FLAG, INTEGER, NATURAL, TEXT, type Nothing, type Operation, type Shape } from "./shape";

/** `Login`: binds the connection to the user of the token; may be repeated. */
export interface SentLogin {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly content: string;
  readonly echo?: boolean;
}

/** `Msg`: stores a message, acks and delivers it. */
export interface SentMsg {
  readonly clientMsgId: string;
  readonly kind: "Text" | "RichText" | "Image" | "Audio" | "Video" | "File" | "Location" | "Card" | "Custom";
  readonly uid: number;
  readonly gid: number;
  readonly content: string;
  readonly replyTo?: number;
  readonly mentions?: readonly number[];
  readonly mentionAll?: boolean;
}

/** `Read`: everything up to the message was read, and so delivered. */
export interface SentRead {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `Heart`: keeps the connection alive. */
export interface SentHeart {
  readonly clientMsgId: string;
}

/** `Logout`: unbinds the connection; the socket stays open. */
export interface SentLogout {
  readonly clientMsgId: string;
  readonly uid?: number;
}

/** `Ack`: everything up to the message was delivered. */
export interface SentAck {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `Watch`: from now on tells when these users come and go, and of nobody else. */
export interface SentWatch {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly uids: readonly number[];
}

/** `Edit`: has a message of one's own say something else; its kind stays where it is left out. */
export interface SentEdit {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
  readonly content: string;
  readonly kind?: "Text" | "RichText" | "Image" | "Audio" | "Video" | "File" | "Location" | "Card" | "Custom";
  readonly mentions?: readonly number[];
  readonly mentionAll?: boolean;
}

/** `Recall`: takes a message back: what it said is gone for everybody. */
export interface SentRecall {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `React`: reacts to a message with an emoji. */
export interface SentReact {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
  /** One emoji. */
  readonly content: string;
}

/** `Unreact`: takes a reaction back. */
export interface SentUnreact {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
  /** One emoji. */
  readonly content: string;
}

/** `Pin`: pins a message, for everybody in the group. */
export interface SentPin {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `Unpin`: unpins a message. */
export interface SentUnpin {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `Open`: says that one has played a voice message of somebody else. */
export interface SentOpen {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
  readonly msgId: number;
}

/** `Typing`: tells the others that one is writing; said again every 3 seconds while one does. */
export interface SentTyping {
  readonly clientMsgId: string;
  readonly uid: number;
  readonly gid: number;
}

/** Which store a server has. `rev`, `seq` and ids mean something only together with it. */
export interface StoreState {
  /** Random text, made when the store was. */
  readonly id: string;
  /** Another one after every restore of a backup. */
  readonly epoch: number;
}
export const StoreState: Shape<StoreState> = {
  id: TEXT,
  epoch: NATURAL,
};

/** `Ack`: it was done. */
export interface ReceivedAck {
  /** that of the frame */
  readonly clientMsgId: string;
  /** see `ack` of the frame */
  readonly serverMsgId: number | null;
  /** of a Login with `echo` */
  readonly store: StoreState | null;
}
export const ReceivedAck: Shape<ReceivedAck> = {
  clientMsgId: TEXT,
  serverMsgId: [NATURAL, null],
  store: [StoreState, null],
};

/** `Error`: it was not done. */
export interface ReceivedError {
  /** that of the frame, or empty where it could not be read */
  readonly clientMsgId: string;
  /** the reason, in words for a person */
  readonly content: string;
  /** see `errors` of the frame */
  readonly code: number;
}
export const ReceivedError: Shape<ReceivedError> = {
  clientMsgId: TEXT,
  content: TEXT,
  code: NATURAL,
};

/** Where a forwarded message was written first. */
export interface ForwardedFrom {
  readonly uid: number;
  /** What they were called when it was forwarded. */
  readonly name: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}
export const ForwardedFrom: Shape<ForwardedFrom> = {
  uid: NATURAL,
  name: TEXT,
  createdAt: INTEGER,
};

/** `Msg`: a message on its way to a member. */
export interface ReceivedMsg {
  readonly kind: string;
  /** who sent it */
  readonly uid: number;
  readonly gid: number;
  /** what the kind says */
  readonly content: string;
  /** that of its sender */
  readonly clientMsgId: string;
  readonly msgId: number;
  /** place in the group: 1, 2, 3… without a gap */
  readonly seq: number;
  /** number among the changes of the group */
  readonly rev: number;
  /** Unix milliseconds */
  readonly createdAt: number;
  /** the message that it answers */
  readonly replyTo: number | null;
  /** whom it mentions */
  readonly mentions: readonly number[] | null;
  /** whether it mentions everybody */
  readonly mentionAll: boolean | null;
  /** where it was written first */
  readonly forwardedFrom: ForwardedFrom | null;
  /** when it goes for everybody */
  readonly expiresAt: number | null;
}
export const ReceivedMsg: Shape<ReceivedMsg> = {
  kind: TEXT,
  uid: NATURAL,
  gid: NATURAL,
  content: TEXT,
  clientMsgId: TEXT,
  msgId: NATURAL,
  seq: NATURAL,
  rev: NATURAL,
  createdAt: INTEGER,
  replyTo: [NATURAL, null],
  mentions: [[NATURAL], null],
  mentionAll: [FLAG, null],
  forwardedFrom: [ForwardedFrom, null],
  expiresAt: [INTEGER, null],
};

/** A user as others see them. `password` is always empty, `email` is empty for all but oneself. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly avatar: string;
  readonly email: string;
  readonly account: string;
}
export const User: Shape<User> = {
  id: NATURAL,
  name: TEXT,
  avatar: TEXT,
  email: TEXT,
  account: TEXT,
};

/** What a message holds, and so how its `content` is read. */
export type Kind = "Text" | "RichText" | "Image" | "Audio" | "Video" | "File" | "Location" | "Card" | "Custom" | "Merged";
export const Kind: readonly Kind[] = ["Text", "RichText", "Image", "Audio", "Video", "File", "Location", "Card", "Custom", "Merged"];

/** An emoji that people have reacted with. */
export interface Reaction {
  readonly emoji: string;
  /** How many people. */
  readonly count: number;
  /** Whether the one who asks is among them. Left out where it is told to many. */
  readonly mine: boolean | null;
  /** The ten who did so last, the latest first. */
  readonly uids: readonly number[];
}
export const Reaction: Shape<Reaction> = {
  emoji: TEXT,
  count: NATURAL,
  mine: [FLAG, null],
  uids: [NATURAL],
};

/** That a voice message was played. */
export interface Opened {
  /** By how many people, beside its sender. */
  readonly count: number;
  /** Whether the one who asks is among them. Left out where it is told to many. */
  readonly mine: boolean | null;
  /** The ten who did so last, the latest first. */
  readonly uids: readonly number[];
}
export const Opened: Shape<Opened> = {
  count: NATURAL,
  mine: [FLAG, null],
  uids: [NATURAL],
};

/** What the server has found at an address in a message. */
export interface Link {
  /** As it stands in the message. */
  readonly url: string;
  readonly title: string;
  readonly text: string;
  /** The id of a picture that the server keeps. */
  readonly picture: string | null;
}
export const Link: Shape<Link> = {
  url: TEXT,
  title: TEXT,
  text: TEXT,
  picture: [TEXT, null],
};

/** A message in a list. Times are `YYYY-MM-DD HH:MM:SS` in the server's configured zone. */
export interface Message {
  readonly id: number;
  readonly kind: string;
  readonly content: string;
  readonly gid: number;
  readonly uid: number;
  readonly client_msg_id: string;
  /** Place in the group: 1, 2, 3… without a gap. */
  readonly seq: number;
  /** Number of the latest change of this message among the changes of the group. */
  readonly rev: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The message that it answers. */
  readonly replyTo: number | null;
  /** Whom it mentions. */
  readonly mentions: readonly number[] | null;
  /** Whether it mentions everybody. */
  readonly mentionAll: boolean | null;
  /** Of a forwarded one: where it was written first. */
  readonly forwardedFrom: ForwardedFrom | null;
  /** When it was edited last, Unix milliseconds. */
  readonly editedAt: number | null;
  /** When it was recalled: its content is empty from then on. */
  readonly recalledAt: number | null;
  readonly recalledBy: number | null;
  /** In the order in which each was given first. */
  readonly reactions: readonly Reaction[] | null;
  /** When it was pinned; only while it is. */
  readonly pinnedAt: number | null;
  /** When it goes for everybody. */
  readonly expiresAt: number | null;
  /** Of a voice message that others have played. */
  readonly opened: Opened | null;
  /** What the server has found at addresses in it, where it looks. */
  readonly links: readonly Link[] | null;
}
export const Message: Shape<Message> = {
  id: NATURAL,
  kind: TEXT,
  content: TEXT,
  gid: NATURAL,
  uid: NATURAL,
  client_msg_id: TEXT,
  seq: NATURAL,
  rev: NATURAL,
  createdAt: INTEGER,
  replyTo: [NATURAL, null],
  mentions: [[NATURAL], null],
  mentionAll: [FLAG, null],
  forwardedFrom: [ForwardedFrom, null],
  editedAt: [INTEGER, null],
  recalledAt: [INTEGER, null],
  recalledBy: [NATURAL, null],
  reactions: [[Reaction], null],
  pinnedAt: [INTEGER, null],
  expiresAt: [INTEGER, null],
  opened: [Opened, null],
  links: [[Link], null],
};

/** `Notify`: a change that is no message. */
export interface ReceivedNotify {
  readonly kind: string;
  /** who did it */
  readonly uid: number;
  /** of a change of a group or chat */
  readonly gid: number | null;
  /** of Read and Delivered, and of what happens to a message */
  readonly msgId: number | null;
  /** as far as it goes, or where it happened */
  readonly seq: number | null;
  /** number among the changes of the group; of several the last */
  readonly rev: number | null;
  /** of a ProfileUpdated, unless this connection was told just before */
  readonly user: User | null;
  /** of a change that took several `rev`s, or of several changes: the first of them */
  readonly fromRev: number | null;
  /** the message that changed, as it is now */
  readonly msg: Message | null;
  /** of Reacted and Unreacted */
  readonly emoji: string | null;
  /** of Hidden */
  readonly msgIds: readonly number[] | null;
  /** of Hidden and Expired: places, from and to */
  readonly seqs: readonly (readonly number[])[] | null;
  /** of ScheduleUpdated and ScheduleFailed */
  readonly id: number | null;
}
export const ReceivedNotify: Shape<ReceivedNotify> = {
  kind: TEXT,
  uid: NATURAL,
  gid: [NATURAL, null],
  msgId: [NATURAL, null],
  seq: [NATURAL, null],
  rev: [NATURAL, null],
  user: [User, null],
  fromRev: [NATURAL, null],
  msg: [Message, null],
  emoji: [TEXT, null],
  msgIds: [[NATURAL], null],
  seqs: [[[NATURAL]], null],
  id: [NATURAL, null],
};

/** What it accepts at the most. */
export interface ServerLimits {
  /** So long after it was sent a message may be edited by its sender, in milliseconds; 0 is never, null for ever. */
  readonly editWindowMs: number | null;
  /** The same of recalling it. */
  readonly recallWindowMs: number | null;
  /** Of a file. */
  readonly maxFileBytes: number | null;
}
export const ServerLimits: Shape<ServerLimits> = {
  editWindowMs: [NATURAL, null],
  recallWindowMs: [NATURAL, null],
  maxFileBytes: [NATURAL, null],
};

/** Whether strangers may create an account. */
export type Registration = "open" | "closed";
export const Registration: readonly Registration[] = ["open", "closed"];

/** What becomes of a picture, sound or film at an address of another host. */
export type RemotePictures = "ask" | "never";
export const RemotePictures: readonly RemotePictures[] = ["ask", "never"];

/** Whom people may look up and put into groups. */
export type Directory = "everybody" | "contacts";
export const Directory: readonly Directory[] = ["everybody", "contacts"];

/** What a server is, for everybody to know. */
export interface ServerInfo {
  /** What it can do. */
  readonly features: readonly string[];
  readonly limits: ServerLimits;
  readonly registration: string;
  /** Whether nobody has an account yet. */
  readonly empty: boolean;
  /** What its web client does with pictures, sound and films of other hosts. */
  readonly remotePictures: string | null;
  /** Whom people may look up and put into groups. */
  readonly directory: string | null;
}
export const ServerInfo: Shape<ServerInfo> = {
  features: [TEXT],
  limits: ServerLimits,
  registration: TEXT,
  empty: FLAG,
  remotePictures: [TEXT, null],
  directory: [TEXT, null],
};

/** `POST /api/user/create`. An `id` is ignored, as any unknown key is. */
export interface UserCreate {
  /** 1 to 64 characters, shown trimmed. */
  readonly name: string;
  /** The address of a picture, or empty. */
  readonly avatar: string;
  /** 1 to 64 bytes, shown trimmed. Unique without regard to case. */
  readonly account: string;
  /** At most 254 bytes. Nothing is sent to it. */
  readonly email?: string | null;
  /** 1 to 1024 bytes. A user without a password cannot log in. */
  readonly password?: string | null;
}

/** `POST /api/user/login`. */
export interface UserLogin {
  /** Case and surrounding blanks aside. */
  readonly account: string;
  readonly password: string;
  /**
   * What the user calls this device, at most 64 characters; shown in the list of sessions. What the
   * `User-Agent` header says where it is left out.
   */
  readonly device?: string | null;
}

/** `POST /api/user/update`: the keys present are changed. */
export interface UserUpdate {
  /** 1 to 64 characters. */
  readonly name?: string | null;
  /** The address of a picture, or empty. */
  readonly avatar?: string | null;
  /** At most 254 bytes. */
  readonly email?: string | null;
}

/** `POST /api/user/password`. Ends every other session of the user. */
export interface PasswordChange {
  readonly oldPassword: string;
  /** 1 to 1024 bytes. */
  readonly newPassword: string;
}

/** One login of one device, as `GET /api/session/list` shows it. */
export interface Session {
  readonly id: number;
  /** The name given at login, else what the client's `User-Agent` says, else empty. */
  readonly device: string;
  /** The address it was last seen at. */
  readonly address: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds, exact to ten minutes. */
  readonly lastSeenAt: number;
  /** Whether it is the session of the token that asks. */
  readonly current: boolean;
}
export const Session: Shape<Session> = {
  id: NATURAL,
  device: TEXT,
  address: TEXT,
  createdAt: INTEGER,
  lastSeenAt: INTEGER,
  current: FLAG,
};

/** `POST /api/session/revoke`. */
export interface SessionRevoke {
  readonly id: number;
}

/** `POST /api/friend/add`. */
export interface FriendAdd {
  /** Needed unless there is an `account`; never null. */
  readonly fid?: number;
  /** The exact account, in place of `fid`; never null. */
  readonly account?: string;
}

/** A user, and what the caller calls them. */
export interface ListedFriend {
  readonly id: number;
  readonly name: string;
  readonly avatar: string;
  readonly email: string;
  readonly account: string;
  readonly password: string;
  /** See `/api/friend/remark`; left out where there is none. */
  readonly remark: string | null;
}
export const ListedFriend: Shape<ListedFriend> = {
  id: NATURAL,
  name: TEXT,
  avatar: TEXT,
  email: TEXT,
  account: TEXT,
  password: TEXT,
  remark: [TEXT, null],
};

/** `POST /api/friend/status/modify`. */
export interface FriendModify {
  readonly fid: number;
  /** 1 accepts, 2 rejects, withdraws or ends; any other number changes nothing. */
  readonly status: number;
}

/** `POST /api/friend/remark`. */
export interface FriendRemark {
  readonly fid: number;
  /** Empty for nothing. */
  readonly remark: string;
}

/** The group to create. `id` and `creatorUid` are ignored: the caller is the creator. */
export interface NewGroup {
  /** At most 64 characters; may be empty. */
  readonly name: string;
  /** The address of a picture, or empty. */
  readonly avatar: string;
  /** 1 for a single chat of two, 2 for a group chat. */
  readonly mode: number;
}

/** A member to begin with. */
export interface NewMember {
  readonly uid: number;
  /** 1 common member, 2 admin. */
  readonly role?: number;
}

/** `POST /api/group/create`. */
export interface GroupCreate {
  readonly group: NewGroup;
  /** At most 10,000. The caller need not be among them, and the same user twice counts once. */
  readonly users: readonly NewMember[];
}

/** `POST /api/group/update`. */
export interface GroupUpdate {
  readonly id: number;
  readonly name: string;
  readonly avatar: string;
}

/** Who of the members of a group may do something. */
export type Who = "all" | "admins";
export const Who: readonly Who[] = ["all", "admins"];

/** A conversation: `mode` 1 is a single chat of two, anything else a group chat. */
export interface Group {
  readonly id: number;
  readonly name: string;
  readonly avatar: string;
  readonly mode: number;
  readonly creatorUid: number;
  /** Who pins messages. This and what follows is in the answers of `sync` alone. */
  readonly whoPins: string | null;
  /** Who mentions everybody. */
  readonly whoMentionsAll: string | null;
  /** So long after they were sent its messages expire; 0: never. */
  readonly expireSeconds: number | null;
}
export const Group: Shape<Group> = {
  id: NATURAL,
  name: TEXT,
  avatar: TEXT,
  mode: NATURAL,
  creatorUid: NATURAL,
  whoPins: [TEXT, null],
  whoMentionsAll: [TEXT, null],
  expireSeconds: [NATURAL, null],
};

/** A member of a group: role 1 common, 2 admin or creator. */
export interface MemberItem {
  readonly role: number;
  readonly user: User;
}
export const MemberItem: Shape<MemberItem> = {
  role: NATURAL,
  user: User,
};

/** `POST /api/group/user/list`. */
export interface MembersRequest {
  readonly gid: number;
  /** A part of the name or the account. */
  readonly q?: string | null;
  /** The `next` of the page before. */
  readonly after?: number | null;
  /** 100 where left out, 200 at the most. */
  readonly size?: number | null;
}

/** A member as the pages have them: role 1 common, 2 admin or creator. */
export interface ListedMember {
  readonly role: number;
  readonly user: User;
}
export const ListedMember: Shape<ListedMember> = {
  role: NATURAL,
  user: User,
};

/** A page of members, in the order of joining. */
export interface MembersAnswer {
  readonly members: readonly ListedMember[];
  /** How many the group has. */
  readonly count: number;
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
  /** Of the one who asks: 1 common, 2 admin or creator; null who is no member. */
  readonly role: number | null;
}
export const MembersAnswer: Shape<MembersAnswer> = {
  members: [ListedMember],
  count: NATURAL,
  next: [NATURAL, null],
  role: [NATURAL, null],
};

/** `POST /api/group/user/change`. */
export interface MemberChange {
  readonly gid: number;
  /** At most 10,000. */
  readonly uids: readonly number[];
  /** 1 add, 2 remove. */
  readonly opType: number;
}

/** `POST /api/group/role/modify`. */
export interface RoleChange {
  readonly gid: number;
  readonly uid: number;
  /** 1 common member, 2 admin. */
  readonly role: number;
}

/** `POST /api/group/transfer`. */
export interface GroupTransfer {
  readonly gid: number;
  readonly uid: number;
}

/** `POST /api/group/leave` and `/api/group/dissolve`. */
export interface GroupRef {
  readonly gid: number;
}

/** `POST /api/group/events`. */
export interface EventsRequest {
  readonly gid: number;
  /** The `seq` of the first message; 0 for what was before it. */
  readonly fromSeq: number;
  /** The `seq` of the last message. */
  readonly toSeq: number;
}

/** A change that is no message. */
export type Notice = "FriendRequest" | "FriendAccepted" | "FriendRejected" | "FriendWithdrawn" | "FriendRemoved" | "GroupCreated" | "GroupUpdated" | "MembersAdded" | "MembersRemoved" | "RoleChanged" | "OwnerChanged" | "GroupDissolved" | "Read" | "Delivered" | "ProfileUpdated" | "ChatDeleted" | "Online" | "Offline" | "Edited" | "Recalled" | "Reacted" | "Unreacted" | "Pinned" | "Unpinned" | "Moved" | "Hidden" | "Cleared" | "Starred" | "Unstarred" | "Expired" | "Typing" | "ScheduleUpdated" | "ScheduleFailed" | "Opened" | "Linked";
export const Notice: readonly Notice[] = ["FriendRequest", "FriendAccepted", "FriendRejected", "FriendWithdrawn", "FriendRemoved", "GroupCreated", "GroupUpdated", "MembersAdded", "MembersRemoved", "RoleChanged", "OwnerChanged", "GroupDissolved", "Read", "Delivered", "ProfileUpdated", "ChatDeleted", "Online", "Offline", "Edited", "Recalled", "Reacted", "Unreacted", "Pinned", "Unpinned", "Moved", "Hidden", "Cleared", "Starred", "Unstarred", "Expired", "Typing", "ScheduleUpdated", "ScheduleFailed", "Opened", "Linked"];

/** What happened in a group chat, to be told among its messages: after the one of that `seq`. */
export interface GroupEvent {
  /** As the Notify of it has it. */
  readonly rev: number;
  readonly seq: number;
  /**
   * `GroupCreated`, `GroupUpdated`, `MembersAdded`, `MembersRemoved`, `RoleChanged`, `OwnerChanged` or
   * `GroupDissolved`.
   */
  readonly kind: string;
  /** Who did it. */
  readonly uid: number;
  /** Whom it concerns, the first 20 of them. */
  readonly uids: readonly number[];
  /** How many they are. */
  readonly count: number;
  /** Of a `GroupUpdated`: the new name. Null where it is another picture. */
  readonly name: string | null;
  /** Of a `RoleChanged`: 1 common, 2 admin. */
  readonly role: number | null;
  /** Unix milliseconds. */
  readonly createdAt: number;
}
export const GroupEvent: Shape<GroupEvent> = {
  rev: NATURAL,
  seq: NATURAL,
  kind: TEXT,
  uid: NATURAL,
  uids: [NATURAL],
  count: NATURAL,
  name: [TEXT, null],
  role: [NATURAL, null],
  createdAt: INTEGER,
};

/** What happened among some messages. */
export interface EventsAnswer {
  /** Ascending, the newest; 200 at the most. */
  readonly events: readonly GroupEvent[];
  /** Whom they speak of, each once. */
  readonly users: readonly User[];
}
export const EventsAnswer: Shape<EventsAnswer> = {
  events: [GroupEvent],
  users: [User],
};

/** `POST /api/group/settings`. */
export interface NewGroupSettings {
  readonly gid: number;
  readonly whoPins?: Who | null;
  readonly whoMentionsAll?: Who | null;
  /** 0 for never, or at least 5 seconds. */
  readonly expireSeconds?: number | null;
}

/** How a group is used. */
export interface GroupSettings {
  /** Who pins messages. */
  readonly whoPins: string;
  /** Who mentions everybody. */
  readonly whoMentionsAll: string;
  /** So long after they were sent its messages expire; 0: never. */
  readonly expireSeconds: number;
}
export const GroupSettings: Shape<GroupSettings> = {
  whoPins: TEXT,
  whoMentionsAll: TEXT,
  expireSeconds: NATURAL,
};

/** `POST /api/message/chat/list`. */
export interface ChatList {
  /** Oneself: the list of another is empty. */
  readonly uid: number;
  /** From 1; 0 is read as 1. */
  readonly page: number;
  /** At most 200. */
  readonly size: number;
}

/** A row of the chat list or of a history page. */
export interface ChatItem {
  readonly msg: Message;
  /** Chat list: the first other member. History: the sender. */
  readonly user: User;
  /** Only in the chat list, and only where it is not 0: unread messages that mention oneself or everybody. */
  readonly unreadMentions: number | null;
}
export const ChatItem: Shape<ChatItem> = {
  msg: Message,
  user: User,
  unreadMentions: [NATURAL, null],
};

/** `POST /api/message/history`. A `uid` is ignored: it is the caller's own view. */
export interface History {
  readonly gid: number;
  /** From 1, the newest; 0 is read as 1. */
  readonly page: number;
  /** At most 200. */
  readonly size: number;
  /** Only messages with a smaller `seq`: pages then stay where they are while new messages come. */
  readonly beforeSeq?: number | null;
}

/** `POST /api/message/group/read`. A `uid` is ignored: it marks for the caller. */
export interface GroupRead {
  readonly gid: number;
}

/** `POST /api/message/send`. */
export interface MessageSend {
  readonly gid: number;
  /** What the kind says. */
  readonly content: string;
  readonly kind?: Kind | null;
  /** 1 to 64 bytes, chosen by the client: the same message again is stored once. */
  readonly clientMsgId?: string | null;
  /** The message that it answers. */
  readonly replyTo?: number | null;
  /** At most 50 members. */
  readonly mentions?: readonly number[];
  /** Whether it mentions everybody. */
  readonly mentionAll?: boolean;
}

/** A message of a group. */
export interface MessageRef {
  readonly gid: number;
  readonly msgId: number;
}

/** `POST /api/message/around`. */
export interface AroundRequest {
  readonly gid: number;
  /** Needed unless there is a `seq`. */
  readonly msgId?: number | null;
  /** Its place, in place of `msgId`. */
  readonly seq?: number | null;
  /** Messages before it: none where left out, 200 at the most. */
  readonly before?: number;
  /** Messages behind it: none where left out, 200 at the most. */
  readonly after?: number;
}

/** Messages around one, ascending; nothing in between is left out that one may see. */
export interface AroundAnswer {
  readonly messages: readonly Message[];
  /** Everybody whom they name, once. */
  readonly users: readonly User[];
  /** Whether there are others before the first. */
  readonly older: boolean;
  /** Whether there are others behind the last. */
  readonly newer: boolean;
}
export const AroundAnswer: Shape<AroundAnswer> = {
  messages: [Message],
  users: [User],
  older: FLAG,
  newer: FLAG,
};

/** `POST /api/message/edit`. */
export interface MessageEdit {
  readonly gid: number;
  readonly msgId: number;
  /** All of what it says from now on. */
  readonly content: string;
  readonly kind?: Kind | null;
  /** At most 50 members. */
  readonly mentions?: readonly number[];
  /** Whether it mentions everybody. */
  readonly mentionAll?: boolean;
  /** 1 to 64 bytes, chosen by the client: the same edit again is then known. */
  readonly clientMsgId?: string | null;
}

/** `POST /api/message/react` and `/api/message/unreact`. */
export interface MessageReaction {
  readonly gid: number;
  readonly msgId: number;
  /** One emoji. */
  readonly emoji: string;
}

/** Messages of a list, in its order. */
export interface MessageList {
  readonly messages: readonly Message[];
  /** Everybody whom they name, once. */
  readonly users: readonly User[];
  /** Whether there are more than fit into this answer. */
  readonly more: boolean;
}
export const MessageList: Shape<MessageList> = {
  messages: [Message],
  users: [User],
  more: FLAG,
};

/** `POST /api/message/mentions`. */
export interface MentionsRequest {
  /** Of all groups where it is left out. */
  readonly gid?: number | null;
  /** From 1, where it is left out. */
  readonly page?: number | null;
  /** 50 where left out, 200 at the most. */
  readonly size?: number | null;
  /** Only older ones: the `next` of the answer before. Pages are counted from there. */
  readonly before?: number | null;
}

/** Messages that mention one, the newest first. */
export interface MentionList {
  readonly messages: readonly Message[];
  /** Everybody whom they name, once. */
  readonly users: readonly User[];
  /** Whether there are more. */
  readonly more: boolean;
  /** Where they begin. */
  readonly next: number | null;
}
export const MentionList: Shape<MentionList> = {
  messages: [Message],
  users: [User],
  more: FLAG,
  next: [NATURAL, null],
};

/** `POST /api/message/forward`. */
export interface MessageForward {
  /** The group in which the messages are. */
  readonly from: number;
  readonly msgIds: readonly number[];
  /** The groups that they go to. */
  readonly to: readonly number[];
  /** Whether they become one message, of the kind Merged. */
  readonly merged?: boolean;
  /** Whether nothing says who wrote them. */
  readonly withoutOrigin?: boolean;
  /** By which it is known if it comes again. Without one it is not. */
  readonly clientMsgId?: string | null;
}

/** `POST /api/message/schedule`. */
export interface MessageSchedule {
  readonly gid: number;
  readonly content: string;
  readonly kind?: Kind | null;
  /** The message that it answers. */
  readonly replyTo?: number | null;
  /** Whom it mentions. */
  readonly mentions?: readonly number[];
  /** Whether it mentions everybody. */
  readonly mentionAll?: boolean;
  /** By which it is known if it comes again. Without one it is not. */
  readonly clientMsgId?: string | null;
  /** When it is sent, Unix milliseconds. A time that is past is now. */
  readonly sendAt: number;
  /** The scheduled message whose place it takes, as a whole. One that has failed waits again. */
  readonly id?: number | null;
}

/** The id of a message that is to be sent later. */
export interface ScheduledId {
  readonly id: number;
}
export const ScheduledId: Shape<ScheduledId> = {
  id: NATURAL,
};

/** `POST /api/message/schedule/list`. */
export interface ScheduledList {
  /** Without one: of all groups. */
  readonly gid?: number | null;
}

/** A message that is to be sent later, or could not be. */
export interface ScheduledMessage {
  readonly id: number;
  readonly gid: number;
  readonly kind: string;
  readonly content: string;
  /** When it is sent, Unix milliseconds. */
  readonly sendAt: number;
  /** The message that it answers. */
  readonly replyTo: number | null;
  /** Whom it mentions. */
  readonly mentions: readonly number[] | null;
  /** Whether it mentions everybody. */
  readonly mentionAll: boolean | null;
  /** Why it could not be sent. It is not tried again until it is changed. */
  readonly failed: string | null;
}
export const ScheduledMessage: Shape<ScheduledMessage> = {
  id: NATURAL,
  gid: NATURAL,
  kind: TEXT,
  content: TEXT,
  sendAt: INTEGER,
  replyTo: [NATURAL, null],
  mentions: [[NATURAL], null],
  mentionAll: [FLAG, null],
  failed: [TEXT, null],
};

/** `POST /api/message/hide`. */
export interface MessageHide {
  readonly gid: number;
  /** At most 100. */
  readonly msgIds: readonly number[];
}

/** `POST /api/message/clear`. */
export interface ChatClear {
  readonly gid: number;
  /** How far one has seen it: what came later stays. Everything where left out. */
  readonly seq?: number | null;
}

/** `POST /api/chat/delete`. */
export interface ChatDelete {
  readonly gid: number;
  /** How far one has seen it: what came later stays. Everything where left out. */
  readonly seq?: number | null;
}

/** How far the client is in one group. */
export interface GroupRev {
  readonly gid: number;
  readonly rev: number;
  /**
   * Of a group that one has left: the latest `recalledTo` that was answered of it, 0 at first. Who leaves it out is told once
   * what was recalled by then.
   */
  readonly recalledTo?: number | null;
}

/** What the client has. An empty object asks for everything. */
export interface SyncRequest {
  /**
   * The `rev` of the latest answer: the number among the user's own changes (profile,
   * friends). 0 at first.
   */
  readonly rev?: number | null;
  /** One pair for each group the client knows. A group left out counts as `rev` 0. */
  readonly groups?: readonly GroupRev[];
  /** Rows (messages and members) of the answer: 500 where left out, 1000 at the most. */
  readonly limit?: number | null;
  /**
   * At most so many messages of each group, the newest, and no more than 1000; older ones are left to
   * `message/history`. All where left out.
   */
  readonly window?: number | null;
  readonly store?: StoreState | null;
  /** Only groups with a larger id are answered: the `next` of the answer before. */
  readonly after?: number | null;
  /**
   * Only groups up to this one are answered: for who knows more groups than fit into one request, and names them in
   * slices by ascending id.
   */
  readonly to?: number | null;
}

export type Friendship = "none" | "incoming" | "outgoing" | "friends";

/** A friendship as it is now. */
export interface FriendState {
  readonly uid: number;
  readonly state: Friendship;
  /** See `/api/friend/remark`; left out where there is none. */
  readonly remark: string | null;
}
export const FriendState: Shape<FriendState> = {
  uid: NATURAL,
  state: "none|incoming|outgoing|friends",
  remark: [TEXT, null],
};

/** A member as they are now. */
export interface MemberState {
  readonly uid: number;
  /** 1 common, 2 admin or creator. */
  readonly role: number;
  /** Whether they have left. */
  readonly left: boolean;
  /** Read up to this `seq`, at the least. */
  readonly readSeq: number;
  /** Delivered up to this `seq`, at the least. */
  readonly deliveredSeq: number;
}
export const MemberState: Shape<MemberState> = {
  uid: NATURAL,
  role: NATURAL,
  left: FLAG,
  readSeq: NATURAL,
  deliveredSeq: NATURAL,
};

/** What changed in one group, complete up to `rev`. */
export interface GroupDelta {
  readonly gid: number;
  /** To be kept for the next request. */
  readonly rev: number;
  /** False where the client's user is no longer a member; nothing follows but their own part. */
  readonly member: boolean;
  readonly group: Group | null;
  /** The last `seq` of the group, at the time of the answer; of one who left, that of their own part. */
  readonly lastSeq: number;
  /** Unread messages, at the time of the answer; of one who left, those of their own part. */
  readonly unread: number;
  /** Messages in order of `seq`. */
  readonly messages: readonly Message[];
  /** Where `window` left out messages: the smallest `seq` that was not skipped. */
  readonly skippedTo: number | null;
  /** Members whose membership, role or receipts changed. */
  readonly members: readonly MemberState[];
  /**
   * The group is too large for its members to be synced: forget those at hand, and read `group/user/list`
   * when needed.
   */
  readonly membersOmitted: boolean;
  /** Whether this group has more. */
  readonly more: boolean;
  /** As in `chats`, where the chat is deleted. Whoever joins anew has deleted nothing. */
  readonly deletedSeq: number | null;
  /** When one joined it last, Unix milliseconds. */
  readonly joinedAt: number | null;
  /** What happened in it, of which one may know. */
  readonly events: readonly GroupEvent[] | null;
  /**
   * Messages that changed and are not new to the client, as they are now; to who has left, as they were then, and what was
   * recalled since.
   */
  readonly changed: readonly Message[] | null;
  /** The places, from and to, whose messages have expired: they are gone for everybody. */
  readonly expired: readonly (readonly number[])[] | null;
  /** How many of the unread messages mention oneself or everybody. */
  readonly unreadMentions: number | null;
  /** Where `changed` has messages that were recalled after one had left: to be kept for the next request, beside `rev`. */
  readonly recalledTo: number | null;
}
export const GroupDelta: Shape<GroupDelta> = {
  gid: NATURAL,
  rev: NATURAL,
  member: FLAG,
  group: [Group, null],
  lastSeq: NATURAL,
  unread: NATURAL,
  messages: [Message],
  skippedTo: [NATURAL, null],
  members: [MemberState],
  membersOmitted: FLAG,
  more: FLAG,
  deletedSeq: [NATURAL, null],
  joinedAt: [INTEGER, null],
  events: [[GroupEvent], null],
  changed: [[Message], null],
  expired: [[[NATURAL]], null],
  unreadMentions: [NATURAL, null],
  recalledTo: [NATURAL, null],
};

/** A chat as its user has it now. */
export interface ChatState {
  readonly gid: number;
  /**
   * Deleted up to this `seq`: the chat is out of the list until its `lastSeq` is a higher one. Null where it is not
   * deleted.
   */
  readonly deletedSeq: number | null;
  /** Read up to this `seq`, at the least; also after one has left. */
  readonly readSeq: number;
}
export const ChatState: Shape<ChatState> = {
  gid: NATURAL,
  deletedSeq: [NATURAL, null],
  readSeq: NATURAL,
};

/** Messages of a group that their user has hidden from themselves. */
export interface HiddenState {
  readonly gid: number;
  /** Their places, from and to. */
  readonly seqs: readonly (readonly number[])[];
}
export const HiddenState: Shape<HiddenState> = {
  gid: NATURAL,
  seqs: [[NATURAL]],
};

/** A chat that its user has cleared for themselves. */
export interface ClearedState {
  readonly gid: number;
  /** Everything up to this `seq` is gone. */
  readonly seq: number;
}
export const ClearedState: Shape<ClearedState> = {
  gid: NATURAL,
  seq: NATURAL,
};

/** A message that has a star of its user now, or has it no longer. */
export interface StarState {
  readonly gid: number;
  readonly msgId: number;
  readonly starred: boolean;
}
export const StarState: Shape<StarState> = {
  gid: NATURAL,
  msgId: NATURAL,
  starred: FLAG,
};

/** What the client missed. */
export interface SyncAnswer {
  /** To be sent with the next request. */
  readonly rev: number;
  readonly me: User | null;
  /** Friendships that changed. */
  readonly friends: readonly FriendState[];
  /** Groups with changes; one whose `rev` the client has already is left out. */
  readonly groups: readonly GroupDelta[];
  /** Every user that the rows above speak of, once. */
  readonly users: readonly User[];
  /** Whether there is more: merge this answer and ask again. */
  readonly more: boolean;
  /** The store that this is of. Another one than before: forget all that came before this answer. */
  readonly store: StoreState | null;
  /** The server's clock in Unix milliseconds. */
  readonly now: number | null;
  /** Chats with which the user did something, on whichever device. */
  readonly chats: readonly ChatState[] | null;
  /** Where there is more: everything is answered of the groups up to this id. To be sent as `after`. */
  readonly next: number | null;
  /** What one has hidden from oneself. */
  readonly hidden: readonly HiddenState[] | null;
  /** Chats that one has cleared for oneself. */
  readonly cleared: readonly ClearedState[] | null;
  /** Messages that one has given a star, or taken it from. */
  readonly starred: readonly StarState[] | null;
}
export const SyncAnswer: Shape<SyncAnswer> = {
  rev: NATURAL,
  me: [User, null],
  friends: [FriendState],
  groups: [GroupDelta],
  users: [User],
  more: FLAG,
  store: [StoreState, null],
  now: [INTEGER, null],
  chats: [[ChatState], null],
  next: [NATURAL, null],
  hidden: [[HiddenState], null],
  cleared: [[ClearedState], null],
  starred: [[StarState], null],
};

/** A file, to be named in messages. */
export interface File {
  /** 22 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`, which nobody guesses. */
  readonly id: string;
  readonly name: string;
  /** In bytes, of what is stored. */
  readonly size: number;
  /** What its bytes are, as the server has found it. */
  readonly mime: string;
  /** Of a picture or film that the server has measured, in pixels as it is shown. */
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** Some bytes in base64 from which a very small picture is drawn, by the algorithm ThumbHash. */
  readonly thumbhash: string | null;
  /** The smaller pictures that there are, by the pixels of their longer sides: some of 320, 800 and 1600. */
  readonly thumbs: readonly number[];
  /** `true`, for whoever has uploaded it: its bytes say where it was taken, as they were sent "as a file". Absent otherwise. */
  readonly hasLocation: boolean | null;
}
export const File: Shape<File> = {
  id: TEXT,
  name: TEXT,
  size: NATURAL,
  mime: TEXT,
  width: [NATURAL, null],
  height: [NATURAL, null],
  durationMs: [NATURAL, null],
  thumbhash: [TEXT, null],
  thumbs: [NATURAL],
  hasLocation: [FLAG, null],
};

/** `POST /api/file/link`. */
export interface FileRef {
  readonly id: string;
}

/** An address that opens a file without a token, for a while. */
export interface FileLink {
  readonly url: string;
  /** In Unix milliseconds. */
  readonly expiresAt: number;
}
export const FileLink: Shape<FileLink> = {
  url: TEXT,
  expiresAt: INTEGER,
};

/** The bodies of the frames of a client, by event. */
export interface Sent {
  readonly Login: SentLogin;
  readonly Msg: SentMsg;
  readonly Read: SentRead;
  readonly Heart: SentHeart;
  readonly Logout: SentLogout;
  readonly Ack: SentAck;
  readonly Watch: SentWatch;
  readonly Edit: SentEdit;
  readonly Recall: SentRecall;
  readonly React: SentReact;
  readonly Unreact: SentUnreact;
  readonly Pin: SentPin;
  readonly Unpin: SentUnpin;
  readonly Open: SentOpen;
  readonly Typing: SentTyping;
}

/** What the server is */
export const serverInfo: Operation<Nothing, ServerInfo> = { get: "/api/server/info", answers: ServerInfo };

/** Create a user */
export const createUser: Operation<UserCreate, number> = { post: "/api/user/create", answers: NATURAL };

/** Log in */
export const logIn: Operation<UserLogin, string> = { post: "/api/user/login", answers: TEXT };

/** Log out */
export const logOut: Operation<Nothing, boolean> = { post: "/api/user/logout", answers: FLAG };

/** Get a user */
export const getUser: Operation<{ readonly uid?: number }, User> = { get: "/api/user/get", answers: User };

/** Get the user of a token */
export const getUserOfToken: Operation<{ readonly token: string }, User> = { get: "/api/user/token", answers: User };

/** Find a user by account */
export const searchUser: Operation<{ readonly account: string }, User> = { get: "/api/user/search", answers: User };

/** Change one's profile */
export const updateUser: Operation<UserUpdate, User> = { post: "/api/user/update", answers: User };

/** Change one's password */
export const changePassword: Operation<PasswordChange, boolean> = { post: "/api/user/password", answers: FLAG };

/** List one's sessions */
export const listSessions: Operation<Nothing, readonly Session[]> = { get: "/api/session/list", answers: [Session] };

/** End one of one's sessions */
export const revokeSession: Operation<SessionRevoke, boolean> = { post: "/api/session/revoke", answers: FLAG };

/** End all of one's other sessions */
export const revokeOtherSessions: Operation<Nothing, number> = { post: "/api/session/revoke/others", answers: NATURAL };

/** Ask somebody to be friends */
export const addFriend: Operation<FriendAdd, boolean> = { post: "/api/friend/add", answers: FLAG };

/** List friends and requests */
export const listFriends: Operation<{ readonly status?: number; readonly direction?: "in" | "out" }, readonly ListedFriend[]> = { get: "/api/friend/list", answers: [ListedFriend] };

/** Answer a request, or end a friendship */
export const modifyFriend: Operation<FriendModify, boolean> = { post: "/api/friend/status/modify", answers: FLAG };

/** Call a friend by a name of one's own */
export const remarkOnFriend: Operation<FriendRemark, boolean> = { post: "/api/friend/remark", answers: FLAG };

/** Create a group */
export const createGroup: Operation<GroupCreate, number> = { post: "/api/group/create", answers: NATURAL };

/** Change the name and avatar of a group */
export const updateGroup: Operation<GroupUpdate, boolean> = { post: "/api/group/update", answers: FLAG };

/** List one's groups */
export const listGroups: Operation<{ readonly uid?: number }, readonly Group[]> = { get: "/api/group/get", answers: [Group] };

/** List the members of a group */
export const listMembers: Operation<{ readonly gid: number }, readonly MemberItem[]> = { get: "/api/group/user/get", answers: [MemberItem] };

/** List the members of a group in pages */
export const listMembersInPages: Operation<MembersRequest, MembersAnswer> = { post: "/api/group/user/list", answers: MembersAnswer };

/** Add or remove members */
export const changeMembers: Operation<MemberChange, boolean> = { post: "/api/group/user/change", answers: FLAG };

/** Give a member another role */
export const changeRole: Operation<RoleChange, boolean> = { post: "/api/group/role/modify", answers: FLAG };

/** Hand a group over */
export const transferGroup: Operation<GroupTransfer, boolean> = { post: "/api/group/transfer", answers: FLAG };

/** Leave a group */
export const leaveGroup: Operation<GroupRef, boolean> = { post: "/api/group/leave", answers: FLAG };

/** Dissolve a group */
export const dissolveGroup: Operation<GroupRef, boolean> = { post: "/api/group/dissolve", answers: FLAG };

/** Read what happened in a group */
export const listEvents: Operation<EventsRequest, EventsAnswer> = { post: "/api/group/events", answers: EventsAnswer };

/** Read or change how a group is used */
export const setGroupSettings: Operation<NewGroupSettings, GroupSettings> = { post: "/api/group/settings", answers: GroupSettings };

/** List one's chats */
export const listChats: Operation<ChatList, readonly ChatItem[]> = { post: "/api/message/chat/list", answers: [ChatItem] };

/** Read the history of a group */
export const readHistory: Operation<History, readonly ChatItem[]> = { post: "/api/message/history", answers: [ChatItem] };

/** Mark a group as read */
export const markGroupRead: Operation<GroupRead, boolean> = { post: "/api/message/group/read", answers: FLAG };

/** Send a message */
export const sendMessage: Operation<MessageSend, Message> = { post: "/api/message/send", answers: Message };

/** Read one message */
export const getMessage: Operation<MessageRef, Message> = { post: "/api/message/get", answers: Message };

/** Read the messages around one */
export const readAround: Operation<AroundRequest, AroundAnswer> = { post: "/api/message/around", answers: AroundAnswer };

/** Edit a message */
export const editMessage: Operation<MessageEdit, Message> = { post: "/api/message/edit", answers: Message };

/** Recall a message */
export const recallMessage: Operation<MessageRef, Message> = { post: "/api/message/recall", answers: Message };

/** React to a message */
export const react: Operation<MessageReaction, Message> = { post: "/api/message/react", answers: Message };

/** Take back a reaction */
export const unreact: Operation<MessageReaction, Message> = { post: "/api/message/unreact", answers: Message };

/** Pin a message */
export const pinMessage: Operation<MessageRef, Message> = { post: "/api/message/pin", answers: Message };

/** Unpin a message */
export const unpinMessage: Operation<MessageRef, Message> = { post: "/api/message/unpin", answers: Message };

/** Say that one has played a voice message */
export const openMessage: Operation<MessageRef, Message> = { post: "/api/message/open", answers: Message };

/** List what is pinned in a group */
export const listPins: Operation<GroupRef, MessageList> = { post: "/api/message/pins", answers: MessageList };

/** List the messages that mention oneself */
export const listMentions: Operation<MentionsRequest, MentionList> = { post: "/api/message/mentions", answers: MentionList };

/** Forward messages */
export const forwardMessages: Operation<MessageForward, readonly (readonly Message[])[]> = { post: "/api/message/forward", answers: [[Message]] };

/** Schedule a message */
export const scheduleMessage: Operation<MessageSchedule, ScheduledId> = { post: "/api/message/schedule", answers: ScheduledId };

/** List one's scheduled messages */
export const listScheduled: Operation<ScheduledList, readonly ScheduledMessage[]> = { post: "/api/message/schedule/list", answers: [ScheduledMessage] };

/** Hide messages from oneself */
export const hideMessages: Operation<MessageHide, boolean> = { post: "/api/message/hide", answers: FLAG };

/** Clear a chat for oneself */
export const clearChat: Operation<ChatClear, boolean> = { post: "/api/message/clear", answers: FLAG };

/** Star a message */
export const starMessage: Operation<MessageRef, boolean> = { post: "/api/message/star", answers: FLAG };

/** Take the star from a message */
export const unstarMessage: Operation<MessageRef, boolean> = { post: "/api/message/unstar", answers: FLAG };

/** Delete a chat */
export const deleteChat: Operation<ChatDelete, boolean> = { post: "/api/chat/delete", answers: FLAG };

/** Catch up */
export const sync: Operation<SyncRequest, SyncAnswer> = { post: "/api/sync", answers: SyncAnswer };

/** Upload a picture of a user or group */
export const uploadAvatar: Operation<Blob, string> = { post: "/api/file/avatar", answers: TEXT };

/** Upload a file */
export const uploadFile: Operation<{ readonly name: string; readonly asFile?: number }, File> = { post: "/api/file/upload", answers: File };

/** What a file is */
export const getFile: Operation<{ readonly id: string }, File> = { get: "/api/file/get", answers: File };

/** Give a video its poster */
export const setPoster: Operation<{ readonly id: string }, File> = { post: "/api/file/poster", answers: File };

/** Make a link to a file */
export const linkFile: Operation<FileRef, FileLink> = { post: "/api/file/link", answers: FileLink };

/** Get the cookie for files */
export const setCookie: Operation<{ readonly path?: string | null }, boolean> = { post: "/api/file/cookie", answers: FLAG };

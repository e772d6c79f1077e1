// The REST operations of the scripted server: those that the engine asks for.

import type { User } from "../contract";
import { MAX_SYNC_GROUPS } from "../limits.gen";
import { MOST_MENTIONS } from "../living";
import type { HttpAnswer, HttpRequest } from "../ports";
import { sameStore } from "../wire";
import type { StoreState } from "../wire.gen";
import { aboutMessages } from "./messages";
import { type FakeGroup, type FakeMember, type FakeServer, stored } from "./server";

export function respond(server: FakeServer, { path, token, body }: HttpRequest): HttpAnswer {
  const [name, query] = path.split("?");
  const given = typeof body?.content === "string" ? (JSON.parse(body.content) as Record<string, never>) : {};
  if (name === "/api/user/login") {
    const user = [...server.users.values()].find((one) => one.account === given["account"]);
    return user === undefined ? refusal(500, "account not found") : done(server.token(user.id));
  }
  if (name === "/api/server/info") {
    const { maxFileBytes, features } = server;
    return done({ features, limits: { editWindowMs: null, recallWindowMs: null, maxFileBytes }, registration: "open", empty: false });
  }
  const uid = server.holder(token ?? "");
  if (uid === undefined) return refusal(401, "login required");
  switch (name) {
    case "/api/user/get":
      return done(face(server, query === undefined ? uid : Number(query.split("=")[1])));
    case "/api/file/cookie":
      return done(true);
    case "/api/user/logout":
      server.revoke(token ?? "");
      return done(true);
    case "/api/sync": {
      const { groups } = given as Asked;
      if ((groups?.length ?? 0) > MAX_SYNC_GROUPS) return refusal(500, `groups: at most ${MAX_SYNC_GROUPS} in one request`);
      return done(sync(server, uid, given));
    }
    case "/api/message/history":
      return done(history(server, uid, given));
    case "/api/group/user/get":
      return done(list(server, Number(query?.split("=")[1])));
    case "/api/group/user/list":
      return done(membersPage(server, uid, given));
    case "/api/group/create": {
      const { group, users } = given as unknown as { group: { name: string; mode: number }; users: { uid: number }[] };
      return done(server.group([uid, ...users.map((one) => one.uid)], group.mode, group.name));
    }
    case "/api/group/leave":
      server.remove(given["gid"] ?? 0, uid);
      return done(true);
    case "/api/chat/delete":
      server.deleteChat(uid, given["gid"] ?? 0);
      return done(true);
    case "/api/message/group/read":
      server.readAfterLeaving(uid, given["gid"] ?? 0);
      return done(true);
    case "/api/friend/add":
      server.befriend(uid, given["fid"] ?? 0);
      return done(true);
    case "/api/friend/status/modify":
      return done(server.answerFriend(uid, given["fid"] ?? 0, given["status"] ?? 0));
    default: {
      const answer = aboutMessages(server, uid, name ?? "", given);
      if (answer !== null) return "refused" in answer ? refusal(500, answer.refused) : done(answer.value);
      return { status: 404, retryAfter: null, text: envelope(false, 404, "invalid request", null) };
    }
  }
}

function list(server: FakeServer, gid: number): unknown {
  const members = [...(server.groups.get(gid)?.members.values() ?? [])].filter((one) => one.left === null);
  return members.map(({ uid, role }) => ({ role, user: face(server, uid) }));
}

function membersPage(server: FakeServer, uid: number, asked: { gid?: number; q?: string; after?: number; size?: number }): unknown {
  const members = [...server.at(asked.gid ?? 0).members.values()].filter((one) => one.left === null);
  const mine = members.find((one) => one.uid === uid);
  if (mine === undefined) return { members: [], count: 0, next: null, role: null };
  const found = members.filter((one) => face(server, one.uid).name.includes(asked.q ?? ""));
  const until = (asked.after ?? 0) + (asked.size ?? 100);
  const next = until < found.length ? until : null;
  const shown = found.slice(asked.after ?? 0, until).map((one) => ({ role: one.role, user: face(server, one.uid), joinedAt: one.joinedAt }));
  return { members: shown, count: members.length, next, role: mine.role };
}

function history(server: FakeServer, uid: number, asked: { gid?: number; size?: number; beforeSeq?: number }): unknown {
  const group = server.at(asked.gid ?? 0);
  const below = asked.beforeSeq ?? Infinity;
  const seen = server.visible(uid, group.gid).filter((message) => message.seq < below);
  return seen.slice(-(asked.size ?? 20)).map((message) => ({
    group: info(group),
    msg: stored(message),
    user: face(server, message.uid),
    unread: null,
  }));
}

interface Asked {
  readonly rev?: number;
  readonly groups?: readonly { readonly gid: number; readonly rev: number }[];
  readonly limit?: number;
  readonly window?: number;
  readonly store?: StoreState;
  readonly after?: number;
  readonly to?: number;
}

function sync(server: FakeServer, uid: number, request: Asked): unknown {
  const home = request.store;
  const other = home !== undefined && !sameStore(home, server.identity);
  const asked: Asked = other ? { ...request, rev: 0, groups: [] } : request;
  const rev = asked.rev ?? 0;
  const user = server.users.get(uid);
  const friends = [...server.friends].filter(([key, friend]) => key.startsWith(`${uid}.`) && friend.rev > rev);
  const named = new Set<number>();
  const friendRows = friends.map(([key, { state }]) => {
    const other = Number(key.split(".")[1]);
    named.add(other);
    return { uid: other, state };
  });
  let left = asked.limit ?? 500;
  let more = false;
  let next: number | null = null;
  const groups: unknown[] = [];
  const known = new Map(asked.groups?.map((group) => [group.gid, group.rev]));
  const [after, to] = other ? [0, Infinity] : [asked.after ?? 0, asked.to ?? Infinity];
  for (const group of [...server.groups.values()].sort((a, b) => a.gid - b.gid)) {
    const member = group.members.get(uid);
    if (member === undefined || group.gid <= after || group.gid > to) continue;
    const since = known.get(group.gid) ?? 0;
    const until = member.left?.rev ?? group.rev;
    if (until <= since) continue;
    if (left === 0) {
      more = true;
      next ??= group.gid - 1;
      break;
    }
    const delta = deltaOf(server, group, member, since, until, left, asked.window ?? null);
    left -= delta.messages.length + delta.members.length;
    more ||= delta.more;
    if (delta.more) next ??= group.gid - 1;
    for (const message of delta.messages) named.add(message.uid);
    for (const row of delta.members) named.add(row.uid);
    for (const event of delta.events) for (const one of [event.uid, ...event.uids]) named.add(one);
    groups.push({ ...delta, messages: delta.messages.map(stored), changed: delta.changed.map(stored) });
  }
  const { living } = server;
  const own = <T extends { uid: number; rev: number }>(all: readonly T[]): readonly T[] => all.filter((each) => each.uid === uid && each.rev > rev);
  return {
    rev: user?.rev ?? 0,
    me: user !== undefined && user.profileRev > rev ? face(server, uid) : null,
    friends: friendRows,
    groups,
    users: [...named].map((one) => face(server, one)),
    more,
    store: server.identity,
    chats: server.chatsOf(uid, rev),
    hidden: own(living.hidden).map(({ gid, seq }) => ({ gid, seqs: [[seq, seq]] })),
    cleared: own(living.cleared).map(({ gid, seq }) => ({ gid, seq })),
    starred: own(living.stars).map(({ gid, msgId, starred }) => ({ gid, msgId, starred })),
    now: server.now(),
    next,
  };
}

function deltaOf(
  server: FakeServer,
  group: FakeGroup,
  member: FakeMember,
  since: number,
  until: number,
  limit: number,
  window: number | null,
) {
  const last = member.left?.seq ?? group.messages.length;
  const visible = server.visible(member.uid, group.gid);
  const born = ({ seq }: { seq: number }): number => group.born[seq - 1] ?? 0;
  const missed = visible.filter((message) => born(message) > since);
  const newest = window === null ? visible : visible.slice(-window);
  const skippedTo = newest[0]?.seq ?? last + 1;
  const skips = window !== null && missed.some((message) => message.seq < skippedTo);
  let messages = missed.filter((message) => message.seq >= skippedTo);
  let members = [...group.members.values()].filter((one) => one.rev > since && one.rev <= until);
  members.sort((a, b) => a.rev - b.rev);
  const noted = visible.filter((message) => born(message) <= since && message.rev > since && message.rev <= until);
  const revs = [...messages.map(born), ...[...members, ...noted].map((row) => row.rev)].sort((a, b) => a - b);
  const leftOut = revs[limit];
  const rev = leftOut === undefined ? until : leftOut - 1;
  messages = messages.filter((message) => born(message) <= rev);
  members = members.filter((one) => one.rev <= rev);
  const events = group.events.filter((one) => one.rev > since && one.rev <= rev && one.rev >= member.joinRev);
  const large = [...group.members.values()].filter((one) => one.left === null).length > server.syncedMembers;
  const informed = (since < group.infoRev && group.infoRev <= until) || since === 0;
  return {
    gid: group.gid,
    rev,
    member: member.left === null,
    group: informed ? info(group) : null,
    lastSeq: last,
    unread: server.unread(member.uid, group.gid),
    messages,
    changed: noted.filter((message) => message.rev <= rev),
    expired: server.living.expired.filter((one) => one.gid === group.gid && one.rev > since && one.rev <= rev).map(({ range }) => [range.from, range.to]),
    unreadMentions: Math.min(server.mentionsOf(member.uid, group.gid).length, MOST_MENTIONS),
    skippedTo: skips ? skippedTo : null,
    members: (large ? [] : members).map(({ uid, role, left, readSeq, deliveredSeq }) => {
      return { uid, role, left: left !== null, readSeq, deliveredSeq };
    }),
    membersOmitted: large,
    more: rev < until,
    deletedSeq: server.deletedSeq(member.uid, group.gid),
    joinedAt: member.joinedAt,
    // Of many the first are told.
    events: events.map(({ uids, ...event }) => ({ ...event, uids: uids.slice(0, 10), count: uids.length, name: null, role: null })),
  };
}

function face(server: FakeServer, uid: number): User & { password: string } {
  const user = server.users.get(uid);
  if (user === undefined) throw new Error(`no user ${uid}`);
  const { id, name, avatar, email, account } = user;
  return { id, name, avatar, email, account, password: "" };
}

function info({ gid, name, mode, creator }: FakeGroup) {
  return { id: gid, name, avatar: "", mode, creatorUid: creator, whoPins: "admins", whoMentionsAll: "admins", expireSeconds: 0 };
}

function done(data: unknown): HttpAnswer {
  return { status: 200, retryAfter: null, text: envelope(true, 200, null, data) };
}

function refusal(code: number, msg: string): HttpAnswer {
  return { status: 200, retryAfter: null, text: envelope(false, code, msg, null) };
}

function envelope(ok: boolean, code: number, msg: string | null, data: unknown): string {
  return JSON.stringify({ ok, code, msg, data });
}

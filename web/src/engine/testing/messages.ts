// The REST operations about messages of the scripted server.

import { mentionsUser } from "../noted";
import type { StoredMessage } from "../wire";
import { type FakeServer, stored } from "./server";

type Answer = { readonly value: unknown } | { readonly refused: string };

const NO_SUCH: Answer = { refused: "no such message" };

interface Asked {
  readonly gid?: number;
  readonly msgId?: number;
  readonly msgIds?: readonly number[];
  readonly seq?: number;
  readonly before?: number;
  readonly after?: number;
  readonly page?: number;
  readonly size?: number;
  readonly emoji?: string;
  readonly from?: number;
  readonly to?: readonly number[];
  readonly merged?: boolean;
  readonly clientMsgId?: string;
  readonly id?: number;
  readonly kind?: string;
  readonly content?: string;
  readonly sendAt?: number;
  readonly mentions?: readonly number[];
  readonly what?: string;
  readonly q?: string;
  readonly uid?: number;
  readonly beforeId?: number;
}

const GALLERY: Readonly<Record<string, readonly string[]>> = { picture: ["Image", "Video"], voice: ["Audio"], file: ["File"], link: [] };

/** Null: there is no such operation. */
export function aboutMessages(server: FakeServer, uid: number, name: string, asked: Asked): Answer | null {
  const { living } = server;
  const { gid = 0, msgId = 0, page = 1, size = 50 } = asked;
  const seen = server.groups.has(gid) ? server.visible(uid, gid) : [];
  const message = seen.find(({ id }) => id === msgId);
  const list = (messages: readonly StoredMessage[], more = false): Answer => {
    const uids = new Set(messages.map((one) => one.uid));
    return { value: { messages: messages.map(stored), users: [...uids].map((one) => face(server, one)), more } };
  };
  const paged = (messages: readonly StoredMessage[]): Answer => {
    const { before = Infinity } = asked;
    const behind = messages.filter(({ id }) => id < before);
    const some = behind.slice((page - 1) * size, page * size);
    const { value } = list(some, behind.length > page * size) as { value: object };
    return { value: { ...value, next: behind.length > page * size ? (some.at(-1)?.id ?? null) : null } };
  };
  const all = (): readonly StoredMessage[] => {
    return [...server.groups.keys()].flatMap((each) => server.visible(uid, each)).sort((a, b) => b.id - a.id);
  };
  switch (name) {
    case "/api/message/get":
      return message === undefined ? NO_SUCH : { value: stored(message) };
    case "/api/message/search": {
      if (!server.features.includes("search")) return null;
      const { q = "", beforeId = Infinity } = asked;
      const words = q.split(/\s+/).filter((word) => word !== "");
      const hits = (asked.gid === undefined ? all() : [...seen].reverse())
        .filter((one) => one.id < beforeId && one.content !== "" && words.every((word) => one.content.includes(word)))
        .filter((one) => asked.uid === undefined || one.uid === asked.uid);
      const some = hits.slice(0, size);
      const more = hits.length > some.length;
      const value = {
        hits: some.map((one) => ({
          msg: stored(one),
          group: groupOf(server, one.gid),
          user: face(server, one.uid),
          ranges: words.map((word) => [one.content.indexOf(word), one.content.indexOf(word) + word.length]),
        })),
        more,
        partial: false,
        next: more ? (some.at(-1)?.id ?? null) : null,
      };
      return { value };
    }
    case "/api/message/media": {
      // A page is of so many that there are, also of those one does not see.
      const { before = Infinity, what = "" } = asked;
      const all = server.at(gid).messages.filter(({ seq, kind, content }) => seq < before && (GALLERY[what]?.includes(kind) === true || (what === "link" && content.includes("://"))));
      const some = all.slice(-size).reverse();
      const { value } = list(some.flatMap(({ id }) => seen.find((one) => one.id === id) ?? [])) as { value: object };
      const next = all.length > size ? (some.at(-1)?.seq ?? null) : null;
      return { value: { ...value, more: next !== null, next } };
    }
    case "/api/message/around": {
      const at = seen.findIndex(({ seq }) => seq === asked.seq);
      if (at < 0) return NO_SUCH;
      const [from, to] = [Math.max(0, at - (asked.before ?? 0)), at + 1 + (asked.after ?? 0)];
      const { value } = list(seen.slice(from, to)) as { value: object };
      return { value: { ...value, older: from > 0, newer: to < seen.length } };
    }
    case "/api/message/pins":
      return list(seen.filter(({ noted }) => noted?.pinnedAt !== undefined).sort((a, b) => (b.noted?.pinnedAt ?? 0) - (a.noted?.pinnedAt ?? 0)));
    case "/api/message/replies": {
      if (message === undefined) return NO_SUCH;
      const answers = seen.filter(({ seq, noted }) => noted?.replyTo === msgId && seq > (asked.after ?? 0));
      return list(answers.slice(0, 200), answers.length > 200);
    }
    case "/api/message/mentions":
      return paged((asked.gid === undefined ? all() : [...seen].reverse()).filter((one) => mentionsUser(one, uid)));
    case "/api/message/stars": {
      const ids = living.starredBy(uid);
      return paged(all().filter(({ id }) => ids.has(id)));
    }
    case "/api/message/edits":
      return message === undefined ? NO_SUCH : { value: living.editsOf(msgId) };
    case "/api/message/hide":
      living.hide(uid, gid, asked.msgIds ?? []);
      return { value: true };
    case "/api/message/clear":
      living.clear(uid, gid, asked.seq ?? server.at(gid).messages.length);
      return { value: true };
    case "/api/message/star":
    case "/api/message/unstar":
      return living.star(uid, gid, msgId, name.endsWith("/star")) ? { value: true } : NO_SUCH;
    case "/api/message/forward": {
      const { from = 0, to = [], msgIds = [], clientMsgId = "" } = asked;
      const all = server.visible(uid, from).filter(({ id }) => msgIds.includes(id));
      if (all.length < msgIds.length) return NO_SUCH;
      const copies = to.map((target) => all.map((one, at) => {
        const name = `${clientMsgId}/${target}/${at}`;
        const old = server.at(target).messages.find((each) => each.clientMsgId === name);
        const { uid: author, at: createdAt, content } = one;
        return old ?? server.say(uid, target, content, name, { forwardedFrom: { uid: author, name: face(server, author).name, createdAt } });
      }));
      return { value: copies.map((each) => each.map(stored)) };
    }
    case "/api/message/schedule": {
      const { id, clientMsgId = "", kind = "Text", content = "", sendAt = 0, mentions = [] } = asked;
      const old = living.scheduled.find((one) => one.uid === uid && (one.id === id || one.clientMsgId === clientMsgId));
      const made = { id: old?.id ?? 9_000 + living.scheduled.length, uid, gid, kind, content, sendAt, clientMsgId, mentions };
      living.scheduled = [...living.scheduled.filter((one) => one !== old), made];
      return { value: { id: made.id } };
    }
    case "/api/message/schedule/list":
      return { value: living.scheduled.filter((one) => one.uid === uid) };
    case "/api/message/schedule/cancel":
      living.scheduled = living.scheduled.filter(({ id }) => id !== asked.id);
      return { value: true };
    default:
      return null;
  }
}

function groupOf(server: FakeServer, gid: number) {
  const { name, mode, creator } = server.at(gid);
  return { id: gid, name, avatar: "", mode, creatorUid: creator };
}

function face(server: FakeServer, uid: number) {
  const { id, name, avatar, account } = server.users.get(uid) ?? { id: uid, name: "", avatar: "", account: "" };
  return { id, name, avatar, email: "", account, password: "" };
}

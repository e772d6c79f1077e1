// Which history this copy is of. A server whose database was restored, or is another one, has other things under the same
// numbers; so the copy begins anew, and what was not sent yet goes on by itself only to a chat that is surely the same.

import type { Act } from "./acts";
import type { Intended } from "./intended";
import type { Replica } from "./replica";
import type { Addressee, Batch, Draft, GroupRecord, Intents, Pending } from "./storage";
import { sameStore } from "./wire";
import type { StoreState } from "./wire.gen";

/** As the reasons of the server are. */
export const ELSEWHERE = "this was written for another chat: the history of the server was replaced";

/** Marks what is not sent yet with whom it is for, before the copy that knows it is gone. */
export function marked(replica: Replica, intents: Intended): Intents {
  // What one wants done with messages of the other history is forgotten with them; one's own words are not.
  const later = intents.acts().flatMap((act) => wordsOf(act, replica.addressee(act.gid)));
  const outbox = intents.outbox().map((entry) => [entry, intents.asWanted(replica.uid, entry)] as const);
  const pending = outbox.flatMap(([entry, wanted]) => (wanted !== null && (wanted !== entry || entry.to === undefined) ? [wanted] : []));
  const settled = outbox.flatMap(([entry, wanted]) => (wanted === null ? [entry.clientMsgId] : []));
  // What they answer is a number of the other history.
  const drafts = [...intents.drafts.values()].filter(({ text, replyTo = null, to }) => (text !== "" && to === undefined) || replyTo !== null);
  return {
    pending: [...pending.map((entry) => ({ ...answeringNothing(entry), to: entry.to ?? replica.addressee(entry.gid) })), ...later],
    drafts: drafts.map(({ gid, text, to }) => ({ gid, text, ...(text !== "" && { to: to ?? replica.addressee(gid) }) })),
    ...(settled.length > 0 && { settled }),
  };
}

/** What becomes of what was written for another history, now that the one of `store` is known as a whole. */
export function judged(replica: Replica, intents: Intended, store: StoreState): Batch {
  const pending: Pending[] = [];
  const drafts: Draft[] = [];
  const groups: GroupRecord[] = [];
  const keepApart = (to: Addressee, gid: number, entry: Pending): void => {
    pending.push({ ...entry, state: { is: "failed", reason: ELSEWHERE } });
    // Where nothing has its number it is seen in a chat that is only that.
    if (!replica.groups.has(gid)) groups.push(replica.remember(gid, to));
  };
  for (const entry of intents.outbox()) {
    const { to, gid, state } = entry;
    if (to === undefined || state.is === "failed" || isFor(to, store)) continue;
    // The server may have had it, and lost it; it stores a message once however often it is sent.
    if (isSame(replica, gid, to, store)) pending.push({ ...entry, to: { ...to, store }, state: { is: "waiting" } });
    else keepApart(to, gid, entry);
  }
  const late = intents.acts().filter((act) => act.store !== null && !sameStore(act.store, store));
  for (const act of late) pending.push(...wordsOf(act, replica.addressee(act.gid)));
  for (const draft of intents.drafts.values()) {
    const { to, gid, text } = draft;
    if (to === undefined || text === "" || isFor(to, store)) continue;
    if (isSame(replica, gid, to, store)) {
      drafts.push({ gid, text });
      continue;
    }
    // One Enter away from strangers it must not stand.
    drafts.push({ gid, text: "" });
    const [at, order, after] = [0, intents.nextOrder(), replica.newestId];
    const clientMsgId = `draft-${store.epoch}-${gid}`;
    keepApart(to, gid, { clientMsgId, gid, kind: "Text", content: text, at, order, after, state: { is: "waiting" }, to });
  }
  return {
    facts: groups.length > 0 ? { groups } : {},
    intents: {
      ...(pending.length > 0 && { pending }),
      ...(drafts.length > 0 && { drafts }),
      ...(late.length > 0 && { settled: late.map(({ id }) => id) }),
    },
  };
}

function answeringNothing(entry: Pending): Pending {
  const { replyTo = null, ...extras } = entry.extras ?? {};
  return replyTo === null ? entry : { ...entry, extras };
}

/** What was to be sent later is kept as a message that was not sent. */
function wordsOf({ id, gid, deed, at, order }: Act, to: Addressee): readonly Pending[] {
  if (deed.is !== "schedule") return [];
  const { kind, content } = deed;
  const state = { is: "failed", reason: ELSEWHERE } as const;
  return [{ clientMsgId: `later-${id}`, gid, kind, content, at, order, after: 0, state, to }];
}

function isFor({ store }: Addressee, now: StoreState): boolean {
  return store === null || sameStore(store, now);
}

/** Whether the chat of that number is provably the one that it was: in the same store, with the same people's name. */
function isSame(replica: Replica, gid: number, to: Addressee, store: StoreState): boolean {
  if (to.store === null || to.store.id !== store.id) return false;
  if (replica.groups.get(gid)?.member !== true) return false;
  const now = replica.addressee(gid);
  if (to.partner !== null || now.partner !== null) return to.partner === now.partner;
  return to.creator !== null && to.creator === now.creator && to.name === now.name;
}

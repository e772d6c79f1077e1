// Random stories of messages that live: people write, edit, recall, react, pin, hide, clear and star, on several devices, while
// lines break, tabs crash and pages reload at every point. In the end every device has what a fresh one has, which is what
// the server has; and at no moment is anything shown that one may not see.

import { expect, it } from "vitest";
import type { Message } from "./contract";
import { type Browser, type Tab, World } from "./testing/browser";
import type { StoredMessage } from "./wire";

// More by hand: `VITE_STORIES=1000 npx vitest run living.story`.
const STORIES = Number(import.meta.env["VITE_STORIES"] ?? 30);
const STEPS = 150;
const EMOJIS = ["👍", "❤️", "😀"];

for (let seed = 1; seed <= STORIES; seed++) {
  it(`a story with seed ${seed} ends with every device as a fresh one`, () => tell(seed));
}

async function tell(seed: number): Promise<void> {
  const world = new World(seed);
  const { server, random } = world;
  const pick = <T>(of: readonly T[]): T => {
    const one = of[Math.floor(random() * of.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  };
  server.latency = () => 1 + Math.floor(random() * 40);
  const [anna = 0, bob = 0, carl = 0] = ["anna", "bob", "carl"].map((name) => server.user(name));
  const gids = [server.group([anna, bob], 1, ""), server.group([anna, bob, carl])];
  // Anna has two devices, Bob one; Carl is on another kind of client.
  const devices = [anna, anna, bob].map((uid) => ({ uid, browser: world.browser(uid, { locks: random() < 0.8 }), hidden: new Set<string>() }));
  const open = async (browser: Browser): Promise<void> => {
    const tab = await browser.open();
    for (const gid of gids) tab.watch(gid);
  };
  for (const { browser } of devices) await open(browser);
  let count = 0;

  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    const { uid, browser, hidden } = pick(devices);
    const tab = browser.tabs.size === 0 ? null : pick([...browser.tabs]);
    const gid = pick(gids);
    const engine = tab?.engine;
    const shown = engine?.chat(gid).get()?.messages ?? [];
    const message = shown.length === 0 ? null : pick(shown.slice(-12));
    const stored = server.at(gid).messages;
    const of = stored.length === 0 ? null : pick(stored.slice(-12));
    if (dice < 0.2) {
      engine?.send(gid, "Text", `${step}: ${count++}`, undefined, random() < 0.3 ? { replyTo: message?.id ?? null, mentions: [bob] } : {});
    } else if (dice < 0.25 && message?.uid === uid) {
      engine?.recall(gid, message.key);
    } else if (dice < 0.36 && message !== null) {
      engine?.edit(gid, message.key, { kind: "Text", content: `${step}: edited`, mentions: random() < 0.3 ? [anna, bob] : [] });
    } else if (dice < 0.46 && message !== null) {
      engine?.react(gid, message.key, pick(EMOJIS), random() < 0.6);
    } else if (dice < 0.5 && message !== null) {
      engine?.pin(gid, message.key, random() < 0.6);
    } else if (dice < 0.515 && message !== null) {
      engine?.listened(gid, message.key);
    } else if (dice < 0.53 && message !== null) {
      engine?.star(gid, message.key, random() < 0.6);
    } else if (dice < 0.56 && message !== null) {
      engine?.hide(gid, [message.key]);
      if (message.seq !== null) hidden.add(`${gid}.${message.seq}`);
    } else if (dice < 0.565) {
      engine?.clear(gid);
    } else if (dice < 0.58 && message !== null) {
      engine?.recall(gid, message.key);
    } else if (dice < 0.66) {
      const mentions = random() < 0.3 ? { mentions: [anna] } : {};
      server.say(pick([bob, carl]), gids[1] ?? 0, `${step}: said ${count++}`, undefined, mentions, random() < 0.3 ? "Audio" : "Text");
    } else if (dice < 0.78 && of !== null) {
      const event = pick(["Edit", "Recall", "React", "Unreact", "Pin", "Unpin", "Open"]);
      const mentions = random() < 0.4 ? [anna] : [];
      if (event === "Edit" || (event === "Recall" && random() < 0.7)) server.note(of.uid, gid, "Edit", of.id, `${step}: elsewhere`, { mentions });
      else server.note(pick([bob, anna]), gid, event, of.id, pick(EMOJIS));
    } else if (dice < 0.8) {
      if (random() < 0.5) server.living.hold();
      else server.living.release();
    } else if (dice < 0.81 && of !== null && of.seq < stored.length - 8) {
      server.living.expire(gid, of.seq, of.seq);
    } else if (dice < 0.83) {
      engine?.seen(gid, Math.ceil(random() * stored.length));
    } else if (dice < 0.88) {
      server.cut(pick([1006, 4000, 4009]), "reconnect in 300 ms", random() < 0.5 ? pick([anna, bob]) : null);
    } else if (dice < 0.9) {
      server.reachable = !server.reachable;
      if (!server.reachable) server.cut(1006);
    } else if (dice < 0.92) {
      const busy = { is: "error", code: 503, reason: "busy" } as const;
      const fate = pick([{ is: "lost" }, { is: "unanswered" }, { is: "unsure" }, busy, null] as const);
      let times = 3;
      server.fate = ({ event }) => (event !== "Login" && times-- > 0 ? fate : null);
    } else if (dice < 0.932) {
      const isCarl = server.at(gids[1] ?? 0).members.get(carl)?.left === null;
      if (isCarl) server.remove(gids[1] ?? 0, carl);
      else server.add(gids[1] ?? 0, carl);
    } else if (dice < 0.935) {
      // More than is missed at a time: the rest is history, with holes in it.
      if (stored.length < 700) for (let i = 0; i < 230; i++) server.say(bob, gid, `${step}: many ${i}`, undefined, i === 7 ? { mentions: [anna] } : {});
    } else if (dice < 0.945) {
      void engine?.jump(gid, { seq: Math.ceil(random() * stored.length) });
    } else if (dice < 0.95) {
      engine?.loadOlder(gid);
      engine?.loadNewer(gid);
    } else if (dice < 0.955) {
      if (random() < 0.5) engine?.toNewest(gid);
      else void engine?.nextMention(gid);
    } else if (dice < 0.96) {
      // What is answered is of a while ago.
      server.httpDelay = random() < 0.5 ? 0 : Math.floor(random() * 1_500);
    } else if (dice < 0.975) {
      tab?.crash();
    } else if (browser.tabs.size < 3) {
      await open(browser);
    }
    // The other tabs hear of it within a moment.
    await world.pass(20 + Math.floor(random() * 400));
    for (const each of devices) for (const one of each.browser.tabs) for (const chat of gids) tidy(one, chat, each.hidden);
  }

  server.living.release();
  server.reachable = true;
  server.httpDelay = 0;
  server.fate = () => null;
  server.cut(1006);
  for (const { browser } of devices) if (browser.tabs.size === 0) await open(browser);
  await world.pass(120_000);
  for (const { uid, browser } of devices) {
    const fresh = await world.browser(uid).open();
    for (const gid of gids) fresh.watch(gid);
    await world.pass(5_000);
    for (const tab of [fresh, ...browser.tabs]) for (const gid of gids) await readAll(world, tab, gid);
    for (const gid of gids) {
      expect(drawn(fresh, gid)).toEqual(server.visible(uid, gid).map((message) => plain(message, server.living.starredBy(uid))));
      expect(fresh.view(gid).unread).toBe(server.unread(uid, gid));
      expect(fresh.view(gid).unreadMentions).toBe(server.mentionsOf(uid, gid).length);
      for (const tab of browser.tabs) {
        expect(drawn(tab, gid), `chat ${gid} of ${uid}`).toEqual(drawn(fresh, gid));
        const summary = (each: Tab): unknown => {
          const { unread, unreadMentions, pins } = each.view(gid);
          const row = each.engine.chats.get().find((one) => one.gid === gid);
          return { unread, unreadMentions, pins: pins?.map(({ id }) => id), last: row?.last?.id ?? null };
        };
        expect(summary(tab), `chat ${gid} of ${uid}`).toEqual(summary(fresh));
      }
    }
    fresh.crash();
  }
}

/** Comes back to the newest, and reads up from there. */
async function readAll(world: World, tab: Tab, gid: number): Promise<void> {
  tab.engine.toNewest(gid);
  for (let i = 0; i < 30 && tab.view(gid).older !== "none"; i++) {
    tab.engine.loadOlder(gid);
    await world.pass(500);
  }
}

/** At any moment: in order, nothing twice, and nothing that was hidden on the device. */
function tidy(tab: Tab, gid: number, hidden: ReadonlySet<string>): void {
  const messages = tab.engine.chat(gid).get()?.messages ?? [];
  const seqs = messages.flatMap(({ seq }) => (seq === null ? [] : [seq]));
  expect(new Set(messages.map(({ key }) => key)).size).toBe(messages.length);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  expect(seqs.filter((seq) => hidden.has(`${gid}.${seq}`))).toEqual([]);
}

function drawn(tab: Tab, gid: number): readonly unknown[] {
  return tab.view(gid).messages.filter(({ state }) => state.is !== "failed").map(shownAs);
}

function shownAs({ seq, uid, content, editedAt, recalled, reactions, pinnedAt, starred, replyTo, mentions, heard }: Message): unknown {
  return {
    heard: heard === null ? null : `${heard.count}${heard.mine ? " mine" : ""}`,
    seq, uid, content, isEdited: editedAt !== null, recalledBy: recalled?.by ?? null, isPinned: pinnedAt !== null, starred, replyTo, mentions,
    reactions: reactions.map(({ emoji, count, mine }) => `${emoji} ${count}${mine ? " mine" : ""}`),
  };
}

function plain({ seq, id, uid, content, noted = {} }: StoredMessage, stars: ReadonlySet<number>): unknown {
  const { editedAt, recalledBy = null, reactions = [], pinnedAt, replyTo = null, mentions = [], opened } = noted;
  return {
    heard: opened === undefined ? null : `${opened.count}${opened.mine === true ? " mine" : ""}`,
    seq, uid, content, isEdited: editedAt !== undefined, recalledBy, isPinned: pinnedAt !== undefined, starred: stars.has(id), replyTo, mentions,
    reactions: reactions.map(({ emoji, count, mine }) => `${emoji} ${count}${mine === true ? " mine" : ""}`),
  };
}

// Random stories: people write, read, come and go, tabs crash, lines break, clocks are set, the server goes down. In the end
// everybody has what the server has. The seed of a story that fails is in its name.

import { describe, expect, it } from "vitest";
import type { StoredMessage } from "./wire";
import { type Browser, type Tab, World } from "./testing/browser";

// More by hand: `VITE_STORIES=1000 npx vitest run story`.
const STORIES = Number(import.meta.env["VITE_STORIES"] ?? 30);
const STEPS = 120;

for (let seed = 1; seed <= STORIES; seed++) {
  describe("a story", () => {
    it(`with seed ${seed} ends with everybody agreeing with the server`, () => tell(seed));
  });
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
  const people = ["anna", "bob", "carl"].map((name) => server.user(name));
  const [anna = 0, bob = 0, carl = 0] = people;
  const gids = [server.group([anna, bob], 1, ""), server.group([anna, bob, carl]), server.group([bob, carl])];
  const browsers = new Map<number, Browser>();
  for (const uid of [anna, bob]) browsers.set(uid, world.browser(uid, { locks: random() < 0.8 }));
  const open = async (browser: Browser): Promise<void> => {
    const tab = await browser.open();
    for (const gid of gids) tab.watch(gid);
  };
  for (const browser of browsers.values()) await open(browser);
  /** What each has seen going out, which must arrive or have failed. */
  const promised: { uid: number; gid: number; content: string }[] = [];
  let count = 0;

  const anyTab = (): { uid: number; browser: Browser; tab: Tab } | null => {
    const [uid, browser] = pick([...browsers]);
    const tabs = [...browser.tabs];
    return tabs.length === 0 ? null : { uid, browser, tab: pick(tabs) };
  };

  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    const at = anyTab();
    const gid = pick(gids);
    if (dice < 0.35 && at !== null) {
      const content = `${step}: ${count++}`;
      at.tab.engine.send(gid, "Text", content);
      await world.pass(0);
      const view = at.tab.engine.chat(gid).get();
      if (at.tab.alive && view?.messages.some((one) => one.content === content)) {
        promised.push({ uid: at.uid, gid, content });
      }
    } else if (dice < 0.55) {
      const members = [...server.at(gid).members.values()].filter((one) => one.left === null);
      if (members.length > 0) {
        const { uid } = pick(members);
        const burst = random() < 0.1 ? 250 : 1 + Math.floor(random() * 4);
        for (let i = 0; i < burst; i++) server.say(uid, gid, `${step}: said ${count++}`);
      }
    } else if (dice < 0.65 && at !== null) {
      at.tab.engine.seen(gid, Math.ceil(random() * server.at(gid).messages.length));
    } else if (dice < 0.67) {
      const uid = pick(people);
      if (server.online.has(uid)) server.go(uid);
      else server.come(uid);
    } else if (dice < 0.7) {
      server.read(pick(people), gid, Math.ceil(random() * server.at(gid).messages.length));
    } else if (dice < 0.75) {
      server.cut(pick([1006, 4000, 4008, 4009]), "reconnect in 300 ms", random() < 0.5 ? pick(people) : null);
    } else if (dice < 0.79) {
      server.vanish();
    } else if (dice < 0.83) {
      server.reachable = !server.reachable;
      if (!server.reachable) server.cut(1006);
    } else if (dice < 0.87) {
      const busy = { is: "error", code: 503, reason: "busy" } as const;
      const unsure = { is: "error", code: 504, reason: "it is not known whether this was stored" } as const;
      const fates = [{ is: "lost" }, { is: "unanswered" }, { is: "unsure" }, unsure, busy, null] as const;
      const fate = pick(fates);
      let times = 3;
      server.fate = ({ event }) => (event !== "Login" && times-- > 0 ? fate : null);
    } else if (dice < 0.9) {
      const group = server.at(gids[1] ?? 0);
      const uid = pick(people);
      if (group.members.get(uid)?.left === null) server.remove(group.gid, uid);
      else server.add(group.gid, uid);
    } else if (dice < 0.93 && at !== null) {
      at.tab.crash();
    } else if (dice < 0.96) {
      const browser = pick([...browsers.values()]);
      if (browser.tabs.size < 3) await open(browser);
    } else if (dice < 0.98 && at !== null) {
      at.tab.engine.loadOlder(gid);
    } else if (dice < 0.983) {
      pick([...browsers.values()]).wrongBy = pick([-7_200_000, -60_000, 0, 3_600_000]);
    } else if (dice < 0.985) {
      server.wrongBy = pick([-7_200_000, 0, 3_600_000]);
    } else if (dice < 0.992) {
      server.tellsReceipts = !server.tellsReceipts;
    } else if (at !== null) {
      at.tab.signal(pick(["online", "visible", "hidden"]));
    }
    await world.pass(Math.floor(random() * 400));
    for (const browser of browsers.values()) for (const tab of browser.tabs) for (const gid of gids) tidy(tab, gid);
  }

  server.reachable = true;
  server.tellsReceipts = true;
  server.fate = () => null;
  // Receipts that were not told are learned with the next sync.
  server.cut(1006);
  for (const browser of browsers.values()) if (browser.tabs.size === 0) await open(browser);
  await world.pass(120_000);
  for (const [uid, browser] of browsers) {
    for (const tab of browser.tabs) for (const gid of gids) await agrees(world, uid, tab, gid);
  }
  // Of Carl, who is only in their groups, neither is told.
  for (const [uid, other] of [[anna, bob], [bob, anna]] as const) {
    const online = server.online.has(other) ? [other] : [];
    for (const tab of browsers.get(uid)?.tabs ?? []) expect([...tab.engine.online.get()]).toEqual(online);
  }
  for (const { uid, gid, content } of promised) {
    const stored = server.at(gid).messages.filter((one) => one.uid === uid && one.content === content);
    const failed = [...(browsers.get(uid)?.tabs ?? [])].some((tab) => {
      const shown = tab.engine.chat(gid).get()?.messages ?? [];
      return shown.some((one) => one.content === content && one.state.is === "failed");
    });
    expect(failed ? 0 : 1, `${content} in ${gid} of ${uid}`).toBe(stored.length);
  }
}

/** At any moment: in order, without a gap in what can be told to have none, and nothing twice. */
function tidy(tab: Tab, gid: number): void {
  const messages = tab.engine.chat(gid).get()?.messages ?? [];
  const seqs = messages.flatMap(({ seq }) => (seq === null ? [] : [seq]));
  expect(new Set(messages.map(({ key }) => key)).size).toBe(messages.length);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
}

async function agrees(world: World, uid: number, tab: Tab, gid: number): Promise<void> {
  const { server } = world;
  const member = server.at(gid).members.get(uid);
  const view = tab.engine.chat(gid).get();
  if (member === undefined) {
    expect(view).toBeNull();
    return;
  }
  for (let i = 0; i < 30 && tab.view(gid).older !== "none"; i++) {
    tab.engine.loadOlder(gid);
    await world.pass(500);
  }
  const stored = tab.view(gid).messages.filter((message) => message.seq !== null);
  const plain = ({ seq, uid, content }: Pick<StoredMessage, "uid" | "content"> & { seq: number | null }) => {
    return `${seq} ${uid} ${content}`;
  };
  expect(stored.map(plain)).toEqual(server.visible(uid, gid).map(plain));
  expect(tab.view(gid).messages.filter(({ seq, state }) => seq === null && state.is !== "failed")).toEqual([]);
  expect(new Set(tab.view(gid).messages.map(({ key }) => key)).size).toBe(tab.view(gid).messages.length);
  expect(tab.view(gid).member).toBe(member.left === null);
  expect(tab.view(gid).unread).toBe(server.unread(uid, gid));
  if (member.left === null) {
    const present = [...server.at(gid).members.values()].filter((one) => one.left === null);
    const shown = new Map(tab.view(gid).members.map(({ user, readSeq }) => [user.id, readSeq]));
    expect([...shown.keys()].sort()).toEqual(present.map((one) => one.uid).sort());
    for (const one of present) {
      // What somebody wrote counts as read, where one could see it.
      expect(shown.get(one.uid)).toBeGreaterThanOrEqual(one.readSeq);
      expect(shown.get(one.uid)).toBeLessThanOrEqual(Math.max(one.readSeq, one.sentSeq));
    }
  }
  expect(tab.engine.connection.get()).toEqual({ is: "online" });
}

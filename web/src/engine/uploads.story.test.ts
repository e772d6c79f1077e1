// Random stories of files: people send pictures and words, take some back and try others again, while uploads break off at every
// point, servers are killed, lines break, tabs crash and pages reload. In the end each file has arrived once and whole, in its
// place among the words, or has failed and says so; and nothing of it is left on the device.

import { expect, it } from "vitest";
import { attachedIn } from "./attached";
import type { Attachment } from "./contract";
import { type Browser, type Tab, World } from "./testing/browser";
import type { TransferFate } from "./testing/transfers";

// More by hand: `VITE_STORIES=1000 npx vitest run uploads.story`.
const STORIES = Number(import.meta.env["VITE_STORIES"] ?? 30);
const STEPS = 120;
const KINDS = ["Image", "Video", "Audio", "File"] as const;
const TYPES = { Image: "image/jpeg", Video: "video/mp4", Audio: "audio/mp4", File: "application/pdf" };

for (let seed = 1; seed <= STORIES; seed++) {
  it(`a story with seed ${seed} ends with each file where it belongs, once`, () => tell(seed));
}

interface Promised {
  readonly uid: number;
  readonly gid: number;
  readonly tab: Tab;
  /** Its text, or its caption. */
  readonly words: string;
  readonly bytes: string | null;
}

async function tell(seed: number): Promise<void> {
  const world = new World(seed);
  // Pieces grow where they go quickly.
  world.sizes = { whole: 500, piece: 1_000, most: 4_000 };
  const { server, random } = world;
  const { transfers } = server;
  const pick = <T>(of: readonly T[]): T => {
    const one = of[Math.floor(random() * of.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  };
  server.latency = () => 1 + Math.floor(random() * 40);
  const [anna = 0, bob = 0] = ["anna", "bob"].map((name) => server.user(name));
  const gids = [server.group([anna, bob], 1, ""), server.group([anna, bob])];
  const browsers = new Map<number, Browser>();
  for (const uid of [anna, bob]) browsers.set(uid, world.browser(uid, { locks: random() < 0.8 }));
  const open = async (browser: Browser): Promise<void> => {
    const tab = await browser.open();
    for (const gid of gids) tab.watch(gid);
  };
  for (const browser of browsers.values()) await open(browser);
  const promised: Promised[] = [];
  /** By their words: what one did not want any more, and what was tried again, which goes behind what was sent since. */
  const takenBack = new Set<string>();
  const triedAgain = new Set<string>();
  let count = 0;

  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    const [uid, browser] = pick([...browsers]);
    const tab = browser.tabs.size === 0 ? null : pick([...browser.tabs]);
    const gid = pick(gids);
    const shown = tab?.engine.chat(gid).get()?.messages ?? [];
    const unsent = shown.filter(({ seq, state }) => seq === null && state.is !== "stored");
    const note = (words: string, bytes: string | null): void => {
      if (tab?.alive === true && tab.engine.chat(gid).get()?.messages.some((one) => wordsOf(one) === words)) promised.push({ uid, gid, tab, words, bytes });
    };
    if (dice < 0.16 && tab !== null) {
      const words = `${count++}`;
      tab.engine.send(gid, "Text", words);
      await world.pass(0);
      note(words, null);
    } else if (dice < 0.4 && tab !== null) {
      const items = Array.from({ length: random() < 0.2 ? 3 : 1 }, () => attachment(`${count++}`, pick(KINDS), Math.floor(random() * 6_000)));
      tab.engine.attach(gid, items.map(({ item }) => item), { album: random() < 0.5 });
      await world.pass(0);
      for (const { item, bytes } of items) note(item.caption, bytes);
    } else if (dice < 0.45 && unsent.length > 0) {
      const message = pick(unsent);
      takenBack.add(wordsOf(message));
      tab?.engine.recall(gid, message.key);
    } else if (dice < 0.49) {
      for (const message of unsent.filter(({ state }) => state.is === "failed")) {
        triedAgain.add(wordsOf(message));
        tab?.engine.resend(gid, message.key);
      }
    } else if (dice < 0.58) {
      const all: readonly (TransferFate | null)[] = [
        { is: "lost" },
        { is: "torn", part: random() },
        { is: "unanswered" },
        { is: "status", status: 503, retryAfter: 1 },
        { is: "status", status: 502 },
        { is: "status", status: 423 },
        { is: "status", status: 500 },
        { is: "status", status: 413, text: "there is no room" },
      ];
      const fate = pick(all);
      let times = 1 + Math.floor(random() * 4);
      transfers.fate = () => (times-- > 0 ? fate : null);
    } else if (dice < 0.62) {
      transfers.kill();
      server.cut(1006);
    } else if (dice < 0.64) {
      transfers.expire();
      // What finds its file gone sends it again, and what is behind it may be on its way already.
      for (const [of, each] of browsers) for (const one of (await each.store(of).outbox()).pending) triedAgain.add(wordsOf(one));
    } else if (dice < 0.69) {
      server.cut(pick([1006, 4000, 4009]), "reconnect in 300 ms", random() < 0.5 ? uid : null);
    } else if (dice < 0.71) {
      server.vanish();
    } else if (dice < 0.75) {
      server.reachable = !server.reachable;
      if (!server.reachable) {
        server.cut(1006);
        transfers.kill();
      }
    } else if (dice < 0.79) {
      // Where single frames are refused for a while, those behind them may be faster: that is told of in the story of messages.
      const fate = pick([{ is: "lost" }, { is: "unanswered" }] as const);
      let times = 3;
      server.fate = ({ event }) => (event !== "Login" && times-- > 0 ? fate : null);
    } else if (dice < 0.84) {
      tab?.crash();
    } else if (dice < 0.9 && browser.tabs.size < 3) {
      await open(browser);
    } else if (dice < 0.92) {
      tab?.signal(pick(["online", "visible", "hidden"]));
    }
    await world.pass(Math.floor(random() * 600));
  }

  server.reachable = true;
  server.fate = () => null;
  transfers.fate = () => null;
  server.cut(1006);
  for (const browser of browsers.values()) if (browser.tabs.size === 0) await open(browser);
  await world.pass(15 * 60_000);

  for (const { uid, gid, words, bytes } of promised) {
    const there = server.at(gid).messages.filter((one) => one.uid === uid && wordsOf(one) === words);
    const failed = [...(browsers.get(uid)?.tabs ?? [])].some((tab) => tab.view(gid).messages.some((one) => wordsOf(one) === words && one.state.is === "failed"));
    if (takenBack.has(words)) expect(there.length, words).toBeLessThanOrEqual(1);
    else expect(there.length, words).toBe(failed ? 0 : 1);
    const [message] = there;
    if (bytes === null || message === undefined || message.noted?.recalledAt !== undefined) continue;
    const id = attachedIn(message.kind, message.content)?.file ?? "";
    expect(await transfers.files.get(id)?.bytes.text(), words).toBe(bytes);
  }
  for (const gid of gids) {
    const order = new Map(server.at(gid).messages.map((one, at) => [wordsOf(one), at]));
    // Without locks another tab may be done with what has failed in this one.
    for (const tab of new Set(promised.filter(({ uid }) => browsers.get(uid)?.hasLocks === true).map((one) => one.tab))) {
      const ours = promised.filter((one) => one.tab === tab && one.gid === gid && !triedAgain.has(one.words) && order.has(one.words));
      const places = ours.map(({ words }) => order.get(words) ?? 0);
      expect(places, `chat ${gid}`).toEqual([...places].sort((a, b) => a - b));
    }
  }
  for (const [uid, browser] of browsers) {
    const left = new Set((await browser.store(uid).outbox()).pending.map(({ clientMsgId }) => clientMsgId));
    expect((await browser.store(uid).fileNames()).filter((name) => !left.has(name))).toEqual([]);
    for (const tab of browser.tabs) {
      for (const gid of gids) {
        const going = tab.view(gid).messages.filter(({ seq, state }) => seq === null && state.is !== "failed");
        expect(going.map(wordsOf)).toEqual([]);
      }
      expect(tab.engine.connection.get()).toEqual({ is: "online" });
    }
  }
}

function attachment(words: string, kind: (typeof KINDS)[number], size: number): { readonly item: Attachment; readonly bytes: string } {
  const bytes = `${words} `.repeat(Math.ceil(size / (words.length + 1))).slice(0, size);
  const poster = kind === "Video" ? { poster: new Blob(["poster"], { type: "image/jpeg" }) } : {};
  return { item: { kind, blob: new Blob([bytes], { type: TYPES[kind] }), name: `${words}.bin`, asFile: false, caption: words, ...poster }, bytes };
}

function wordsOf({ kind, content }: { readonly kind: string; readonly content: string }): string {
  return kind === "Text" ? content : ((JSON.parse(content) as { caption?: string }).caption ?? "");
}

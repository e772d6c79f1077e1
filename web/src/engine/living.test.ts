// What becomes of messages: what the server tells of them, and what one does with them, shown at once, offline as well.

import { describe, expect, it } from "vitest";
import type { Arrived, ChatRow, HitPage, Message, Outcome, SearchFilter } from "./contract";
import { type Browser, type Tab, World } from "./testing/browser";

interface Scene {
  readonly world: World;
  readonly anna: number;
  readonly bob: number;
  readonly gid: number;
  readonly browser: Browser;
  readonly tab: Tab;
}

/** Anna, online in one tab, looks at her group with Bob. */
async function scene(): Promise<Scene> {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob]);
  const browser = world.browser(anna);
  const tab = await browser.open();
  tab.watch(gid);
  await world.pass();
  return { world, anna, bob, gid, browser, tab };
}

function row(tab: Tab, gid: number): ChatRow {
  const found = tab.engine.chats.get().find((one) => one.gid === gid);
  if (found === undefined) throw new Error(`no row ${gid}`);
  return found;
}

function at(tab: Tab, gid: number, seq: number): Message {
  const found = tab.view(gid).messages.find((message) => message.seq === seq);
  if (found === undefined) throw new Error(`no message ${seq}`);
  return found;
}

function sent(world: World, event: string): number {
  return world.server.heard.filter((frame) => frame.event === event).length;
}

function arrivals(tab: Tab): readonly string[] {
  const heard: string[] = [];
  tab.engine.onArrival(({ message, mention }: Arrived) => heard.push(`${message.content}${mention ? " @" : ""}`));
  return heard;
}

/** Nothing gets through from here on. */
function offline(world: World): void {
  world.server.reachable = false;
  world.server.cut(1006);
}

async function online(world: World): Promise<void> {
  world.server.reachable = true;
  await world.pass(40_000);
}

describe("what others do with a message", () => {
  it("is shown as it is told, and again after an absence", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const [one, two] = [server.say(bob, gid, "one"), server.say(bob, gid, "two")];
    await world.pass();
    server.note(bob, gid, "Edit", one.id, "ONE");
    server.note(bob, gid, "React", two.id, "👍");
    await world.pass();
    expect(at(tab, gid, 1)).toMatchObject({ content: "ONE", editedAt: expect.any(Number) });
    expect(at(tab, gid, 2).reactions).toEqual([{ emoji: "👍", count: 1, mine: false, uids: [bob] }]);
    offline(world);
    server.note(bob, gid, "Recall", two.id);
    server.note(bob, gid, "Pin", one.id);
    await online(world);
    expect(at(tab, gid, 2)).toMatchObject({ content: "", recalled: { by: bob }, reactions: [] });
    expect(row(tab, gid).last).toMatchObject({ content: "", recalled: { by: bob } });
    expect(tab.view(gid).pins?.map(({ content }) => content)).toEqual(["ONE"]);
  });

  it("is found in the store after a reload", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const one = world.server.say(bob, gid, "one");
    await world.pass();
    world.server.note(bob, gid, "Edit", one.id, "ONE");
    await world.pass();
    tab.crash();
    offline(world);
    const next = await browser.open();
    next.watch(gid);
    await world.pass();
    expect(next.texts(gid)).toEqual(["ONE"]);
  });

  it("moves no count of unread messages, and a member who does not see the message loses no change by it", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const one = server.say(bob, gid, "one");
    await world.pass();
    expect(tab.view(gid).unread).toBe(1);
    server.note(bob, gid, "Edit", one.id, "two");
    await world.pass();
    expect(tab.view(gid).unread).toBe(1);
    const carl = server.user("carl");
    const browser = world.browser(carl);
    server.add(gid, carl);
    const other = await browser.open();
    const syncs = server.requests.length;
    server.note(bob, gid, "Edit", one.id, "three");
    server.say(bob, gid, "four");
    await world.pass(3_000);
    expect(other.engine.chats.get()[0]?.last?.content).toBe("four");
    expect(server.requests.slice(syncs).filter(({ path }) => path === "/api/sync")).toEqual([]);
  });

  it("is the latest where one notice stands for several", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const [one, two] = [server.say(bob, gid, "one"), server.say(bob, gid, "two")];
    await world.pass();
    const syncs = server.requests.length;
    server.living.hold();
    server.note(bob, gid, "Edit", one.id, "1");
    server.note(bob, gid, "React", two.id, "👍");
    server.note(bob, gid, "Edit", one.id, "1!");
    server.living.release();
    await world.pass(3_000);
    expect(tab.texts(gid)).toEqual(["1!", "two"]);
    expect(at(tab, gid, 2).reactions).toHaveLength(1);
    expect(server.requests.slice(syncs).filter(({ path }) => path === "/api/sync")).toEqual([]);
  });

  it("keeps what is one's own of a reaction, however many others react", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const crowd = [...Array(12).keys()].map((each) => server.user(`user${each}`));
    for (const uid of crowd) server.add(gid, uid);
    const one = server.say(bob, gid, "one");
    await world.pass(1_000);
    tab.engine.react(gid, at(tab, gid, 1).key, "👍", true);
    await world.pass(3_000);
    for (const uid of crowd) server.note(uid, gid, "React", one.id, "👍");
    await world.pass(3_000);
    expect(at(tab, gid, 1).reactions).toMatchObject([{ emoji: "👍", count: 13, mine: true }]);
  });
});

describe("what one does with a message", () => {
  it("is shown at once, and stays when the server has it", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    const { key } = at(tab, gid, 1);
    tab.engine.react(gid, key, "👍", true);
    tab.engine.pin(gid, key, true);
    tab.engine.star(gid, key, true);
    await world.pass(0);
    const wanted = { reactions: [{ emoji: "👍", count: 1, mine: true, uids: [anna] }], pinnedAt: expect.any(Number), starred: true };
    expect(at(tab, gid, 1)).toMatchObject({ ...wanted, change: { is: "waiting" } });
    expect(tab.view(gid).pins).toHaveLength(1);
    await world.pass(3_000);
    expect(at(tab, gid, 1)).toMatchObject({ ...wanted, change: null });
    expect(world.server.living.starredBy(anna).size).toBe(1);
  });

  it("is that one has listened to a voice message: told once, and of none of one's own or of another kind", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    world.server.say(bob, gid, "voice", undefined, {}, "Audio");
    world.server.say(bob, gid, "text");
    world.server.say(anna, gid, "own voice", undefined, {}, "Audio");
    await world.pass();
    for (const seq of [1, 2, 3]) tab.engine.listened(gid, at(tab, gid, seq).key);
    await world.pass(0);
    expect(tab.view(gid).messages.map(({ heard }) => heard?.mine ?? null)).toEqual([true, null, null]);
    expect(at(tab, gid, 1).change).toBeNull();
    tab.engine.listened(gid, at(tab, gid, 1).key);
    await world.pass(5_000);
    tab.engine.listened(gid, at(tab, gid, 1).key);
    await world.pass(5_000);
    expect(sent(world, "Open")).toBe(1);
    expect(at(tab, gid, 1).heard).toEqual({ count: 1, mine: true, uids: [anna] });
    // However many others do, it stays one's own.
    const crowd = Array.from({ length: 12 }, (_, each) => world.server.user(`listener ${each}`));
    for (const uid of crowd) world.server.add(gid, uid);
    const later = world.server.say(bob, gid, "another voice", undefined, {}, "Audio");
    await world.pass();
    tab.engine.listened(gid, at(tab, gid, later.seq).key);
    await world.pass(1_000);
    for (const uid of crowd) world.server.note(uid, gid, "Open", later.id);
    await world.pass(1_000);
    expect(at(tab, gid, later.seq).heard).toMatchObject({ count: 13, mine: true });
  });

  it("is that one has listened where the server will not hear of it, and nobody is told so", async () => {
    const { world, bob, gid, tab } = await scene();
    world.server.say(bob, gid, "voice", undefined, {}, "Audio");
    await world.pass();
    world.server.fate = ({ event }) => (event === "Open" ? { is: "error", code: 400, reason: "no such event" } : null);
    tab.engine.listened(gid, at(tab, gid, 1).key);
    await world.pass(5_000);
    expect([at(tab, gid, 1).change, tab.engine.failures.get()]).toEqual([null, []]);
  });

  it("survives being offline and a reload, and is done in its order", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    tab.engine.send(gid, "Text", "mine");
    await world.pass();
    const [one, mine] = [at(tab, gid, 1), tab.message(gid, "mine")];
    offline(world);
    tab.engine.edit(gid, mine.key, { kind: "Text", content: "MINE" });
    tab.engine.react(gid, one.key, "👍", true);
    tab.engine.send(gid, "Text", "last");
    await world.pass(2_000);
    expect(tab.texts(gid)).toEqual(["one", "MINE", "last"]);
    tab.crash();
    const next = await browser.open();
    next.watch(gid);
    await world.pass();
    expect(next.texts(gid)).toEqual(["one", "MINE", "last"]);
    await online(world);
    expect(next.texts(gid)).toEqual(["one", "MINE", "last"]);
    expect(next.view(gid).messages.map(({ change }) => change)).toEqual([null, null, null]);
    const asked = world.server.heard.map(({ event }) => event).filter((event) => ["Edit", "React", "Msg"].includes(event));
    expect(asked).toEqual(["Msg", "Edit", "React", "Msg"]);
  });

  it("is sent again after a lost connection, and done once", async () => {
    const { world, tab, gid, anna } = await scene();
    tab.engine.send(gid, "Text", "mine");
    await world.pass();
    const { key } = tab.message(gid, "mine");
    let times = 1;
    world.server.fate = ({ event }) => (event === "Edit" && times-- > 0 ? { is: "unanswered" } : null);
    tab.engine.edit(gid, key, { kind: "Text", content: "second" });
    await world.pass(20_000);
    expect(sent(world, "Edit")).toBe(2);
    const [message] = world.server.visible(anna, gid);
    expect(world.server.living.editsOf(message?.id ?? 0)).toHaveLength(1);
    expect(tab.message(gid, "second").change).toBeNull();
  });

  it("is undone with the reason where it is refused, until it is tried again or dismissed", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    const { key } = at(tab, gid, 1);
    world.server.fate = ({ event }) => (event === "React" ? { is: "error", code: 403, reason: "not today" } : null);
    tab.engine.react(gid, key, "👍", true);
    await world.pass();
    expect(at(tab, gid, 1)).toMatchObject({ reactions: [], change: { is: "failed", what: "react", reason: "not today" } });
    const [failure] = tab.engine.failures.get();
    expect(failure).toMatchObject({ gid, what: "react", reason: "not today" });
    world.server.fate = () => null;
    tab.engine.retry(failure?.id ?? "");
    await world.pass(3_000);
    expect(at(tab, gid, 1)).toMatchObject({ reactions: [{ mine: true }], change: null });
    expect(tab.engine.failures.get()).toEqual([]);
  });

  it("holds nothing back when it is refused, and what one wants of the same thing later answers it", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    const { key } = at(tab, gid, 1);
    world.server.fate = ({ event }) => (event === "Pin" ? { is: "error", code: 403, reason: "only an admin" } : null);
    tab.engine.pin(gid, key, true);
    tab.engine.send(gid, "Text", "two");
    await world.pass();
    expect(tab.texts(gid)).toEqual(["one", "two"]);
    expect(at(tab, gid, 1)).toMatchObject({ pinnedAt: null, change: { is: "failed" } });
    tab.engine.pin(gid, key, false);
    await world.pass(3_000);
    expect(at(tab, gid, 1).change).toBeNull();
  });

  it("is never undone by an earlier one that has to be sent again", async () => {
    const { world, tab, gid, anna } = await scene();
    tab.engine.send(gid, "Text", "mine");
    await world.pass();
    const { key } = tab.message(gid, "mine");
    let times = 1;
    world.server.fate = ({ event }) => (event === "Edit" && times-- > 0 ? { is: "error", code: 503, reason: "busy" } : null);
    tab.engine.edit(gid, key, { kind: "Text", content: "first" });
    await world.pass(1);
    tab.engine.edit(gid, key, { kind: "Text", content: "second" });
    await world.pass(20_000);
    expect(world.server.heard.filter(({ event }) => event === "Edit").map(({ body }) => body.content)).toEqual(["first", "second"]);
    expect(world.server.visible(anna, gid).map(({ content }) => content)).toEqual(["second"]);
    expect(tab.message(gid, "second").change).toBeNull();
  });

  it("is a star without a word of the server's", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.pushOwn = () => undefined;
    world.server.say(bob, gid, "one");
    await world.pass();
    tab.engine.star(gid, at(tab, gid, 1).key, true);
    await world.pass(3_000);
    expect(at(tab, gid, 1)).toMatchObject({ starred: true, change: null });
  });

  it("is not told where it is taken back before it was sent", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    const { key } = at(tab, gid, 1);
    offline(world);
    for (const on of [true, false, true, false]) tab.engine.react(gid, key, "👍", on);
    await world.pass();
    expect(at(tab, gid, 1).reactions).toEqual([]);
    const { rev } = world.server.at(gid);
    await online(world);
    expect([sent(world, "React"), sent(world, "Unreact")]).toEqual([0, 1]);
    expect(world.server.at(gid).rev).toBeLessThanOrEqual(rev + 1);
    expect(at(tab, gid, 1)).toMatchObject({ reactions: [], change: null });
  });

  it("is seen in every tab, whichever leads", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    const other = await browser.open();
    other.watch(gid);
    await world.pass();
    const { key } = at(other, gid, 1);
    offline(world);
    other.engine.react(gid, key, "👍", true);
    other.engine.star(gid, key, true);
    await world.pass();
    for (const each of [tab, other]) expect(at(each, gid, 1)).toMatchObject({ reactions: [{ mine: true }], starred: true });
    await online(world);
    for (const each of [tab, other]) {
      expect(at(each, gid, 1)).toMatchObject({ reactions: [{ mine: true }], starred: true, change: null });
    }
  });
});

describe("what one does with a message that is not sent yet", () => {
  it("edits what is sent: nobody else ever sees another text", async () => {
    const { world, tab, gid, anna } = await scene();
    offline(world);
    tab.engine.send(gid, "Text", "frist");
    await world.pass(0);
    tab.engine.edit(gid, tab.message(gid, "frist").key, { kind: "Text", content: "first" });
    await world.pass();
    expect(tab.message(gid, "first")).toMatchObject({ state: { is: "sending" }, editedAt: null });
    await online(world);
    const [message] = world.server.visible(anna, gid);
    expect(message?.content).toBe("first");
    expect([sent(world, "Msg"), sent(world, "Edit")]).toEqual([1, 0]);
    expect(tab.message(gid, "first")).toMatchObject({ editedAt: null, change: null });
  });

  it("edits the message all the same where it was stored already and that was not known", async () => {
    const { world, tab, gid, anna } = await scene();
    let times = 1;
    world.server.fate = ({ event }) => {
      if (event !== "Msg" || times-- <= 0) return null;
      world.server.reachable = false;
      return { is: "unanswered" };
    };
    tab.engine.send(gid, "Text", "frist");
    await world.pass(1_000);
    tab.engine.edit(gid, tab.message(gid, "frist").key, { kind: "Text", content: "first" });
    await online(world);
    expect(world.server.visible(anna, gid).map(({ content }) => content)).toEqual(["first"]);
    expect(tab.message(gid, "first").change).toBeNull();
  });

  it("recalls it by not sending it", async () => {
    const { world, tab, gid, anna } = await scene();
    offline(world);
    tab.engine.send(gid, "Text", "no");
    await world.pass(0);
    tab.engine.recall(gid, tab.message(gid, "no").key);
    await world.pass();
    expect(tab.texts(gid)).toEqual([]);
    await online(world);
    expect(tab.texts(gid)).toEqual([]);
    expect(world.server.visible(anna, gid)).toEqual([]);
    expect(sent(world, "Msg")).toBe(0);
  });

  it("recalls it where it turns out to be stored", async () => {
    const { world, tab, gid, anna } = await scene();
    let times = 1;
    world.server.fate = ({ event }) => {
      if (event !== "Msg" || times-- <= 0) return null;
      world.server.reachable = false;
      return { is: "unanswered" };
    };
    tab.engine.send(gid, "Text", "no");
    await world.pass(1_000);
    tab.engine.recall(gid, tab.message(gid, "no").key);
    await online(world);
    expect(world.server.visible(anna, gid)).toMatchObject([{ content: "", noted: { recalledBy: anna } }]);
    expect(at(tab, gid, 1)).toMatchObject({ content: "", recalled: { by: anna, again: { content: "no" } }, change: null });
  });

  it("waits for it: a reaction, a pin and a star go behind it", async () => {
    const { world, tab, gid, anna } = await scene();
    offline(world);
    tab.engine.send(gid, "Text", "one");
    await world.pass(0);
    const { key } = tab.message(gid, "one");
    tab.engine.react(gid, key, "👍", true);
    tab.engine.pin(gid, key, true);
    tab.engine.star(gid, key, true);
    await world.pass();
    expect(tab.message(gid, "one")).toMatchObject({ id: null, reactions: [{ mine: true }], starred: true });
    await online(world);
    expect(world.server.visible(anna, gid)).toMatchObject([{ noted: { pinnedAt: expect.any(Number), reactions: [{ count: 1 }] } }]);
    expect(tab.message(gid, "one")).toMatchObject({ starred: true, change: null, reactions: [{ mine: true }] });
  });

  it("edits one that was refused into one that is sent, and a recalled one is discarded", async () => {
    const { world, tab, gid } = await scene();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 422, reason: "no" } : null);
    tab.engine.send(gid, "Text", "one");
    tab.engine.send(gid, "Text", "two");
    await world.pass();
    world.server.fate = () => null;
    tab.engine.recall(gid, tab.message(gid, "two").key);
    tab.engine.edit(gid, tab.message(gid, "one").key, { kind: "Text", content: "ONE" });
    await world.pass(3_000);
    expect(tab.texts(gid)).toEqual(["ONE"]);
    expect(tab.message(gid, "ONE")).toMatchObject({ state: { is: "stored" }, change: null });
  });
});

describe("one's own recalled words", () => {
  it("may be written again for a while, on the device on which they were recalled, and nobody else's", async () => {
    const { world, browser, tab, gid, bob, anna } = await scene();
    tab.engine.send(gid, "Text", "mine");
    const theirs = world.server.say(bob, gid, "theirs");
    await world.pass();
    tab.engine.recall(gid, tab.message(gid, "mine").key);
    world.server.note(bob, gid, "Recall", theirs.id);
    await world.pass(3_000);
    expect(tab.view(gid).messages.map(({ recalled }) => recalled?.again?.content ?? null).sort()).toEqual(["mine", null]);
    const next = await browser.open();
    next.watch(gid);
    const elsewhere = await world.browser(anna).open();
    elsewhere.watch(gid);
    await world.pass();
    expect(next.view(gid).messages.some(({ recalled }) => recalled?.again?.content === "mine")).toBe(true);
    expect(elsewhere.view(gid).messages.every(({ recalled }) => recalled?.again === null)).toBe(true);
    await world.pass(11 * 60_000);
    expect(tab.view(gid).messages.every(({ recalled }) => recalled !== null && recalled.again === null)).toBe(true);
    expect((await browser.store(anna).load()).intents.rewrites).toEqual([]);
  });
});

describe("what is hidden or cleared", () => {
  it("is gone at once, from the count, the preview and every tab, and stays gone", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    for (const text of ["one", "two", "three"]) world.server.say(bob, gid, text);
    await world.pass();
    expect(tab.view(gid).unread).toBe(3);
    tab.engine.hide(gid, [at(tab, gid, 3).key]);
    await world.pass(0);
    expect(tab.texts(gid)).toEqual(["one", "two"]);
    expect(row(tab, gid)).toMatchObject({ unread: 2, last: { content: "two" } });
    await world.pass(3_000);
    expect(row(tab, gid)).toMatchObject({ unread: 2, last: { content: "two" } });
    tab.crash();
    const next = await browser.open();
    next.watch(gid);
    await world.pass(3_000);
    expect(next.texts(gid)).toEqual(["one", "two"]);
    expect(row(next, gid)).toMatchObject({ unread: 2, last: { content: "two" } });
  });

  it("does not move the divider off the first message that is unread", async () => {
    const { world, browser, tab, gid, bob, anna } = await scene();
    for (const text of ["one", "two", "three", "four"]) world.server.say(bob, gid, text);
    await world.pass();
    tab.engine.seen(gid, 1);
    await world.pass();
    world.server.living.hide(anna, gid, [at(tab, gid, 3).id ?? 0]);
    await world.pass(1_000);
    tab.crash();
    for (const each of [await browser.open(), await world.browser(anna).open()]) {
      each.watch(gid);
      await world.pass(1_000);
      expect(each.texts(gid)).toEqual(["one", "two", "four"]);
      expect(each.view(gid)).toMatchObject({ unread: 2, dividerSeq: 2 });
    }
  });

  it("is gone on one's other devices, whether they are there or come later", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    for (const text of ["one", "two", "three"]) world.server.say(bob, gid, text);
    const other = await world.browser(anna).open();
    other.watch(gid);
    await world.pass();
    tab.engine.hide(gid, [at(tab, gid, 2).key]);
    await world.pass(3_000);
    const late = await world.browser(anna).open();
    late.watch(gid);
    await world.pass(3_000);
    for (const each of [tab, other, late]) {
      expect(each.texts(gid)).toEqual(["one", "three"]);
      expect(each.view(gid).unread).toBe(2);
    }
  });

  it("takes what was there when it was asked for, offline as well, and the chat is back with its next message", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    for (const text of ["one", "two"]) world.server.say(bob, gid, text);
    await world.pass();
    offline(world);
    tab.engine.clear(gid);
    await world.pass();
    expect(tab.texts(gid)).toEqual([]);
    expect(tab.engine.chats.get().map((one) => one.gid)).toEqual([]);
    expect(tab.view(gid).unread).toBe(0);
    world.server.say(bob, gid, "three");
    await online(world);
    expect(tab.texts(gid)).toEqual(["three"]);
    expect(row(tab, gid)).toMatchObject({ unread: 1, last: { content: "three" } });
    expect(world.server.visible(anna, gid).map(({ content }) => content)).toEqual(["three"]);
  });

  it("may be very many, and a deleted chat is not back in the list by what is gone from it", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    for (let i = 0; i < 150; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass(1_000);
    world.server.deleteChat(anna, gid);
    const last = world.server.say(bob, gid, "last");
    await world.pass(1_000);
    expect(row(tab, gid).last?.content).toBe("last");
    for (let i = 0; i < 9 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass();
    }
    tab.engine.hide(gid, tab.view(gid).messages.map(({ key }) => key));
    await world.pass(3_000);
    expect(tab.texts(gid)).toEqual([]);
    expect(world.server.visible(anna, gid)).toEqual([]);
    expect(tab.engine.chats.get()).toEqual([]);
    const asked = world.server.requests.filter(({ path }) => path === "/api/message/hide").map(({ body }) => JSON.parse(String(body?.content)) as { msgIds: number[] });
    expect(asked.map(({ msgIds }) => msgIds.length)).toEqual([100, 51]);
    expect(last.seq).toBe(151);
  });

  it("is back where the server refuses it", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    world.server.http = ({ path }) => {
      if (path !== "/api/message/hide") return null;
      return { status: 200, retryAfter: null, text: JSON.stringify({ ok: false, code: 500, msg: "too many", data: null }) };
    };
    tab.engine.hide(gid, [at(tab, gid, 1).key]);
    await world.pass(0);
    expect(tab.texts(gid)).toEqual([]);
    await world.pass();
    expect(at(tab, gid, 1).change).toMatchObject({ is: "failed", what: "hide", reason: "too many" });
  });
});

describe("what expires", () => {
  it("is gone when the server says so, from preview and count, and at its time where the server cannot", async () => {
    const { world, tab, gid, bob } = await scene();
    const expiresAt = world.clock.now() + 60_000;
    world.server.say(bob, gid, "stays");
    world.server.say(bob, gid, "goes", undefined, { expiresAt, mentionAll: true });
    world.server.say(bob, gid, "told");
    await world.pass();
    world.server.living.expire(gid, 3, 3);
    await world.pass(1_000);
    expect(tab.texts(gid)).toEqual(["stays", "goes"]);
    expect(row(tab, gid)).toMatchObject({ unread: 2, unreadMentions: 1, last: { content: "goes" } });
    offline(world);
    await world.pass(61_000);
    expect(tab.texts(gid)).toEqual(["stays"]);
    expect(row(tab, gid)).toMatchObject({ unread: 1, unreadMentions: 0, last: { content: "stays" } });
    expect(tab.view(gid).unread).toBe(1);
  });

  it("is gone at its time from the count and the preview of a chat that nobody has opened, also after a reload", async () => {
    const world = new World();
    const { server } = world;
    const anna = server.user("anna");
    const bob = server.user("bob");
    const gid = server.group([anna, bob]);
    const browser = world.browser(anna);
    const tab = await browser.open();
    await world.pass();
    const expiresAt = world.clock.now() + 60_000;
    server.say(bob, gid, "stays");
    for (const text of ["goes", "goes, too"]) server.say(bob, gid, text, undefined, { expiresAt, mentionAll: true });
    server.say(bob, gid, "goes later", undefined, { expiresAt: expiresAt + 60_000 });
    await world.pass();
    expect(row(tab, gid)).toMatchObject({ unread: 4, unreadMentions: 2, last: { content: "goes later" } });
    offline(world);
    await world.pass(61_000);
    expect(row(tab, gid)).toMatchObject({ unread: 2, unreadMentions: 0, last: { content: "goes later" } });
    expect(tab.engine.unread.get()).toBe(2);

    const reloaded = await browser.open();
    await world.pass();
    expect(row(reloaded, gid)).toMatchObject({ unread: 2, unreadMentions: 0, last: { content: "goes later" } });
    await world.pass(60_000);
    for (const each of [tab, reloaded]) expect(row(each, gid)).toMatchObject({ unread: 1, last: { content: "stays" } });

    // What the server says then is nothing new, and is counted once.
    server.living.expire(gid, 2, 4);
    await online(world);
    for (const each of [tab, reloaded]) expect(row(each, gid)).toMatchObject({ unread: 1, last: { content: "stays" } });
  });
});

describe("mentions", () => {
  it("are counted while they are unread, and visited one after the other", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const { server } = world;
    const mention = { mentions: [anna] };
    server.say(bob, gid, "one", undefined, mention);
    server.say(bob, gid, "two");
    const three = server.say(bob, gid, "three", undefined, { mentionAll: true });
    server.say(anna, gid, "from elsewhere", undefined, mention);
    await world.pass();
    expect(row(tab, gid)).toMatchObject({ unread: 0, unreadMentions: 0 });
    server.say(bob, gid, "five", undefined, mention);
    const six = server.say(bob, gid, "six", undefined, mention);
    await world.pass();
    expect(row(tab, gid)).toMatchObject({ unread: 2, unreadMentions: 2 });
    const visited: (string | null)[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await tab.engine.nextMention(gid);
      visited.push(answer.ok ? (tab.view(gid).messages.find(({ key }) => key === answer.value)?.content ?? null) : null);
    }
    expect(visited).toEqual(["five", "six", "five"]);
    server.note(bob, gid, "Recall", six.id);
    server.note(bob, gid, "Recall", three.id);
    await world.pass();
    expect(row(tab, gid)).toMatchObject({ unread: 2, unreadMentions: 1 });
    tab.engine.seen(gid, 6);
    await world.pass();
    expect(row(tab, gid)).toMatchObject({ unread: 0, unreadMentions: 0 });
  });

  it("that lie in what was missed are counted, and can be visited", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    offline(world);
    world.server.say(bob, gid, "for you", undefined, { mentions: [anna] });
    for (let i = 0; i < 400; i++) world.server.say(bob, gid, `m${i}`);
    await online(world);
    expect(row(tab, gid)).toMatchObject({ unread: 401, unreadMentions: 1 });
    const jumping = tab.engine.nextMention(gid);
    await world.pass(3_000);
    const answer = await jumping;
    expect(answer.ok && tab.view(gid).messages.find(({ key }) => key === answer.value)?.content).toBe("for you");
  });

  it("are named once where they are more than the server counts", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const named = (): number => world.server.requests.filter(({ path }) => path === "/api/message/mentions").length;
    offline(world);
    for (let i = 0; i < 250; i++) world.server.say(bob, gid, `m${i}`, undefined, { mentions: [anna] });
    for (let i = 0; i < 300; i++) world.server.say(bob, gid, `n${i}`);
    await online(world);
    await world.pass(3_000);
    expect(row(tab, gid)).toMatchObject({ unread: 550, unreadMentions: 200 });
    expect(named()).toBe(1);
    offline(world);
    world.server.say(bob, gid, "another", undefined, { mentions: [anna] });
    await online(world);
    await world.pass(3_000);
    expect(row(tab, gid)).toMatchObject({ unread: 551, unreadMentions: 201 });
    expect(named()).toBe(1);
  });

  it("are asked for again where they could not be had", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    offline(world);
    world.server.say(bob, gid, "for you", undefined, { mentions: [anna] });
    for (let i = 0; i < 400; i++) world.server.say(bob, gid, `m${i}`);
    let times = 1;
    world.server.http = ({ path }) => (path === "/api/message/mentions" && times-- > 0 ? { status: 503, retryAfter: null, text: "" } : null);
    await online(world);
    const jumping = tab.engine.nextMention(gid);
    await world.pass(3_000);
    expect((await jumping).ok).toBe(true);
    expect(tab.texts(gid)).toContain("for you");
  });

  it("ring once: one that is added by an edit, and not again when it is edited again, after a reload or in another tab", async () => {
    const { world, browser, tab, gid, anna, bob } = await scene();
    const heard = arrivals(tab);
    const one = world.server.say(bob, gid, "one");
    await world.pass();
    const edit = (content: string, mentions: readonly number[]): unknown => world.server.note(bob, gid, "Edit", one.id, content, { mentions });
    edit("one @anna", [anna]);
    await world.pass();
    edit("one", []);
    await world.pass();
    edit("one @anna again", [anna]);
    await world.pass();
    expect(heard).toEqual(["one", "one @anna @"]);
    tab.crash();
    const next = await browser.open();
    const later = arrivals(next);
    await world.pass();
    edit("one", []);
    await world.pass();
    edit("one @anna once more", [anna]);
    await world.pass(1_000);
    expect(later).toEqual([]);
    expect(row(next, gid).unreadMentions).toBe(1);
  });

  it("do not ring where the message is read", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const one = world.server.say(bob, gid, "one");
    await world.pass();
    tab.engine.seen(gid, 1);
    await world.pass();
    const heard = arrivals(tab);
    world.server.note(bob, gid, "Edit", one.id, "one @anna", { mentions: [anna] });
    await world.pass();
    expect(heard).toEqual([]);
    expect(row(tab, gid).unreadMentions).toBe(0);
  });
});

describe("answers", () => {
  it("quote the message as it is now: edited, recalled, hidden, and from the server where it is not loaded", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const { server } = world;
    const old = server.say(bob, gid, "old");
    for (let i = 0; i < 300; i++) server.say(bob, gid, `m${i}`);
    server.say(bob, gid, "answer", undefined, { replyTo: old.id });
    await world.pass();
    const late = await world.browser(anna).open();
    late.watch(gid);
    await world.pass(3_000);
    const quote = (each: Tab): unknown => {
      const found = each.view(gid).quotes.get(old.id);
      return found === "gone" || found === undefined ? found : (found.recalled === null ? found.content : "recalled");
    };
    expect([quote(tab), quote(late)]).toEqual(["old", "old"]);
    server.note(bob, gid, "Edit", old.id, "edited");
    await world.pass();
    expect([quote(tab), quote(late)]).toEqual(["edited", "edited"]);
    server.note(bob, gid, "Recall", old.id);
    await world.pass();
    expect([quote(tab), quote(late)]).toEqual(["recalled", "recalled"]);
    server.living.hide(anna, gid, [old.id]);
    await world.pass(1_000);
    expect([quote(tab), quote(late)]).toEqual(["gone", "gone"]);
  });
});

describe("a quote", () => {
  it("never has the words of a message that was recalled while it was asked for", async () => {
    const { world, gid, anna, bob } = await scene();
    const { server } = world;
    const old = server.say(bob, gid, "secret");
    for (let i = 0; i < 300; i++) server.say(bob, gid, `m${i}`);
    server.say(bob, gid, "answer", undefined, { replyTo: old.id });
    const tab = await world.browser(anna).open();
    await world.pass(3_000);
    // What is answered is of a while ago.
    server.httpDelay = 2_000;
    tab.watch(gid);
    await world.pass(1_000);
    server.note(bob, gid, "Recall", old.id);
    await world.pass(5_000);
    expect(tab.view(gid).quotes.get(old.id)).toMatchObject({ content: "", recalled: { by: bob } });
  });
});

describe("arrivals", () => {
  it("are announced once, also where something before them is missing and comes later", async () => {
    const { world, tab, gid, bob } = await scene();
    const heard = arrivals(tab);
    world.server.say(bob, gid, "one");
    await world.pass();
    world.server.tellsReceipts = false;
    world.server.read(bob, gid, 1);
    world.server.say(bob, gid, "two");
    await world.pass(5_000);
    expect(heard).toEqual(["one", "two"]);
  });
});

describe("another place of a chat", () => {
  it("shows no hole: where much was missed there is more below it", async () => {
    const { world, gid, anna, bob } = await scene();
    const { server } = world;
    for (let i = 1; i <= 600; i++) server.say(bob, gid, `m${i}`);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass(3_000);
    const jumping = tab.engine.jump(gid, { seq: 450 });
    await world.pass(3_000);
    await jumping;
    for (let i = 0; i < 9 && tab.view(gid).newer !== "none"; i++) {
      tab.engine.loadNewer(gid);
      await world.pass(1_000);
    }
    expect(tab.view(gid).newer).toBe("none");
    offline(world);
    for (let i = 1; i <= 400; i++) server.say(bob, gid, `n${i}`);
    await online(world);
    server.say(bob, gid, "now");
    await world.pass();
    expect(tab.view(gid).newer).toBe("some");
    expect(tab.texts(gid).at(-1)).toBe("m600");
    for (let i = 0; i < 9 && tab.view(gid).newer !== "none"; i++) {
      tab.engine.loadNewer(gid);
      await world.pass(1_000);
    }
    expect(tab.texts(gid).slice(-402)).toEqual(["m600", ...[...Array(400).keys()].map((i) => `n${i + 1}`), "now"]);
  });

  it("is loaded around a message, grows to both sides, and leads back to the newest", async () => {
    const { world, gid, anna, bob } = await scene();
    const { server } = world;
    for (let i = 1; i <= 1_000; i++) server.say(bob, gid, `m${i}`);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass(3_000);
    const target = server.at(gid).messages[499];
    const jumping = tab.engine.jump(gid, { id: target?.id ?? 0 });
    await world.pass(3_000);
    const answer = await jumping;
    const shown = tab.view(gid);
    expect(answer).toEqual({ ok: true, value: shown.messages.find(({ content }) => content === "m500")?.key });
    expect([shown.older, shown.newer]).toEqual(["some", "some"]);
    const seqs = (): readonly number[] => tab.view(gid).messages.map(({ seq }) => seq ?? 0);
    const run = (): boolean => seqs().every((seq, index, all) => index === 0 || seq === (all[index - 1] ?? 0) + 1);
    expect(run()).toBe(true);
    for (let i = 0; i < 20 && tab.view(gid).newer !== "none"; i++) {
      tab.engine.loadNewer(gid);
      await world.pass(1_000);
      expect(run()).toBe(true);
    }
    expect(seqs().at(-1)).toBe(1_000);
    server.say(bob, gid, "new");
    await world.pass();
    expect(tab.texts(gid).at(-1)).toBe("new");
    for (let i = 0; i < 20 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass(1_000);
      expect(run()).toBe(true);
    }
    expect(seqs()[0]).toBe(1);
    tab.engine.toNewest(gid);
    expect(tab.view(gid)).toMatchObject({ newer: "none" });
    expect(seqs().at(-1)).toBe(1_001);
    expect(seqs().length).toBeLessThan(600);
  });

  it("does not show what comes at the newest, and what is done there is seen here", async () => {
    const { world, gid, anna, bob } = await scene();
    const { server } = world;
    for (let i = 1; i <= 500; i++) server.say(bob, gid, `m${i}`);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass(3_000);
    const jumping = tab.engine.jump(gid, { seq: 100 });
    await world.pass(3_000);
    await jumping;
    server.say(bob, gid, "new");
    const target = server.at(gid).messages[99];
    server.note(bob, gid, "Edit", target?.id ?? 0, "edited");
    await world.pass();
    expect(tab.texts(gid)).not.toContain("new");
    expect(tab.texts(gid)).toContain("edited");
    tab.engine.send(gid, "Text", "mine");
    await world.pass();
    expect(tab.texts(gid)).not.toContain("mine");
    tab.engine.toNewest(gid);
    expect(tab.texts(gid).slice(-2)).toEqual(["new", "mine"]);
  });

  it("is refused where there is none that one may see", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const one = world.server.say(bob, gid, "one");
    await world.pass();
    world.server.living.hide(anna, gid, [one.id]);
    await world.pass(1_000);
    for (const to of [{ id: one.id }, { seq: 1 }, { id: 9_999 }]) {
      const jumping = tab.engine.jump(gid, to);
      await world.pass(40_000);
      expect(await jumping).toMatchObject({ ok: false, problem: { is: "refused", message: "no such message" } });
    }
  });
});

describe("whoever writes", () => {
  it("is shown for five seconds, until their message, and in every tab", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const other = await browser.open();
    other.watch(gid);
    const carl = world.server.user("carl");
    world.server.add(gid, carl);
    await world.pass();
    const names = (each: Tab): readonly string[] => each.view(gid).typing.map(({ name }) => name);
    world.server.types(bob, gid);
    world.server.types(carl, gid);
    await world.pass();
    for (const each of [tab, other]) expect(names(each)).toEqual(["bob", "carl"]);
    expect(row(tab, gid).typing).toHaveLength(2);
    world.server.say(carl, gid, "there");
    await world.pass(4_000);
    for (const each of [tab, other]) expect(names(each)).toEqual(["bob"]);
    world.server.types(bob, gid);
    await world.pass(4_000);
    expect(names(tab)).toEqual(["bob"]);
    await world.pass(1_100);
    for (const each of [tab, other]) expect(names(each)).toEqual([]);
  });

  it("is told hardly more than every three seconds, from whichever tab", async () => {
    const { world, browser, tab, gid } = await scene();
    const other = await browser.open();
    for (let i = 0; i < 90; i++) {
      (i % 2 === 0 ? tab : other).engine.typing(gid);
      await world.pass(100);
    }
    expect(sent(world, "Typing")).toBe(3);
  });
});

describe("what goes over REST", () => {
  it("is in the one order with messages: what is forwarded has what was written before it", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const target = server.group([bob, server.at(gid).creator], 1, "");
    server.say(bob, gid, "one");
    await world.pass();
    tab.watch(target);
    offline(world);
    tab.engine.send(target, "Text", "look at this");
    tab.engine.forward(gid, [at(tab, gid, 1).key], [target], { merged: false, origin: true });
    tab.engine.send(target, "Text", "well?");
    await world.pass();
    await online(world);
    expect(tab.view(target).messages.map(({ content, forwarded }) => [content, forwarded?.name ?? null])).toEqual([
      ["look at this", null], ["one", "bob"], ["well?", null],
    ]);
  });

  it("is asked for once more where it is not known whether it was done, and done once", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const { server } = world;
    server.say(bob, gid, "one");
    await world.pass();
    let times = 1;
    server.http = ({ path }) => {
      if (path !== "/api/message/forward" || times-- <= 0) return null;
      server.say(bob, gid, "unrelated");
      return { status: 504, retryAfter: null, text: "a proxy's page" };
    };
    tab.engine.forward(gid, [at(tab, gid, 1).key], [gid], { merged: false, origin: true });
    await world.pass(10_000);
    expect(server.visible(anna, gid).filter(({ content }) => content === "one")).toHaveLength(2);
    expect(tab.engine.failures.get()).toEqual([]);
  });

  it("schedules offline, is listed with what the server has, and can be changed and cancelled", async () => {
    const { world, tab, gid, bob } = await scene();
    tab.engine.scheduled.subscribe(() => undefined);
    await world.pass();
    expect(tab.engine.scheduled.get()).toEqual([]);
    offline(world);
    const sendAt = world.clock.now() + 3_600_000;
    tab.engine.schedule(gid, { kind: "Text", content: "later", sendAt });
    await world.pass();
    expect(tab.engine.scheduled.get()).toMatchObject([{ id: null, gid, content: "later", sendAt }]);
    await online(world);
    const [listed] = tab.engine.scheduled.get() ?? [];
    expect(listed).toMatchObject({ id: expect.any(Number), content: "later" });
    const changing = tab.engine.reschedule(listed?.id ?? 0, { content: "sooner, @Bob", mentions: [bob], mentionAll: false });
    await world.pass(1_000);
    expect(await changing).toMatchObject({ ok: true });
    expect(tab.engine.scheduled.get()).toMatchObject([{ content: "sooner, @Bob", mentions: [bob], sendAt }]);
    const moving = tab.engine.reschedule(listed?.id ?? 0, { sendAt: sendAt + 1_000 });
    await world.pass(1_000);
    expect(await moving).toMatchObject({ ok: true });
    expect(tab.engine.scheduled.get()).toMatchObject([{ content: "sooner, @Bob", mentions: [bob], sendAt: sendAt + 1_000 }]);
    const taking = tab.engine.reschedule(listed?.id ?? 0, { content: "sooner", mentions: [], mentionAll: false });
    await world.pass(1_000);
    expect(await taking).toMatchObject({ ok: true });
    expect(tab.engine.scheduled.get()).toMatchObject([{ content: "sooner", mentions: [], sendAt: sendAt + 1_000 }]);
    const cancelling = tab.engine.cancelScheduled(listed?.id ?? 0);
    await world.pass(1_000);
    expect([await cancelling, tab.engine.scheduled.get()]).toMatchObject([{ ok: true }, []]);
  });

  it("lists what was scheduled on another device meanwhile, and no longer what was sent", async () => {
    const { world, tab, gid, anna } = await scene();
    tab.engine.scheduled.subscribe(() => undefined);
    await world.pass();
    offline(world);
    const item = { id: 9_500, uid: anna, gid, kind: "Text", content: "later", sendAt: world.clock.now() + 60_000, clientMsgId: "elsewhere", mentions: [] };
    world.server.living.scheduled = [item];
    await online(world);
    expect(tab.engine.scheduled.get()).toMatchObject([{ id: 9_500, content: "later" }]);
    world.server.living.scheduled = [];
    world.server.say(anna, gid, "later", "sched:9500");
    await world.pass(1_000);
    expect(tab.engine.scheduled.get()).toEqual([]);
  });

  it("lists stars of all chats, whose messages can be acted on from there", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const { server } = world;
    const other = server.group([bob, anna], 1, "");
    const far = server.say(bob, other, "far");
    server.living.star(anna, other, far.id, true);
    await world.pass(1_000);
    const asking = tab.engine.stars(1);
    await world.pass();
    const answer = await asking;
    const found = answer.ok ? answer.value.found : [];
    expect(found).toMatchObject([{ title: "bob", message: { content: "far", starred: true }, sender: { name: "bob" } }]);
    tab.engine.star(other, found[0]?.message.key ?? "", false);
    await world.pass(1_000);
    expect(server.living.starredBy(anna).size).toBe(0);
    expect(gid).not.toBe(other);
  });
});

describe("a tab that crashes", () => {
  it("leaves what it was asked for to the leader, as soon as another tab finds it", async () => {
    const { world, browser, tab, gid, bob, anna } = await scene();
    world.server.say(bob, gid, "one");
    const other = await browser.open();
    other.watch(gid);
    await world.pass();
    other.engine.send(gid, "Text", "two");
    other.engine.react(gid, at(other, gid, 1).key, "👍", true);
    other.crash();
    await world.pass(5_000);
    const third = await browser.open();
    third.watch(gid);
    await world.pass(5_000);
    for (const each of [tab, third]) {
      expect(each.texts(gid)).toEqual(["one", "two"]);
      expect(each.message(gid, "two").state).toEqual({ is: "stored" });
      expect(at(each, gid, 1)).toMatchObject({ reactions: [{ mine: true }], change: null });
    }
    expect(world.server.visible(anna, gid)).toHaveLength(2);
  });
});

describe("lists about a message", () => {
  it("say what it said, and what answers it, however many", async () => {
    const { world, tab, gid, bob } = await scene();
    const { server } = world;
    const one = server.say(bob, gid, "one");
    server.note(bob, gid, "Edit", one.id, "ONE");
    for (let i = 0; i < 450; i++) server.say(bob, gid, `answer ${i}`, undefined, { replyTo: one.id });
    await world.pass(1_000);
    const jumping = tab.engine.jump(gid, { seq: 1 });
    await world.pass(1_000);
    const found = await jumping;
    const key = found.ok ? found.value : "";
    const asking = Promise.all([tab.engine.edits(gid, key), tab.engine.replies(gid, key), tab.engine.edits(gid, "nobody.knows")]);
    await world.pass(1_000);
    const [edits, replies, unknown] = await asking;
    expect(edits).toMatchObject({ ok: true, value: [{ content: "ONE", kind: "Text" }] });
    expect(replies.ok && replies.value.map(({ message }) => message.seq)).toEqual([...Array(450).keys()].map((i) => i + 2));
    expect(unknown).toMatchObject({ ok: false, problem: { is: "refused" } });

    // What was listed is known as it is by now, wherever in the chat one is.
    const [first] = replies.ok ? replies.value : [];
    if (first === undefined) throw new Error("there is no answer");
    const { key: answer, id } = first.message;
    expect(tab.engine.listed.get()(gid, answer)?.content ?? first.message.content).toBe("answer 0");
    let told = 0;
    tab.engine.listed.subscribe(() => told++);
    server.note(bob, gid, "Recall", id ?? 0);
    await world.pass(1_000);
    expect(told).toBeGreaterThan(0);
    expect(tab.engine.listed.get()(gid, answer)).toMatchObject({ content: "", recalled: { by: bob } });
    expect(tab.engine.listed.get()(gid, "nobody.knows")).toBeNull();
  });
});

describe("messages that are looked for", () => {
  const texts = (outcome: Outcome<HitPage>): readonly string[] => (outcome.ok ? outcome.value.hits.map(({ text }) => text) : ["refused"]);

  it("are those of all chats, newest first and page by page, each with where its words are and what it is by now", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    const other = world.server.group([anna, bob], 2, "other");
    for (let at = 0; at < 60; at++) world.server.say(bob, at % 2 === 0 ? gid : other, `needle ${at}`);
    world.server.say(bob, gid, "hay");
    await world.pass();
    const ask = async (next: number | null, filter: SearchFilter = {}): Promise<Outcome<HitPage>> => {
      const asked = tab.engine.search("needle", filter, next);
      await world.pass();
      return asked;
    };
    const first = await ask(null);
    if (!first.ok) throw new Error("refused");
    expect(texts(first).slice(0, 2)).toEqual(["needle 59", "needle 58"]);
    expect(first.value.hits[0]).toMatchObject({ title: "other", sender: { name: "bob" }, ranges: [[0, 6]] });
    expect(first.value.hits).toHaveLength(50);
    const second = await ask(first.value.next);
    expect(texts(second)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((at) => `needle ${at}`));
    expect(second.ok && second.value.next).toBeNull();
    expect(texts(await ask(null, { gid: other })).length).toBe(30);
    expect(texts(await ask(null, { uid: anna }))).toEqual([]);

    // What becomes of one of them is known, wherever it is.
    const [hit] = first.value.hits;
    if (hit === undefined) throw new Error("nothing was found");
    world.server.note(bob, other, "Edit", hit.message.id ?? 0, "nothing");
    await world.pass();
    expect(tab.engine.listed.get()(other, hit.message.key)?.content).toBe("nothing");
  });

  it("are offered where the server looks for them, until it does so no longer", async () => {
    const { world, tab } = await scene();
    expect(tab.engine.searches.get()).toBe(true);
    world.server.features = [];
    const asked = tab.engine.search("needle", {}, null);
    await world.pass();
    expect(texts(await asked)).toEqual([]);
    expect(tab.engine.searches.get()).toBe(false);
  });
});

describe("a place that one is led to by a link", () => {
  it("is shown also where it is newer than what is known here", async () => {
    const { world, bob, gid, tab } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass();
    // The notice of it is lost.
    world.server.cut(1006);
    world.server.say(bob, gid, "two");
    const jump = tab.engine.jump(gid, { seq: 2 });
    await world.pass(40_000);
    expect((await jump).ok).toBe(true);
    expect(at(tab, gid, 2).content).toBe("two");
  });

  it("is refused, and not said to be no network, where one does not see it", async () => {
    const { world, anna, gid, bob } = await scene();
    world.server.say(bob, gid, "before");
    const carl = world.server.user("carl");
    const browser = world.browser(carl);
    world.server.add(gid, carl);
    world.server.say(anna, gid, "after");
    const tab = await browser.open();
    tab.watch(gid);
    await world.pass();
    const jump = tab.engine.jump(gid, { seq: 1 });
    await world.pass(1_000);
    expect(await jump).toEqual({ ok: false, problem: { is: "refused", message: "no such message" } });
  });
});

import { describe, expect, it } from "vitest";
import type { ChatRow, Message } from "./contract";
import { type Browser, type Tab, World } from "./testing/browser";

interface Scene {
  readonly world: World;
  readonly anna: number;
  readonly bob: number;
  readonly gid: number;
  readonly browser: Browser;
  readonly tab: Tab;
  /** Ends her looking at the chat. */
  readonly leave: () => void;
}

/** Anna, online in one tab, looks at her chat with Bob. */
async function scene(options: { locks?: boolean } = {}): Promise<Scene> {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob], 1, "");
  const browser = world.browser(anna, options);
  const tab = await browser.open();
  const leave = tab.watch(gid);
  await world.pass();
  return { world, anna, bob, gid, browser, tab, leave };
}

function row(tab: Tab, gid: number): ChatRow {
  const found = tab.engine.chats.get().find((one) => one.gid === gid);
  if (found === undefined) throw new Error(`no row ${gid}`);
  return found;
}

function sent(world: World, event: string): number {
  return world.server.heard.filter((frame) => frame.event === event).length;
}

function stored(world: World, gid: number): readonly string[] {
  return world.server.at(gid).messages.map((message) => message.content);
}

describe("sending", () => {
  it("shows a message at once as sending, then stored, delivered and read, under one key", async () => {
    const { world, tab, gid, bob } = await scene();
    tab.engine.send(gid, "Text", "hello");
    await world.pass(0);
    const first = tab.message(gid, "hello");
    expect(first.state).toEqual({ is: "sending" });
    expect(first.seq).toBeNull();
    await world.pass();
    const second = tab.message(gid, "hello");
    expect(second).toMatchObject({ key: first.key, seq: 1, state: { is: "stored" } });
    world.server.read(bob, gid, 1);
    await world.pass();
    expect(tab.message(gid, "hello").state).toEqual({ is: "read", by: 1 });
    expect(row(tab, gid)).toMatchObject({ title: "bob", unread: 0, last: { content: "hello" } });
  });

  for (const fate of ["lost", "unanswered"] as const) {
    it(`survives a connection that ends with the frame ${fate}: stored once, in order`, async () => {
      const { world, tab, gid } = await scene();
      let once = true;
      world.server.fate = ({ event }) => {
        if (event !== "Msg" || !once) return null;
        once = false;
        return { is: fate };
      };
      for (const text of ["one", "two", "three"]) tab.engine.send(gid, "Text", text);
      await world.pass(20_000);
      expect(stored(world, gid)).toEqual(["one", "two", "three"]);
      expect(tab.texts(gid)).toEqual(["one", "two", "three"]);
      expect(tab.view(gid).messages.map(({ state }) => state.is)).toEqual(["stored", "stored", "stored"]);
      const ids = world.server.heard.filter(({ event }) => event === "Msg").map(({ body }) => body.clientMsgId);
      expect(new Set(ids).size).toBe(3);
      expect(ids.length).toBeGreaterThan(3);
    });
  }

  it("waits while offline, is kept over a reload, and goes out in order when back", async () => {
    const { world, browser, tab, gid } = await scene();
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    expect(tab.engine.connection.get()).toMatchObject({ is: "offline" });
    tab.engine.send(gid, "Text", "a");
    tab.engine.send(gid, "Text", "b");
    await world.pass();
    const keys = tab.view(gid).messages.map(({ key }) => key);
    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass();
    expect(again.view(gid).messages.map(({ key }) => key)).toEqual(keys);
    again.engine.send(gid, "Text", "c");
    world.server.reachable = true;
    again.signal("online");
    await world.pass(2_000);
    expect(stored(world, gid)).toEqual(["a", "b", "c"]);
    expect(again.texts(gid)).toEqual(["a", "b", "c"]);
    expect(again.engine.connection.get()).toEqual({ is: "online" });
  });

  it("is not lost with the tab at any write of the store, and never doubled", async () => {
    for (let crashAt = 1; crashAt <= 6; crashAt++) {
      const { world, browser, tab, gid, bob } = await scene();
      let writes = 0;
      tab.beforeWrite = () => {
        if (++writes === crashAt) tab.crash();
      };
      world.server.say(bob, gid, "hi");
      tab.engine.send(gid, "Text", "hello");
      await world.pass(20);
      const shown = tab.texts(gid).includes("hello");
      await world.pass(1_000);
      tab.crash();
      const again = await browser.open();
      again.watch(gid);
      await world.pass(5_000);
      const texts = again.texts(gid);
      expect(new Set(texts).size, `crash at ${crashAt}`).toBe(texts.length);
      expect([...texts].sort(), `crash at ${crashAt}`).toEqual([...stored(world, gid)].sort());
      if (shown) expect(texts, `crash at ${crashAt}`).toContain("hello");
    }
  });

  it("says why a message was refused, sends it again when asked, and forgets it when told", async () => {
    const { world, tab, gid } = await scene();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 403, reason: "not you" } : null);
    tab.engine.send(gid, "Text", "x");
    tab.engine.send(gid, "Text", "y");
    await world.pass();
    const { key, state } = tab.message(gid, "x");
    expect(state).toEqual({ is: "failed", reason: "not you" });
    world.server.fate = () => null;
    tab.engine.resend(gid, key);
    tab.engine.discard(gid, tab.message(gid, "y").key);
    await world.pass();
    expect(tab.message(gid, "x")).toMatchObject({ key, state: { is: "stored" } });
    expect(stored(world, gid)).toEqual(["x"]);
    expect(tab.texts(gid)).toEqual(["x"]);
  });

  for (const code of [503, 429, 504]) {
    it(`tries again after ${code}, and later messages wait for it`, async () => {
      const { world, tab, gid } = await scene();
      world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code, reason: "busy" } : null);
      tab.engine.send(gid, "Text", "first");
      await world.pass();
      expect(tab.message(gid, "first").state).toEqual({ is: "sending" });
      world.server.fate = () => null;
      tab.engine.send(gid, "Text", "second");
      await world.pass(100);
      expect(sent(world, "Msg")).toBe(1);
      await world.pass(5_000);
      expect(stored(world, gid)).toEqual(["first", "second"]);
    });
  }

  it("sends again what may be stored or not, until that is certain, and shows it once", async () => {
    const { world, tab, gid } = await scene();
    let times = 5;
    world.server.fate = ({ event }) => (event === "Msg" && times-- > 0 ? { is: "unsure" } : null);
    tab.engine.send(gid, "Text", "first");
    tab.engine.send(gid, "Text", "second");
    await world.pass(300);
    expect(stored(world, gid)).toEqual(["first", "second"]);
    expect(tab.texts(gid)).toEqual(["first", "second"]);
    await world.pass(60_000);
    expect(times).toBeLessThanOrEqual(0);
    expect(stored(world, gid)).toEqual(["first", "second"]);
    expect(tab.texts(gid)).toEqual(["first", "second"]);
    expect(tab.message(gid, "first").state).toEqual({ is: "stored" });
    expect(tab.message(gid, "second").state).toEqual({ is: "stored" });
  });

  it("gives up after the server has failed at it three times", async () => {
    const { world, tab, gid } = await scene();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 500, reason: "fault" } : null);
    tab.engine.send(gid, "Text", "x");
    await world.pass(20_000);
    expect(tab.message(gid, "x").state).toEqual({ is: "failed", reason: "fault" });
    expect(sent(world, "Msg")).toBe(3);
  });

  it("says why where the server could not even read its name: answers come in the order of the frames", async () => {
    const { world, tab, gid } = await scene();
    world.server.fate = ({ body }) => (body.content === "bad" ? { is: "unreadable", code: 400, reason: "no idea" } : null);
    for (const text of ["one", "bad", "two"]) tab.engine.send(gid, "Text", text);
    await world.pass(500);
    expect(tab.message(gid, "bad").state).toEqual({ is: "failed", reason: "no idea" });
    expect(stored(world, gid)).toEqual(["one", "two"]);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
    world.server.fate = () => null;
    tab.engine.resend(gid, tab.message(gid, "bad").key);
    await world.pass(500);
    expect(stored(world, gid)).toEqual(["one", "two", "bad"]);
  });

  it("goes over a new connection where a live one does not answer it", async () => {
    const { world, tab, gid, bob } = await scene();
    let once = true;
    world.server.fate = ({ event }) => {
      if (event !== "Msg" || !once) return null;
      once = false;
      return { is: "ignored" };
    };
    tab.engine.send(gid, "Text", "hello?");
    for (let second = 0; second < 40; second++) {
      world.server.say(bob, gid, `b${second}`);
      await world.pass(1_000);
    }
    expect(tab.message(gid, "hello?").state.is).not.toBe("sending");
    expect(stored(world, gid).filter((text) => text === "hello?")).toEqual(["hello?"]);
  });

  it("goes over a new connection where the answer to the next one shows that it was passed over", async () => {
    const { world, tab, gid } = await scene();
    let once = true;
    world.server.fate = ({ event }) => {
      if (event !== "Msg" || !once) return null;
      once = false;
      return { is: "ignored" };
    };
    for (const text of ["one", "two"]) tab.engine.send(gid, "Text", text);
    await world.pass(3_000);
    expect([...stored(world, gid)].sort()).toEqual(["one", "two"]);
    expect(tab.view(gid).messages.map(({ state }) => state.is)).toEqual(["stored", "stored"]);
  });

  for (const fate of [{ is: "ignored" }, { is: "closed", code: 1009 }] as const) {
    it(`gives up a message at which every connection ends (${fate.is}), and the others get through`, async () => {
      const { world, tab, gid } = await scene();
      world.server.fate = ({ body }) => (body.content === "bad" ? fate : null);
      for (const text of ["one", "bad", "two", "three"]) tab.engine.send(gid, "Text", text);
      await world.pass(180_000);
      expect(tab.message(gid, "bad").state).toEqual({ is: "failed", reason: "the server did not answer this message" });
      expect([...stored(world, gid)].sort()).toEqual(["one", "three", "two"]);
      expect(tab.engine.connection.get()).toEqual({ is: "online" });
    });
  }

  it("is settled where it was stored and then left to history by a long absence", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "before");
    await world.pass();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "unanswered" } : null);
    tab.engine.send(gid, "Text", "mine");
    await world.pass(20);
    world.server.fate = () => null;
    world.server.reachable = false;
    for (let i = 0; i < 300; i++) world.server.say(bob, gid, `t${i}`);
    await world.pass(1_000);
    world.server.reachable = true;
    await world.pass(20_000);
    expect(tab.view(gid).messages.every(({ seq }) => seq !== null)).toBe(true);
    expect(tab.view(gid)).toMatchObject({ older: "some" });
    tab.engine.loadOlder(gid);
    await world.pass();
    expect(tab.message(gid, "mine").seq).toBe(2);
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(tab.view(gid).older).toBe("none");
  });

  it("goes on from memory where the disk is full", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    browser.full = true;
    tab.engine.send(gid, "Text", "mine");
    world.server.say(bob, gid, "bob's");
    await world.pass(1_000);
    expect([...tab.texts(gid)].sort()).toEqual(["bob's", "mine"]);
    // Later there is room again: what could not be written is written before anything newer.
    browser.full = false;
    world.server.say(bob, gid, "more");
    await world.pass(10_000);
    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass(1_000);
    expect(again.texts(gid)).toEqual(stored(world, gid));
  });
});

describe("receiving", () => {
  it("takes what comes live in order, and what comes twice once", async () => {
    const { world, tab, gid, bob } = await scene();
    for (let i = 1; i <= 20; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass();
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(tab.engine.unread.get()).toBe(20);
  });

  it("heals after the server is killed and restarted in mid-conversation", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "before");
    await world.pass();
    tab.engine.send(gid, "Text", "in between");
    world.server.reachable = false;
    world.server.cut(1006);
    world.server.say(bob, gid, "while down");
    await world.pass(10_000);
    world.server.reachable = true;
    await world.pass(60_000);
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(stored(world, gid)).toEqual(["before", "while down", "in between"]);
  });

  it("asks for a group that it does not know, and for what a notice is about", async () => {
    const { world, tab, anna, bob } = await scene();
    const gid = world.server.group([bob, anna], 2, "club");
    world.server.say(bob, gid, "welcome");
    await world.pass(500);
    expect(row(tab, gid)).toMatchObject({ title: "club", unread: 1, lastSender: { name: "bob" } });
    world.server.rename(gid, "the club");
    world.server.befriend(bob, anna);
    await world.pass(500);
    expect(row(tab, gid).title).toBe("the club");
    expect(tab.engine.contacts.get().incoming.map(({ name }) => name)).toEqual(["bob"]);
    expect(tab.engine.relation(bob)).toBe("incoming");
    expect(await pass(world, tab.engine.acceptFriend(bob))).toEqual({ ok: true, value: undefined });
    expect(tab.engine.contacts.get()).toMatchObject({ incoming: [], friends: [{ name: "bob" }] });
  });

  it("hears of a change that happens while it asks for another", async () => {
    const { world, tab, bob, anna } = await scene();
    const gid = world.server.group([bob, anna], 2, "club");
    await world.pass(500);
    // The answer is on its way for long when the name changes; the notice overtakes it.
    world.server.http = () => {
      world.server.http = () => null;
      const { latency } = world.server;
      world.server.latency = () => 200;
      world.clock.after(1, () => {
        world.server.latency = latency;
        world.server.rename(gid, "the last name");
      });
      return null;
    };
    world.server.rename(gid, "the second name");
    await world.pass(1_000);
    expect(row(tab, gid).title).toBe("the last name");
  });

  it("shows a message at once where receipts before it were not told, and asks for them soon", async () => {
    const { world, tab, anna, bob } = await scene();
    const carl = world.server.user("carl");
    const gid = world.server.group([anna, bob, carl]);
    await world.pass(500);
    tab.watch(gid);
    tab.engine.send(gid, "Text", "mine");
    await world.pass();
    world.server.tellsReceipts = false;
    world.server.read(carl, gid, 1);
    world.server.say(bob, gid, "bob's");
    world.server.say(bob, gid, "bob's, too");
    await world.pass(20);
    expect(tab.texts(gid)).toEqual(["mine", "bob's", "bob's, too"]);
    const asked = world.server.requests.length;
    await world.pass(3_000);
    expect(tab.message(gid, "mine").state).toEqual({ is: "read", by: 2 });
    expect(world.server.requests.length).toBe(asked + 1);
  });

  it("needs few syncs to find into a chat of fifty messages a second", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const busy = world.server.group([bob, anna], 2, "busy");
    world.server.cut(1006);
    world.server.httpDelay = 200;
    for (let i = 0; i < 500; i++) {
      world.server.say(bob, busy, `m${i}`);
      if (i === 250) world.server.say(bob, gid, "here, too");
      await world.pass(20);
    }
    await world.pass(3_000);
    const syncs = world.server.requests.filter(({ path }) => path === "/api/sync").length;
    expect(syncs).toBeLessThan(6);
    expect(row(tab, busy)).toMatchObject({ unread: 500, last: { content: "m499" } });
  });

  it("acknowledges what came, the newest only", async () => {
    const { world, gid, bob, anna } = await scene();
    for (let i = 1; i <= 10; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass(1_000);
    expect(sent(world, "Ack")).toBe(1);
    expect(world.server.at(gid).members.get(anna)?.deliveredSeq).toBe(10);
  });

  it("acknowledges after a reconnect what it had no time for before", async () => {
    const { world, gid, bob, anna } = await scene();
    world.server.say(bob, gid, "m");
    await world.pass(50);
    world.server.cut(1006);
    await world.pass(5_000);
    expect(world.server.at(gid).members.get(anna)?.deliveredSeq).toBe(1);
  });

  it("tells of arrivals: each one live, one for each chat after an absence, none of one's own", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const heard: Message[] = [];
    tab.engine.onArrival(({ message }) => heard.push(message));
    world.server.say(bob, gid, "a");
    world.server.say(bob, gid, "b");
    world.server.say(anna, gid, "from my phone");
    await world.pass();
    expect(heard.map(({ content }) => content)).toEqual(["a", "b"]);
    world.server.reachable = false;
    world.server.cut(1006);
    for (const text of ["c", "d", "e"]) world.server.say(bob, gid, text);
    await world.pass();
    world.server.reachable = true;
    await world.pass(5_000);
    expect(heard.map(({ content }) => content)).toEqual(["a", "b", "e"]);
  });
});

describe("unread", () => {
  it("is exact over own sends and reads, here and on another device", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const exact = async () => {
      await world.pass(1_000);
      expect(row(tab, gid).unread).toBe(world.server.unread(anna, gid));
      expect(tab.view(gid).unread).toBe(world.server.unread(anna, gid));
      return world.server.unread(anna, gid);
    };
    for (let i = 1; i <= 5; i++) world.server.say(bob, gid, `m${i}`);
    expect(await exact()).toBe(5);
    world.server.read(anna, gid, 3);
    expect(await exact()).toBe(2);
    world.server.say(bob, gid, "m6");
    expect(await exact()).toBe(3);
    world.server.say(anna, gid, "from my phone");
    expect(await exact()).toBe(0);
    world.server.say(bob, gid, "m8");
    world.server.say(bob, gid, "m9");
    expect(await exact()).toBe(2);
    tab.engine.seen(gid, 8);
    expect(await exact()).toBe(1);
    tab.engine.send(gid, "Text", "mine");
    expect(await exact()).toBe(0);
  });

  it("sends one Read for many looks, and only what moves on", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    for (let i = 1; i <= 30; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass();
    for (let i = 1; i <= 30; i++) tab.engine.seen(gid, i);
    await world.pass(1_000);
    expect(sent(world, "Read")).toBeLessThanOrEqual(2);
    expect(world.server.at(gid).members.get(anna)?.readSeq).toBe(30);
    tab.engine.seen(gid, 12);
    tab.engine.seen(gid, 30);
    await world.pass(1_000);
    expect(sent(world, "Read")).toBeLessThanOrEqual(2);
  });

  it("keeps a look that was taken offline, over a reload, and tells it when back", async () => {
    const { world, browser, tab, gid, bob, anna } = await scene();
    world.server.say(bob, gid, "m");
    await world.pass(1_000);
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    tab.engine.seen(gid, 1);
    await world.pass();
    expect(tab.engine.unread.get()).toBe(0);
    tab.crash();
    const again = await browser.open();
    expect(again.engine.unread.get()).toBe(0);
    world.server.reachable = true;
    await world.pass(60_000);
    expect(world.server.unread(anna, gid)).toBe(0);
  });

  it("takes a deleted chat out of the list on every device, until something is said in it", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    const phone = await world.browser(anna).open();
    world.server.say(bob, gid, "one");
    tab.engine.setDraft(gid, "never mind");
    await world.pass();
    expect(row(phone, gid).unread).toBe(1);

    const deleted = tab.engine.deleteChat(gid);
    await world.pass(1_000);
    expect(await deleted).toMatchObject({ ok: true });
    await world.pass(1_000);
    for (const device of [tab, phone]) {
      expect(device.engine.chats.get()).toEqual([]);
      expect(device.engine.unread.get()).toBe(0);
    }
    const fresh = await world.browser(anna).open();
    await world.pass(1_000);
    expect(fresh.engine.chats.get()).toEqual([]);

    world.server.say(bob, gid, "two");
    await world.pass(1_000);
    for (const device of [tab, phone, fresh]) expect(row(device, gid).last?.content).toBe("two");
  });

  it("takes a chat out of the list with a message in it that could not be sent, and it stays out", async () => {
    const { world, anna, gid, browser, tab } = await scene();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 403, reason: "not you" } : null);
    tab.engine.send(gid, "Text", "x");
    await world.pass();
    expect(tab.message(gid, "x").state.is).toBe("failed");
    const second = await browser.open();
    expect(await pass(world, tab.engine.deleteChat(gid))).toMatchObject({ ok: true });
    await world.pass();
    for (const one of [tab, second]) expect(one.engine.chats.get()).toEqual([]);
    expect((await browser.store(anna).load()).intents.pending).toEqual([]);
    expect([...browser.notes.values()]).toEqual([]);
  });

  it("brings a deleted chat back where one has joined anew", async () => {
    const { world, anna, bob, tab } = await scene();
    const club = world.server.group([bob, anna], 2, "club");
    world.server.say(bob, club, "one");
    await world.pass(500);
    world.server.remove(club, anna);
    world.server.deleteChat(anna, club);
    await world.pass(1_000);
    expect(tab.engine.chats.get().some((one) => one.gid === club)).toBe(false);
    world.server.add(club, anna);
    await world.pass(1_000);
    expect(row(tab, club)).toMatchObject({ left: false, last: { content: "one" } });
  });

  it("keeps the chat of one who was removed, marked and with what they had not read, until they read it", async () => {
    const { world, anna, bob, tab } = await scene();
    const phone = await world.browser(anna).open();
    const club = world.server.group([bob, anna], 2, "club");
    world.server.say(bob, club, "one");
    world.server.say(bob, club, "two");
    world.server.remove(club, anna);
    world.server.say(bob, club, "without her");
    await world.pass(1_000);
    for (const device of [tab, phone]) {
      expect(row(device, club)).toMatchObject({ left: true, unread: 2, last: { content: "two" } });
    }
    const leave = tab.watch(club);
    await world.pass();
    tab.engine.seen(club, 2);
    await world.pass(2_000);
    leave();
    for (const device of [tab, phone]) expect(row(device, club)).toMatchObject({ left: true, unread: 0 });
  });

  it("puts the divider before the first unread message, until the chat is left", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    const other = world.server.group([bob, anna], 2, "club");
    for (let i = 1; i <= 4; i++) world.server.say(bob, other, `m${i}`);
    world.server.read(anna, other, 2);
    await world.pass(500);
    const leave = tab.watch(other);
    await world.pass();
    expect(tab.view(other).dividerSeq).toBe(3);
    tab.engine.seen(other, 4);
    await world.pass();
    expect(tab.view(other)).toMatchObject({ dividerSeq: 3, unread: 0 });
    tab.engine.closed(other, null);
    leave();
    await world.pass();
    expect(tab.view(other).dividerSeq).toBeNull();
    expect(tab.view(gid).dividerSeq).toBeNull();
  });

  it("puts the divider anew before what is still unread when the chat is opened again", async () => {
    const { world, bob, gid, tab, leave } = await scene();
    for (let i = 1; i <= 300; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass(1_000);
    tab.engine.seen(gid, 10);
    await world.pass(1_000);
    tab.engine.closed(gid, 3);
    leave();
    await world.pass();
    tab.watch(gid);
    await world.pass();
    expect(tab.view(gid)).toMatchObject({ dividerSeq: 11, unread: 290 });
    expect(tab.view(gid).messages[0]?.seq).toBe(1);
  });

  it("puts the divider where somebody left off when they look away from the open chat", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    world.server.say(bob, gid, "seen");
    await world.pass();
    tab.engine.seen(gid, 1);
    await world.pass();
    expect(tab.view(gid).dividerSeq).toBeNull();
    tab.engine.looking(gid, false);
    world.server.say(anna, gid, "from my phone");
    world.server.say(bob, gid, "while away");
    world.server.say(bob, gid, "and more");
    await world.pass(1_000);
    expect(tab.view(gid)).toMatchObject({ dividerSeq: 3, unread: 2 });
    tab.engine.looking(gid, true);
    tab.engine.seen(gid, 3);
    world.server.say(bob, gid, "live");
    await world.pass();
    expect(tab.view(gid).dividerSeq).toBe(3);
    // Something is unread still, so they left off where the divider is; once it is read, at the end.
    tab.engine.looking(gid, false);
    world.server.say(bob, gid, "once more");
    await world.pass();
    expect(tab.view(gid).dividerSeq).toBe(3);
    tab.engine.looking(gid, true);
    tab.engine.seen(gid, 6);
    await world.pass();
    tab.engine.looking(gid, false);
    world.server.say(bob, gid, "the last");
    await world.pass();
    expect(tab.view(gid)).toMatchObject({ dividerSeq: 7, unread: 1 });
  });

  it("goes back to where somebody read in the past, whatever was opened in between", async () => {
    const { world, anna, bob, gid, tab, leave } = await scene();
    for (let i = 1; i <= 500; i++) world.server.say(bob, gid, `m${i}`);
    await world.pass(1_000);
    tab.engine.seen(gid, 500);
    const others = Array.from({ length: 10 }, (_, i) => world.server.group([bob, anna], 2, `g${i}`));
    await world.pass(1_000);
    for (let i = 0; i < 5 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass();
    }
    leave();
    tab.engine.closed(gid, 150);
    await world.pass();
    for (const other of others) {
      const leaveOther = tab.watch(other);
      await world.pass();
      tab.engine.closed(other, null);
      leaveOther();
    }
    const leaveAgain = tab.watch(gid);
    await world.pass();
    expect(tab.view(gid).messages[0]?.seq).toBe(130);
    tab.engine.closed(gid, null);
    leaveAgain();
    await world.pass();
    expect(tab.view(gid).messages).toHaveLength(100);
  });
});

describe("reconnecting", () => {
  it("waits longer each time, by chance, and begins anew when it worked", async () => {
    const { world, tab } = await scene();
    const born = world.clock.elapsed() - 200;
    world.server.reachable = false;
    world.server.cut(1006);
    const pauses: number[] = [];
    tab.engine.connection.subscribe(() => {
      const now = tab.engine.connection.get();
      if (now.is === "offline" && now.retryAt !== null) pauses.push(now.retryAt + born - world.clock.elapsed());
    });
    await world.pass(120_000);
    pauses.slice(0, 6).forEach((pause, i) => {
      expect(pause).toBeGreaterThanOrEqual(250 * 2 ** i);
      expect(pause).toBeLessThanOrEqual(500 * 2 ** i);
    });
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
    world.server.reachable = true;
    await world.pass(30_000);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
    pauses.length = 0;
    world.server.cut(1006);
    await world.pass();
    expect(pauses[0]).toBeLessThanOrEqual(500);
  });

  it("comes back after the delay that a server going away asks for", async () => {
    const { world, tab } = await scene();
    world.server.cut(4009, "reconnect in 7000 ms");
    await world.pass(100);
    const status = tab.engine.connection.get();
    expect(status.is).toBe("offline");
    await world.pass(6_000);
    expect(world.server.connections).toBe(0);
    await world.pass(2_000);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
  });

  it("tries at once when the network is back", async () => {
    const { world, tab } = await scene();
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass(60_000);
    world.server.reachable = true;
    tab.signal("online");
    await world.pass(200);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
  });

  it("notices a connection that is dead without saying so", async () => {
    const { world, tab, gid, bob } = await scene();
    // From now on what it sends goes nowhere, and nothing comes.
    world.server.vanish();
    world.server.say(bob, gid, "are you there?");
    await world.pass(20_000);
    expect(tab.engine.connection.get().is).toBe("online");
    await world.pass(25_000);
    expect(tab.texts(gid)).toEqual(["are you there?"]);
    expect(tab.engine.connection.get().is).toBe("online");
  });

  it("finds out at once that the connection is dead when the network has changed", async () => {
    const { world, tab, gid, bob } = await scene();
    world.server.vanish();
    world.server.say(bob, gid, "are you there?");
    tab.signal("online");
    await world.pass(6_000);
    expect(tab.texts(gid)).toEqual(["are you there?"]);
  });

  it("asks at once after the computer has slept, and has everything soon", async () => {
    const { world, tab, gid, bob } = await scene();
    // While asleep the server gave up on it, and nobody told.
    world.server.vanish();
    world.clock.sleep(3_600_000);
    world.server.say(bob, gid, "while you slept");
    await world.pass(6_000);
    expect(tab.texts(gid)).toEqual(["while you slept"]);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
  });

  it("logs out where the session was revoked, and keeps what was not sent for the next login", async () => {
    const { world, browser, tab, gid, anna } = await scene();
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    tab.engine.send(gid, "Text", "unsent");
    await world.pass();
    world.server.reachable = true;
    world.server.revoke(browser.token);
    await world.pass(60_000);
    expect(tab.engine.account.get()).toEqual({ is: "out", why: "revoked" });
    expect(tab.engine.chats.get()).toEqual([]);
    expect((await browser.store(anna).load()).facts.groups).toEqual([]);
    expect(await pass(world, tab.engine.login({ account: "anna", password: "x" }))).toMatchObject({ ok: true });
    await world.pass(1_000);
    expect(tab.engine.account.get()).toMatchObject({ is: "in", me: { name: "anna" } });
    expect(stored(world, gid)).toEqual(["unsent"]);
  });

  it("says so where the account was disabled", async () => {
    const { world, tab } = await scene();
    world.server.cut(4503);
    await world.pass();
    expect(tab.engine.account.get()).toEqual({ is: "out", why: "disabled" });
    await world.pass(60_000);
    expect(world.server.connections).toBe(0);
  });

  it("says so where what was missed cannot be had, and goes on trying", async () => {
    const { world, tab } = await scene();
    world.server.http = ({ path }) => (path === "/api/sync" ? { status: 200, retryAfter: null, text: "what?" } : null);
    world.server.cut(1006);
    await world.pass(30_000);
    expect(tab.engine.connection.get()).toEqual({ is: "syncing", troubled: true });
    world.server.http = () => null;
    await world.pass(60_000);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
  });

  it("shows what came of an operation of which the server does not know it", async () => {
    const { world, tab, anna, bob } = await scene();
    const asked: string[] = [];
    world.server.http = ({ path }) => {
      asked.push(path);
      if (path !== "/api/group/create") return null;
      world.server.group([anna, bob], 2, "made all the same");
      return { status: 504, retryAfter: null, text: '{"ok":false,"code":504,"msg":"it is not known whether this was done","data":null}' };
    };
    const unsure = tab.engine.createGroup({ name: "made all the same", uids: [bob] });
    await world.pass(1_000);
    expect(await unsure).toEqual({ ok: false, problem: { is: "unsure" } });
    expect(asked.at(-1)).toBe("/api/sync");
    expect(tab.engine.chats.get().map(({ title }) => title)).toContain("made all the same");
    // A proxy that says so speaks of the server's not being there.
    world.server.http = () => ({ status: 504, retryAfter: null, text: "<h1>Gateway Time-out</h1>" });
    const away = tab.engine.createGroup({ name: "x", uids: [bob] });
    await world.pass(1_000);
    expect(await away).toEqual({ ok: false, problem: { is: "offline" } });
  });

  it("goes on asking where a sync fails, by 503 and by a fault", async () => {
    const { world, tab, gid, bob } = await scene();
    let failures = 0;
    world.server.http = ({ path }) => {
      if (path !== "/api/sync" || ++failures > 3) return null;
      const busy = failures < 3;
      return { status: busy ? 503 : 500, retryAfter: busy ? "2" : null, text: "busy" };
    };
    world.server.cut(1006);
    await world.pass(1_000);
    expect(tab.engine.connection.get()).toEqual({ is: "syncing", troubled: false });
    world.server.say(bob, gid, "hello");
    await world.pass(20_000);
    expect(tab.texts(gid)).toEqual(["hello"]);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
  });
});

describe("a large account", () => {
  it("begins with a window of each chat and fills up to the top as one scrolls", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 0; i < 1_000; i++) world.server.say(bob, gid, `m${i}`);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass();
    // From the first unread one on would be too many.
    expect(tab.view(gid).messages.length).toBe(50);
    expect(row(tab, gid).unread).toBe(1_000);
    for (let i = 0; i < 10 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass();
    }
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    tab.engine.closed(gid, null);
    await world.pass();
    expect(tab.view(gid).messages.length).toBe(100);
  });

  it("opens a chat from its first unread message on, asking for those that are not here yet", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 1; i <= 600; i++) world.server.say(bob, gid, `m${i}`);
    world.server.read(anna, gid, 300);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass();
    expect(tab.view(gid)).toMatchObject({ dividerSeq: 301, unread: 300, older: "some" });
    expect(tab.view(gid).messages[0]?.seq).toBeLessThan(301);
  });

  it("opens a chat with what is here where the rest cannot be had soon", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 1; i <= 300; i++) world.server.say(bob, gid, `m${i}`);
    const tab = await world.browser(anna).open();
    world.server.httpDelay = 10_000;
    tab.watch(gid);
    await world.pass(1_000);
    expect(tab.view(gid)).toMatchObject({ older: "loading", messages: [] });
    world.server.say(bob, gid, "live");
    await world.pass(3_000);
    expect(tab.view(gid)).toMatchObject({ older: "some" });
    expect(tab.texts(gid)).toEqual(stored(world, gid).slice(-51));
  });

  it("syncs by parts, and what is pushed in between finds its place", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gids = Array.from({ length: 60 }, (_, i) => world.server.group([anna, bob], 2, `g${i}`));
    for (const gid of gids) for (let i = 0; i < 45; i++) world.server.say(bob, gid, `m${i}`);
    const browser = world.browser(anna);
    const opening = browser.open();
    for (let i = 0; i < 20; i++) {
      await world.pass(4);
      for (const gid of gids.slice(0, 5)) world.server.say(bob, gid, `live ${i}`);
    }
    await opening;
    const tab = [...browser.tabs][0];
    if (tab === undefined) throw new Error("no tab");
    await world.pass(3_000);
    expect(tab.engine.chats.get().length).toBe(60);
    for (const gid of gids) {
      expect(row(tab, gid).unread).toBe(world.server.unread(anna, gid));
      tab.watch(gid);
    }
    await world.pass(1_000);
    for (const gid of gids) {
      const all = stored(world, gid);
      expect(tab.texts(gid)).toEqual(all.slice(-tab.texts(gid).length));
      expect(tab.texts(gid).length).toBeGreaterThanOrEqual(45);
    }
  });

  it("leaves a hole after a long absence, shows what is above it, and fills it from history", async () => {
    const { world, tab, gid, bob } = await scene();
    for (let i = 0; i < 10; i++) world.server.say(bob, gid, `early ${i}`);
    await world.pass();
    world.server.reachable = false;
    world.server.cut(1006);
    for (let i = 0; i < 700; i++) world.server.say(bob, gid, `away ${i}`);
    await world.pass();
    world.server.reachable = true;
    await world.pass(60_000);
    const seqs = tab.view(gid).messages.map(({ seq }) => seq ?? 0);
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
    expect(tab.view(gid).older).toBe("some");
    for (let i = 0; i < 10 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass();
    }
    expect(tab.texts(gid)).toEqual(stored(world, gid));
  });

  it("says when older messages could not be had, and tries again", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 0; i < 100; i++) world.server.say(bob, gid, `m${i}`);
    world.server.read(anna, gid, 100);
    const tab = await world.browser(anna).open();
    tab.watch(gid);
    await world.pass();
    world.server.reachable = false;
    tab.engine.loadOlder(gid);
    await world.pass();
    expect(tab.view(gid).older).toBe("failed");
    world.server.reachable = true;
    tab.engine.loadOlder(gid);
    await world.pass();
    expect(tab.view(gid).older).toBe("none");
    expect(tab.texts(gid).length).toBe(100);
  });

  it("keeps what did not change as the same object", async () => {
    const { world, tab, gid, bob, anna } = await scene();
    const other = world.server.group([bob, anna], 2, "club");
    world.server.say(bob, other, "x");
    world.server.say(bob, gid, "y");
    await world.pass(500);
    const leave = tab.watch(other);
    await world.pass(500);
    const [before, view, otherView] = [row(tab, other), tab.view(gid), tab.view(other)];
    world.server.say(bob, gid, "z");
    await world.pass(500);
    expect(row(tab, other)).toBe(before);
    expect(tab.view(gid).messages[0]).toBe(view.messages[0]);
    expect(tab.view(gid).group).toBe(view.group);
    expect(tab.view(other)).toBe(otherView);
    leave();
  });
});

describe("membership", () => {
  it("reads its part after leaving, and what comes after returning", async () => {
    const { world, tab, anna, bob } = await scene();
    const gid = world.server.group([bob, anna], 2, "club");
    world.server.say(bob, gid, "one");
    await world.pass(500);
    tab.watch(gid);
    world.server.remove(gid, anna);
    world.server.say(bob, gid, "hidden");
    await world.pass(1_000);
    expect(tab.view(gid)).toMatchObject({ member: false, self: null, unread: 1 });
    expect(tab.texts(gid)).toEqual(["one"]);
    tab.engine.send(gid, "Text", "let me in");
    await world.pass();
    expect(tab.message(gid, "let me in").state.is).toBe("failed");
    tab.engine.discard(gid, tab.message(gid, "let me in").key);
    world.server.add(gid, anna);
    world.server.say(bob, gid, "welcome back");
    world.server.say(bob, gid, "again");
    await world.pass(1_000);
    expect(tab.view(gid)).toMatchObject({ member: true, unread: 2, older: "none" });
    expect(tab.texts(gid)).toEqual(["one", "welcome back", "again"]);
    expect(tab.view(gid).members.map(({ user }) => user.name)).toEqual(["bob", "anna"]);
  });

  it("opens a chat and has it when the answer comes; the other side sees it with the first word", async () => {
    const { world, tab, anna, browser } = await scene();
    const carl = world.server.user("carl");
    const carls = await world.browser(carl).open();
    const opened = await pass(world, tab.engine.openSingle(carl));
    if (!opened.ok) throw new Error("not opened");
    expect(row(tab, opened.value).title).toBe("carl");
    expect(await pass(world, tab.engine.openSingle(carl))).toEqual(opened);
    await world.pass(500);
    expect(carls.engine.chats.get()).toEqual([]);
    tab.engine.send(opened.value, "Text", "hello carl");
    await world.pass(500);
    expect(row(carls, opened.value)).toMatchObject({ title: "anna", unread: 1 });
    expect(anna).toBeGreaterThan(0);
    expect(browser.tabs.size).toBe(1);
  });
});

describe("people", () => {
  it("are shown by their new names at once, wherever they are, and nothing is asked for", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const group = world.server.group([bob, anna]);
    world.server.say(bob, group, "hi");
    world.server.befriend(bob, anna);
    await world.pass();
    tab.watch(group);
    await world.pass();
    const asked = world.server.requests.length;
    world.server.renameUser(bob, "Bob B");
    await world.pass();
    expect(row(tab, gid).title).toBe("Bob B");
    expect(row(tab, group).lastSender?.name).toBe("Bob B");
    expect(tab.engine.contacts.get().incoming.map(({ name }) => name)).toEqual(["Bob B"]);
    expect(tab.view(group).members.map(({ user }) => user.name)).toContain("Bob B");
    expect(world.server.requests.length).toBe(asked);
    world.server.say(bob, group, "next");
    await world.pass();
    expect(tab.texts(group)).toEqual(["hi", "next"]);
    expect(world.server.requests.length).toBe(asked);
  });

  it("who were renamed meanwhile have their new names on coming back", async () => {
    const { world, tab, gid, anna, bob } = await scene();
    const group = world.server.group([bob, anna]);
    world.server.say(bob, group, "hi");
    await world.pass();
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    world.server.renameUser(bob, "Bob B");
    world.server.reachable = true;
    tab.signal("online");
    await world.pass(2_000);
    expect([row(tab, gid).title, row(tab, group).lastSender?.name]).toEqual(["Bob B", "Bob B"]);
  });

  it("changes oneself on every device", async () => {
    const { world, tab, anna } = await scene();
    const asked = world.server.requests.length;
    world.server.renameUser(anna, "Anna A");
    await world.pass();
    expect(tab.engine.account.get()).toMatchObject({ me: { name: "Anna A" } });
    expect(world.server.requests.length).toBe(asked);
  });
});

describe("a group without messages", () => {
  it("stands where one joined it among the others, and is new until it is opened on this device", async () => {
    const { world, anna, bob, gid, tab } = await scene();
    world.server.say(bob, gid, "before");
    await world.pass(1_000);
    const joined = world.server.group([bob, anna]);
    const own = world.server.group([anna, bob]);
    await world.pass(1_000);
    const later = world.server.group([bob, anna]);
    world.server.say(bob, later, "after");
    await world.pass();
    const other = await world.browser(anna).open();
    await world.pass(1_000);
    const order = (one: Tab) => one.engine.chats.get().map((each) => each.gid);
    expect(order(other)).toEqual([later, own, joined, gid]);
    expect([joined, own, later, gid].map((one) => row(other, one).isNew)).toEqual([true, false, false, false]);
    expect(row(other, joined).happened).toMatchObject({ kind: "GroupCreated", actor: { id: bob } });
    expect(row(other, joined).unread).toBe(0);

    other.watch(joined);
    await world.pass();
    expect(row(other, joined).isNew).toBe(false);
    expect(row(tab, joined).isNew).toBe(true);
    expect(other.view(joined).happenings.map(({ kind, users }) => [kind, users[0]?.id])).toEqual([["GroupCreated", anna]]);
  });
});

describe("what happens in a group", () => {
  it("is shown at its place as it happens, is no message, and is there after a reload", async () => {
    const { world, browser, tab, anna, bob } = await scene();
    const carl = world.server.user("carl");
    const group = world.server.group([bob, anna]);
    world.server.say(bob, group, "hi");
    await world.pass();
    tab.watch(group);
    await world.pass();
    world.server.add(group, carl);
    await world.pass();
    const lines = (one: Tab) => one.view(group).happenings.map(({ kind, seq }) => `${kind} ${seq}`);
    expect(lines(tab)).toEqual(["GroupCreated 0", "MembersAdded 1"]);
    expect(row(tab, group)).toMatchObject({ unread: 1, last: { content: "hi" }, happened: null });
    tab.crash();
    const again = await browser.open();
    again.watch(group);
    await world.pass();
    expect(lines(again)).toEqual(["GroupCreated 0", "MembersAdded 1"]);
  });
});

describe("drafts", () => {
  it("are shown at once, kept over reloads and taken back", async () => {
    const { world, browser, tab, gid } = await scene();
    tab.engine.setDraft(gid, "dear b");
    expect(tab.view(gid).draft).toBe("dear b");
    tab.engine.setDraft(gid, "dear bob");
    await world.pass(1_000);
    tab.crash();
    const again = await browser.open();
    expect(row(again, gid).draft).toBe("dear bob");
    again.engine.setDraft(gid, "");
    await world.pass(1_000);
    again.crash();
    expect((await browser.open()).engine.chats.get()[0]?.draft ?? "").toBe("");
  });
});

describe("a store", () => {
  const OPENING_MS = 10_000;

  for (const [fate, keeping] of [
    ["refused", "memory"],
    ["silent", "memory"],
    ["mute", "memory"],
    ["blocked", "blocked"],
  ] as const) {
    it(`that is ${fate} keeps nobody from their messages: two tabs go on from memory and say why`, async () => {
      const { world, browser, tab, gid, bob } = await scene();
      world.server.say(bob, gid, "one");
      await world.pass(1_000);
      tab.crash();
      browser.storeFate = fate;
      const tabs = [await browser.open(), await browser.open()];
      await world.pass(OPENING_MS);
      for (const one of tabs) {
        expect(one.engine.account.get()).toMatchObject({ is: "in" });
        expect(one.engine.keeping.get()).toBe(keeping);
        one.watch(gid);
      }
      await world.pass(1_000);
      const [first, second] = tabs;
      first?.engine.send(gid, "Text", "two");
      await world.pass(2_000);
      for (const one of [first, second]) expect(one?.texts(gid)).toEqual(["one", "two"]);
      first?.engine.setDraft(gid, "half a");
      first?.crash();
      second?.crash();
      const third = await browser.open();
      await world.pass(OPENING_MS);
      expect(row(third, gid)).toMatchObject({ draft: "half a", last: { content: "two" } });
    });
  }

  it("that opens late is closed again", async () => {
    const { world, browser, tab } = await scene();
    tab.crash();
    browser.storeFate = "silent";
    const again = await browser.open();
    await world.pass(OPENING_MS);
    browser.storeFate = "opens";
    await world.pass(OPENING_MS);
    expect(again.engine.keeping.get()).toBe("memory");
    again.crash();
    expect((await browser.open()).engine.keeping.get()).toBe("lasting");
  });

  for (const why of ["memory", "superseded"] as const) {
    it(`that is lost on the way (${why}) is replaced by memory, with what was not sent`, async () => {
      const { world, browser, tab, gid, bob } = await scene();
      for (let i = 1; i <= 30; i++) world.server.say(bob, gid, `m${i}`);
      await world.pass(1_000);
      tab.engine.seen(gid, 20);
      tab.engine.setDraft(gid, "draft");
      world.server.reachable = false;
      world.server.cut(1006);
      await world.pass(1_000);
      tab.engine.send(gid, "Text", "unsent");
      tab.engine.setDraft(gid, "half a");
      await world.pass(1_000);
      tab.loseStore(why);
      browser.storeFate = "mute";
      world.server.reachable = true;
      await world.pass(60_000);
      expect(tab.engine.keeping.get()).toBe(why);
      expect(tab.engine.connection.get()).toEqual({ is: "online" });
      expect(stored(world, gid).at(-1)).toBe("unsent");
      expect(tab.texts(gid)).toEqual(stored(world, gid));
      expect(tab.view(gid)).toMatchObject({ draft: "half a", unread: 0 });
      await world.pass(60_000);
      expect(stored(world, gid)).toHaveLength(31);
    });
  }

  it("that falls silent on the way is given up, and what is written meanwhile is shown soon", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    world.server.say(bob, gid, "one");
    await world.pass(1_000);
    browser.storeFate = "mute";
    tab.engine.send(gid, "Text", "two");
    await world.pass(2_000);
    expect(tab.texts(gid)).toEqual(["one", "two"]);
    world.server.say(bob, gid, "three");
    await world.pass(60_000);
    expect(tab.engine.keeping.get()).toBe("memory");
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(stored(world, gid)).toEqual(["one", "two", "three"]);
  });

  it("that was not at hand when its user signed out is gone all the same, or nothing of it is read again", async () => {
    for (const [fate, deletes] of [
      ["refused", true],
      ["silent", true],
      ["mute", true],
      ["blocked", true],
      ["silent", false],
    ] as const) {
      const { world, anna, browser, tab, gid } = await scene();
      browser.deletes = deletes;
      world.server.reachable = false;
      world.server.cut(1006);
      tab.engine.setDraft(gid, "secret");
      await world.pass(1_000);
      tab.engine.send(gid, "Text", "unsent");
      await world.pass(1_000);
      tab.crash();
      browser.storeFate = fate;
      const again = await browser.open();
      await world.pass(OPENING_MS);
      await pass(world, again.engine.logout());
      expect(browser.stores.has(anna), fate).toBe(!deletes);
      again.crash();
      browser.storeFate = "opens";
      world.server.reachable = true;
      browser.logIn(anna);
      const third = await browser.open();
      third.watch(gid);
      await world.pass(10_000);
      expect(third.texts(gid), fate).toEqual([]);
      expect(stored(world, gid), fate).toEqual([]);
      // That was once; what is kept from now on stays.
      expect([...browser.notes.values()], fate).toEqual([]);
      third.engine.setDraft(gid, "new");
      await world.pass(1_000);
      third.crash();
      expect(row(await browser.open(), gid).draft, fate).toBe("new");
    }
  });

  it("that refuses to be cleared when its user signs out is deleted as a whole", async () => {
    const { world, anna, browser, tab } = await scene();
    browser.store(anna).clear = () => Promise.reject(new Error("the disk broke"));
    await pass(world, tab.engine.logout());
    expect(browser.stores.has(anna)).toBe(false);
  });

  it("that a page did not live to see cleared is deleted by the next one, whoever is in there", async () => {
    const { world, anna, bob, browser, tab } = await scene();
    browser.store(anna).clear = () => new Promise(() => undefined);
    void tab.engine.logout();
    expect(tab.engine.account.get()).toEqual({ is: "out", why: null });
    await world.pass(100);
    tab.crash();
    expect(browser.stores.has(anna)).toBe(true);
    browser.logIn(bob);
    await browser.open();
    await world.pass(100);
    expect(browser.stores.has(anna)).toBe(false);
    expect([...browser.notes.values()]).toEqual([]);
  });

  it("that is slow to be cleared is not cleared under who has signed in again", async () => {
    const { world, anna, browser, tab, gid } = await scene();
    const { clear } = browser.store(anna);
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    browser.store(anna).clear = async (all) => {
      await begun;
      await clear.call(browser.store(anna), all);
    };
    void tab.engine.logout();
    await world.pass(100);
    const login = tab.engine.login({ account: "anna", password: "secret" });
    await world.pass(1_000);
    expect(tab.engine.account.get().is).toBe("out");
    begin();
    await pass(world, login);
    tab.watch(gid);
    await world.pass(1_000);
    tab.engine.setDraft(gid, "new");
    await world.pass(1_000);
    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass(1_000);
    expect(row(again, gid).draft).toBe("new");
  });

  it("that was lost does not bring back a message that was taken back meanwhile", async () => {
    const { world, browser, tab, gid } = await scene();
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 403, reason: "not you" } : null);
    tab.engine.send(gid, "Text", "x");
    await world.pass(1_000);
    tab.loseStore("memory");
    await world.pass(1_000);
    tab.engine.discard(gid, tab.message(gid, "x").key);
    await world.pass(2_000);
    expect(tab.texts(gid)).toEqual([]);
    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass(1_000);
    expect(again.texts(gid)).toEqual([]);
    expect([...browser.notes.values()]).toEqual([]);
  });

  it("in which somebody else has left theirs under the same number is not read by a tab that comes to lead", async () => {
    const { world, anna, bob, browser, tab, gid } = await scene();
    world.server.say(bob, gid, "one");
    const second = await browser.open();
    second.watch(gid);
    second.engine.setDraft(gid, "mine");
    await world.pass(5_000);
    const { home } = (await browser.store(anna).load()).facts.singles;
    if (home === undefined) throw new Error("nobody's");
    await browser.store(anna).write({
      facts: { singles: { home: { ...home, account: "carol" } } },
      intents: {
        pending: [{ clientMsgId: "c", gid, kind: "Text", content: "carol's", at: 1, order: 1, after: 0, state: { is: "waiting" } }],
        drafts: [{ gid, text: "carol's" }],
      },
    });
    tab.crash();
    await world.pass(10_000);
    expect(second.engine.connection.get()).toEqual({ is: "online" });
    expect(second.view(gid).draft).toBe("mine");
    expect(second.texts(gid)).toEqual(["one"]);
    expect(stored(world, gid)).toEqual(["one"]);
    expect(await browser.store(anna).load()).toMatchObject({
      facts: { singles: { home: { account: "anna" } } },
      intents: { pending: [], drafts: [{ text: "mine" }] },
    });
  });

  it("that is full shows what is older all the same", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 0; i < 400; i++) world.server.say(bob, gid, `m${i}`);
    world.server.read(anna, gid, 400);
    const browser = world.browser(anna);
    const tab = await browser.open();
    tab.watch(gid);
    browser.full = true;
    await world.pass();
    for (let i = 0; i < 5 && tab.view(gid).older !== "none"; i++) {
      tab.engine.loadOlder(gid);
      await world.pass();
    }
    expect(tab.texts(gid)).toEqual(stored(world, gid));
  });
});

describe("clocks", () => {
  const HOUR = 3_600_000;

  for (const wrongBy of [-5 * HOUR, 5 * HOUR]) {
    const told = `a device ${Math.abs(wrongBy / HOUR)} hours ${wrongBy < 0 ? "slow" : "fast"}`;

    it(`decide no order: ${told} lists chats by what happened last`, async () => {
      const { world, browser, tab, gid, anna, bob } = await scene();
      const titles = () => tab.engine.chats.get().map(({ title }) => title);
      browser.wrongBy = wrongBy;
      const club = world.server.group([bob, anna], 2, "club");
      await world.pass(500);
      world.server.say(bob, gid, "one");
      await world.pass(500);
      expect(titles()).toEqual(["bob", "club"]);
      world.server.say(bob, club, "two");
      await world.pass(500);
      expect(titles()).toEqual(["club", "bob"]);
      const news = world.server.group([bob, anna], 2, "news");
      await world.pass(500);
      expect(titles()).toEqual(["news", "club", "bob"]);
      // What is being sent is newer than what came before, and older than what comes after.
      world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 503, reason: "busy" } : null);
      tab.engine.send(gid, "Text", "three");
      await world.pass(200);
      expect(titles()).toEqual(["bob", "news", "club"]);
      world.server.say(bob, club, "four");
      await world.pass(200);
      expect(titles()).toEqual(["club", "bob", "news"]);
      world.server.fate = () => null;
      await world.pass(10_000);
      expect(titles()).toEqual(["bob", "club", "news"]);
      expect(news).toBeGreaterThan(0);
    });

    it(`are corrected by the server's: ${told} shows the times that others see`, async () => {
      const { world, browser, tab, gid, bob } = await scene();
      tab.crash();
      browser.wrongBy = wrongBy;
      world.server.say(bob, gid, "before");
      const again = await browser.open();
      again.watch(gid);
      await world.pass();
      world.server.fate = ({ event }) => (event === "Msg" ? { is: "error", code: 503, reason: "busy" } : null);
      again.engine.send(gid, "Text", "sending");
      await world.pass(100);
      const { at, state } = again.message(gid, "sending");
      expect(state).toEqual({ is: "sending" });
      expect(Math.abs(at - world.clock.now())).toBeLessThan(2_000);
      expect(Math.abs(browser.wrongBy + again.engine.clockAhead.get())).toBeLessThan(2_000);
      // Before anything is heard of the server, what was known of its clock holds.
      world.server.reachable = false;
      world.server.cut(1006);
      again.crash();
      const third = await browser.open();
      third.watch(gid);
      await world.pass();
      expect(third.message(gid, "sending").at).toBe(at);
    });

    it(`may be set at any time: nothing waits for ${told}`, async () => {
      const { world, browser, tab, gid, bob, anna } = await scene();
      const second = await browser.open();
      second.watch(gid);
      world.server.say(bob, gid, "one");
      await world.pass(1_000);
      tab.engine.seen(gid, 1);
      await world.pass(1_000);
      browser.wrongBy = wrongBy;
      world.server.say(bob, gid, "two");
      await world.pass(100);
      expect(tab.texts(gid)).toEqual(["one", "two"]);
      tab.engine.seen(gid, 2);
      await world.pass(1_000);
      expect(world.server.at(gid).members.get(anna)?.readSeq).toBe(2);
      // Within some seconds it is known, in each tab, what time it is really.
      await world.pass(10_000);
      for (const one of [tab, second]) {
        expect(Math.abs(browser.wrongBy + one.engine.clockAhead.get())).toBeLessThan(2_000);
        expect(one.engine.connection.get()).toEqual({ is: "online" });
      }
      browser.wrongBy = 0;
      await world.pass(10_000);
      expect([tab, second].map((one) => one.engine.clockAhead.get())).toEqual([0, 0]);
    });

    it(`set between two messages that wait do not turn them round: ${told}`, async () => {
      const { world, browser, tab, gid } = await scene();
      world.server.reachable = false;
      world.server.cut(1006);
      await world.pass();
      tab.engine.send(gid, "Text", "first");
      await world.pass();
      browser.wrongBy = wrongBy;
      tab.engine.send(gid, "Text", "second");
      await world.pass();
      tab.crash();
      browser.wrongBy = 0;
      const again = await browser.open();
      again.watch(gid);
      again.engine.send(gid, "Text", "third");
      await world.pass();
      expect(again.texts(gid)).toEqual(["first", "second", "third"]);
      const times = again.view(gid).messages.map(({ at }) => at);
      expect(times).toHaveLength(3);
      world.server.reachable = true;
      await world.pass(60_000);
      expect(stored(world, gid)).toEqual(["first", "second", "third"]);
      expect(again.texts(gid)).toEqual(stored(world, gid));
    });

    it(`of the server do no harm either: one ${Math.abs(wrongBy / HOUR)} hours ${wrongBy < 0 ? "slow" : "fast"}`, async () => {
      const { world, tab, gid, anna, bob } = await scene();
      const club = world.server.group([bob, anna], 2, "club");
      world.server.say(bob, club, "one");
      await world.pass(500);
      world.server.wrongBy = wrongBy;
      world.server.say(bob, gid, "two");
      await world.pass(500);
      expect(tab.engine.chats.get().map(({ title }) => title)).toEqual(["bob", "club"]);
      world.server.wrongBy = 0;
      world.server.say(bob, club, "three");
      await world.pass(500);
      expect(tab.engine.chats.get().map(({ title }) => title)).toEqual(["club", "bob"]);
    });
  }

  it("of two tabs count from different moments, and both know when the next try is", async () => {
    const { world, browser, tab } = await scene();
    await world.pass(50_000);
    const second = await browser.open();
    world.server.reachable = false;
    world.server.cut(4009, "reconnect in 60000 ms");
    await world.pass(20);
    const [one, other] = [tab, second].map(({ engine }) => engine.connection.get());
    if (one?.is !== "offline" || other?.is !== "offline") throw new Error("not offline");
    const apart = (one.retryAt ?? 0) - (other.retryAt ?? 0);
    expect(apart).toBeGreaterThan(49_000);
    expect(apart).toBeLessThan(52_000);
  });
});

describe("what was written last", () => {
  it("is a draft or a message, never both and never neither, wherever the page ends", async () => {
    for (let endsAt = 0; endsAt <= 4; endsAt++) {
      for (const known of [true, false]) {
        const { world, browser, tab, gid } = await scene();
        let writes = 0;
        tab.engine.setDraft(gid, "hello");
        if (known) await world.pass(1_000);
        tab.beforeWrite = () => {
          if (++writes === endsAt) tab.crash();
        };
        tab.engine.send(gid, "Text", "hello");
        expect(tab.view(gid).draft).toBe("");
        if (endsAt === 0) tab.crash();
        await world.pass(1_000);
        tab.crash();
        const again = await browser.open();
        again.watch(gid);
        await world.pass(5_000);
        const told = `the page ends at write ${endsAt}, the draft was ${known ? "" : "not "}stored`;
        expect(again.view(gid).draft, told).toBe("");
        expect(again.texts(gid), told).toEqual(["hello"]);
        expect(stored(world, gid), told).toEqual(["hello"]);
        expect([...browser.notes.values()], told).toEqual([]);
      }
    }
  });

  it("is there again as a draft where the page ends in mid-word", async () => {
    const { world, browser, tab, gid } = await scene();
    tab.engine.setDraft(gid, "dear");
    await world.pass(1_000);
    tab.engine.setDraft(gid, "dear bob");
    tab.crash();
    const again = await browser.open();
    expect(row(again, gid).draft).toBe("dear bob");
    await world.pass(1_000);
    expect([...browser.notes.values()]).toEqual([]);
    // Another tab writes on: what the one that is gone had noted is not put over it later.
    again.engine.setDraft(gid, "dear bob, I");
    const third = await browser.open();
    again.crash();
    third.engine.setDraft(gid, "never mind");
    await world.pass(1_000);
    third.crash();
    expect(row(await browser.open(), gid).draft).toBe("never mind");
  });

  it("is not taken back by a message that is stored while the next one is written", async () => {
    const { world, browser, tab, gid } = await scene();
    const second = await browser.open();
    second.watch(gid);
    tab.engine.setDraft(gid, "one");
    tab.engine.send(gid, "Text", "one");
    tab.engine.setDraft(gid, "tw");
    await world.pass(1_000);
    for (const one of [tab, second]) {
      expect(one.texts(gid)).toEqual(["one"]);
      expect(one.view(gid).draft).toBe("tw");
    }
  });

  it("is kept without a store that lasts, until the server has it", async () => {
    const { world, browser, tab, gid } = await scene();
    browser.full = true;
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    tab.engine.send(gid, "Text", "unsent");
    tab.engine.setDraft(gid, "and half a");
    await world.pass(1_000);
    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass();
    expect(again.texts(gid)).toEqual(["unsent"]);
    expect(again.view(gid).draft).toBe("and half a");
    world.server.reachable = true;
    await world.pass(60_000);
    expect(stored(world, gid)).toEqual(["unsent"]);
    again.engine.setDraft(gid, "");
    browser.full = false;
    await world.pass(10_000);
    again.crash();
    const third = await browser.open();
    third.watch(gid);
    await world.pass(10_000);
    expect(third.view(gid).draft).toBe("");
    expect(stored(world, gid)).toEqual(["unsent"]);
  });

  it("is gone with the logout, and not before", async () => {
    const { world, browser, tab, gid } = await scene();
    browser.full = true;
    tab.engine.setDraft(gid, "secret");
    await world.pass(1_000);
    expect(browser.notes.size).toBe(1);
    await pass(world, tab.engine.logout());
    expect(browser.notes.size).toBe(0);
  });
});

describe("several tabs", () => {
  it("share one connection and agree; what one sends all show", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    second.watch(gid);
    await world.pass();
    expect(world.server.connections).toBe(1);
    expect(second.engine.connection.get()).toEqual({ is: "online" });
    world.server.say(bob, gid, "to both");
    second.engine.send(gid, "Text", "from the second");
    await world.pass(500);
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(second.texts(gid)).toEqual(stored(world, gid));
    second.engine.seen(gid, 1);
    second.engine.setDraft(gid, "d");
    await world.pass(1_000);
    expect(tab.engine.unread.get()).toBe(0);
    expect(tab.view(gid).draft).toBe("d");
    expect(stored(world, gid)).toEqual(["to both", "from the second"]);
  });

  it("elect another when the leader goes, and nothing is lost in between", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    second.watch(gid);
    await world.pass();
    world.server.say(bob, gid, "before");
    second.engine.send(gid, "Text", "on the way");
    await world.pass(3);
    tab.crash();
    second.engine.send(gid, "Text", "after");
    world.server.say(bob, gid, "bob's");
    await world.pass(10_000);
    expect(world.server.connections).toBe(1);
    expect(second.texts(gid)).toEqual(stored(world, gid));
    expect([...stored(world, gid)].sort()).toEqual(["after", "before", "bob's", "on the way"]);
    expect(second.engine.connection.get()).toEqual({ is: "online" });
  });

  it("take over from a leader that the system has put to sleep, which gives way when it wakes", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    second.watch(gid);
    await world.pass();
    tab.frozen = true;
    second.signal("visible");
    await world.pass(6_000);
    world.server.say(bob, gid, "hello");
    await world.pass(1_000);
    expect(second.texts(gid)).toEqual(["hello"]);
    tab.frozen = false;
    await world.pass(10_000);
    expect(tab.texts(gid)).toEqual(["hello"]);
    expect(world.server.connections).toBe(1);
  });

  it("take over from a leader that falls asleep while somebody looks on", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    second.watch(gid);
    await world.pass(1_000);
    tab.frozen = true;
    world.server.say(bob, gid, "hello");
    await world.pass(40_000);
    expect(second.texts(gid)).toEqual(["hello"]);
    expect(second.engine.connection.get()).toEqual({ is: "online" });
  });

  it("fetch history through the leader", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const gid = world.server.group([anna, bob], 1, "");
    for (let i = 0; i < 400; i++) world.server.say(bob, gid, `m${i}`);
    const browser = world.browser(anna);
    await browser.open();
    const second = await browser.open();
    second.watch(gid);
    await world.pass();
    for (let i = 0; i < 5 && second.view(gid).older !== "none"; i++) {
      second.engine.loadOlder(gid);
      await world.pass();
    }
    expect(second.texts(gid)).toEqual(stored(world, gid));
  });

  it("notify still when the tab that did has gone without a word", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    const heard: string[] = [];
    second.engine.onArrival(() => heard.push("second"));
    tab.signal("visible");
    await world.pass();
    tab.crash();
    await world.pass(1_000);
    world.server.say(bob, gid, "a");
    await world.pass(1_000);
    expect(heard).toEqual(["second"]);
  });

  it("notify once: in the tab that was looked at last", async () => {
    const { world, browser, tab, gid, bob } = await scene();
    const second = await browser.open();
    const heard: string[] = [];
    tab.engine.onArrival(() => heard.push("first"));
    second.engine.onArrival(({ row }) => heard.push(`second: ${row.unread}`));
    world.server.say(bob, gid, "a");
    await world.pass(500);
    tab.signal("visible");
    await world.pass();
    world.server.say(bob, gid, "b");
    await world.pass(500);
    expect(heard).toEqual(["second: 1", "first"]);
    tab.signal("closing");
    tab.crash();
    await world.pass(500);
    world.server.say(bob, gid, "c");
    await world.pass(1_000);
    expect(heard).toEqual(["second: 1", "first", "second: 3"]);
  });

  it("log out and in together", async () => {
    const { world, browser, tab, gid } = await scene();
    const second = await browser.open();
    await pass(world, second.engine.logout());
    await world.pass();
    expect(tab.engine.account.get()).toEqual({ is: "out", why: null });
    expect(world.server.connections).toBe(0);
    for (const store of browser.stores.values()) {
      expect(await store.load()).toEqual({
        facts: { singles: {}, users: [], friends: [], groups: [], members: [], sights: [], stars: [], mentioned: [] },
        intents: { pending: [], drafts: [], marks: [], acts: [], rewrites: [] },
      });
    }
    await pass(world, tab.engine.login({ account: "anna", password: "x" }));
    await world.pass(500);
    expect(second.engine.account.get()).toMatchObject({ is: "in" });
    expect(row(second, gid).title).toBe("bob");
    expect(world.server.connections).toBe(1);
  });

  it("hear who is in from each other, where what the browser remembers comes late", async () => {
    const { world, browser, tab } = await scene();
    const second = await browser.open();
    await pass(world, second.engine.logout());
    await world.pass();
    const login = tab.engine.login({ account: "anna", password: "x" });
    while (browser.remembered === null) await world.pass(0.5);
    const { remembered } = browser;
    browser.remembered = null;
    await world.pass(500);
    expect(browser.remembered, "nobody writes what is not so").toBeNull();
    browser.remembered = remembered;
    await pass(world, login);
    expect(second.engine.account.get()).toMatchObject({ is: "in" });
  });

  it("work alone where there are no locks", async () => {
    const { world, browser, tab, gid, bob } = await scene({ locks: false });
    const second = await browser.open();
    second.watch(gid);
    await world.pass();
    expect(world.server.connections).toBe(2);
    tab.engine.send(gid, "Text", "mine");
    world.server.say(bob, gid, "bob's");
    await world.pass(1_000);
    expect(tab.texts(gid)).toEqual(stored(world, gid));
    expect(second.texts(gid)).toEqual(stored(world, gid));
  });
});

/** Lets time pass until the promise has an answer. */
async function pass<T>(world: World, promise: Promise<T>): Promise<T> {
  let answer: { readonly value: T } | null = null;
  void promise.then((value) => {
    answer = { value };
  });
  for (let i = 0; i < 200 && answer === null; i++) await world.pass(50);
  if (answer === null) throw new Error("no answer");
  return (answer as { readonly value: T }).value;
}

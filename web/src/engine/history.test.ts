import { describe, expect, it } from "vitest";
import { ELSEWHERE } from "./history";
import { type Browser, type Tab, World } from "./testing/browser";

interface Scene {
  readonly world: World;
  readonly anna: number;
  readonly bob: number;
  readonly carl: number;
  readonly single: number;
  readonly group: number;
  readonly browser: Browser;
  readonly tab: Tab;
}

async function scene(options: { locks?: boolean } = {}): Promise<Scene> {
  const world = new World();
  const { server } = world;
  const [anna, bob, carl] = [server.user("anna"), server.user("bob"), server.user("carl")];
  const single = server.group([anna, bob], 1, "");
  const group = server.group([anna, bob, carl], 2, "trip");
  const browser = world.browser(anna, options);
  const tab = await browser.open();
  for (const gid of [single, group]) tab.watch(gid);
  await world.pass();
  return { world, anna, bob, carl, single, group, browser, tab };
}

function stored(world: World, gid: number): readonly string[] {
  return world.server.at(gid).messages.map((message) => message.content);
}

/** Everybody gets through again. */
async function back(world: World): Promise<void> {
  world.server.reachable = true;
  await world.pass(10_000);
}

for (const locks of [true, false]) {
  describe(locks ? "after a restore" : "after a restore, where every tab leads", () => {
    it("every tab shows what the server has, and what is new under a number that was taken", async () => {
      const { world, bob, single, browser, tab } = await scene({ locks });
      const { server } = world;
      const second = await browser.open();
      second.watch(single);
      server.say(bob, single, "one");
      await world.pass();
      const backup = server.backup();
      for (const content of ["two", "three", "four"]) server.say(bob, single, content);
      await world.pass();
      expect(tab.texts(single)).toEqual(["one", "two", "three", "four"]);

      server.restore(backup);
      await world.pass(5_000);
      for (const each of [tab, second]) expect(each.texts(single)).toEqual(["one"]);
      server.say(bob, single, "new");
      await world.pass();
      for (const each of [tab, second]) expect(each.texts(single)).toEqual(["one", "new"]);
      tab.engine.send(single, "Text", "mine");
      await world.pass();
      for (const each of [tab, second]) expect(each.texts(single)).toEqual(["one", "new", "mine"]);

      // And so after a reload, from what is kept.
      for (const each of [tab, second]) each.crash();
      server.reachable = false;
      const third = await browser.open();
      third.watch(single);
      await world.pass();
      expect(third.texts(single)).toEqual(["one", "new", "mine"]);
    });

    it("no tab shows what happened only in the history that is lost", async () => {
      const { world, anna, bob, group, browser, tab } = await scene({ locks });
      const { server } = world;
      const second = await browser.open();
      second.watch(group);
      server.say(bob, group, "one");
      await world.pass();
      const backup = server.backup();
      server.add(group, server.user("dora"));
      await world.pass();
      const lines = (one: Tab) => one.view(group).happenings.map(({ kind }) => kind);
      for (const each of [tab, second]) expect(lines(each)).toEqual(["GroupCreated", "MembersAdded"]);

      // Nothing of the new history can be stored at once.
      browser.full = true;
      server.restore(backup);
      await world.pass(2_000);
      for (const each of locks ? [tab] : [tab, second]) expect(lines(each)).toEqual(["GroupCreated"]);
      browser.full = false;
      await world.pass(10_000);
      for (const each of [tab, second]) expect(lines(each)).toEqual(["GroupCreated"]);
      for (const each of [tab, second]) each.crash();
      server.reachable = false;
      const third = await browser.open();
      third.watch(group);
      await world.pass();
      expect(lines(third)).toEqual(["GroupCreated"]);
      expect((await browser.store(anna).events(group, 9)).length).toBe(1);
    });
  });
}

describe("what was not sent when the server was restored", () => {
  it("goes on to the same chats by itself, once, and drafts stay", async () => {
    const { world, single, group, tab } = await scene();
    const { server } = world;
    const backup = server.backup();
    server.reachable = false;
    server.cut(1006);
    tab.engine.send(single, "Text", "to bob");
    tab.engine.send(group, "Text", "to all");
    await world.pass();
    tab.engine.setDraft(single, "a draft");
    await world.pass(1_000);
    server.restore(backup);
    await back(world);
    expect(stored(world, single)).toEqual(["to bob"]);
    expect(stored(world, group)).toEqual(["to all"]);
    expect(tab.message(single, "to bob").state.is).toBe("stored");
    expect(tab.view(single).draft).toBe("a draft");
  });

  it("is not sent to another chat under the same number, and says why", async () => {
    const { world, anna, bob, carl, single, group, tab } = await scene();
    const { server } = world;
    const backup = server.backup();
    // In the restored store the numbers are those of others.
    const strange = backup.groups.get(single);
    strange?.members.delete(bob);
    strange?.members.set(carl, { uid: carl, role: 1, rev: 2, joinRev: 1, joinedAt: 0, joinSeq: 0, readSeq: 0, sentSeq: 0, deliveredSeq: 0, left: null, earlier: [] });
    const renamed = backup.groups.get(group);
    if (renamed !== undefined) renamed.name = "work";
    server.reachable = false;
    server.cut(1006);
    tab.engine.send(single, "Text", "to bob");
    tab.engine.send(group, "Text", "to all");
    await world.pass();
    tab.engine.setDraft(single, "a draft");
    await world.pass(1_000);
    server.restore(backup);
    await back(world);
    for (const gid of [single, group]) expect(stored(world, gid)).toEqual([]);
    expect(tab.message(single, "to bob").state).toEqual({ is: "failed", reason: ELSEWHERE });
    expect(tab.message(group, "to all").state).toEqual({ is: "failed", reason: ELSEWHERE });
    expect(tab.view(single).draft).toBe("");
    expect(tab.message(single, "a draft").state).toEqual({ is: "failed", reason: ELSEWHERE });
    expect(tab.view(single).partner).toBe(carl);

    // By hand it goes to the chat that is seen.
    tab.engine.resend(group, tab.message(group, "to all").key);
    await world.pass();
    expect(stored(world, group)).toEqual(["to all"]);
    expect(server.at(group).messages[0]?.uid).toBe(anna);
  });

  it("goes to no other chat where it was written in sight of the old one and comes late, from any tab", async () => {
    const { world, single, browser, tab } = await scene();
    const { server } = world;
    const second = await browser.open();
    second.watch(single);
    await world.pass();
    const { to } = tab.view(single);
    server.restore(server.backup(), "another store");
    await world.pass(10_000);
    tab.engine.send(single, "Text", "said", to);
    second.engine.send(single, "Text", "said there", to);
    second.engine.setDraft(single, "half a", to);
    expect(second.view(single).draft).toBe("");
    await world.pass(10_000);
    expect(stored(world, single)).toEqual([]);
    for (const each of [tab, second]) {
      for (const words of ["said", "said there", "half a"]) {
        expect(each.message(single, words).state).toEqual({ is: "failed", reason: ELSEWHERE });
      }
      expect(each.view(single).draft).toBe("");
    }
  });

  it("is kept where its chat is gone, in a chat that is only that", async () => {
    const { world, anna, bob, browser, tab } = await scene();
    const { server } = world;
    const backup = server.backup();
    const gid = server.group([anna, bob], 2, "made later");
    tab.watch(gid);
    await world.pass();
    server.reachable = false;
    server.cut(1006);
    tab.engine.send(gid, "Text", "lost?");
    await world.pass(1_000);
    server.restore(backup);
    await back(world);
    expect(tab.view(gid)).toMatchObject({ title: "made later", member: false });
    expect(tab.message(gid, "lost?").state).toEqual({ is: "failed", reason: ELSEWHERE });

    tab.crash();
    const again = await browser.open();
    again.watch(gid);
    await world.pass();
    expect(again.texts(gid)).toEqual(["lost?"]);
    again.engine.discard(gid, again.message(gid, "lost?").key);
    await world.pass();
    expect(again.engine.chats.get().some((row) => row.gid === gid)).toBe(false);
  });

  it("never goes to another store, however alike its chats are", async () => {
    const { world, single, tab } = await scene();
    const { server } = world;
    server.reachable = false;
    server.cut(1006);
    tab.engine.send(single, "Text", "to bob");
    await world.pass(1_000);
    server.restore(server.backup(), "another store");
    await back(world);
    expect(stored(world, single)).toEqual([]);
    expect(tab.message(single, "to bob").state).toEqual({ is: "failed", reason: ELSEWHERE });
  });

  it("was acknowledged and lost: it goes to the same chat again, and nothing waits for ever", async () => {
    const { world, single, tab } = await scene();
    const { server } = world;
    const backup = server.backup();
    tab.engine.send(single, "Text", "acknowledged");
    await world.pass(0);
    // The answer came, the message itself does not any more.
    await world.pass(11);
    server.restore(backup);
    await world.pass(10_000);
    expect(stored(world, single).length).toBeLessThanOrEqual(1);
    expect(tab.texts(single)).toEqual(stored(world, single));
    server.say(101, single, "new");
    await world.pass();
    expect(tab.texts(single).at(-1)).toBe("new");
  });

  it("of somebody else who had this number is shown to nobody", async () => {
    const { world, anna, single, browser, tab } = await scene();
    const { server } = world;
    server.reachable = false;
    server.cut(1006);
    tab.engine.send(single, "Text", "hers");
    tab.engine.setDraft(single, "her draft");
    await world.pass(1_000);
    tab.crash();
    const fresh = server.backup();
    const user = fresh.users.get(anna);
    if (user !== undefined) fresh.users.set(anna, { ...user, account: "eve", name: "eve" });
    server.restore(fresh, "another store");
    server.reachable = true;
    browser.logIn(anna);
    const eves = await browser.open();
    eves.watch(single);
    await back(world);
    expect(eves.texts(single)).toEqual([]);
    expect(eves.view(single).draft).toBe("");
    expect(stored(world, single)).toEqual([]);
  });
});

describe("around the moment of a restore", () => {
  it("a page of the lost history that is late changes nothing", async () => {
    const { world, bob, single, tab } = await scene();
    const { server } = world;
    const backup = server.backup();
    for (let n = 0; n < 400; n++) server.say(bob, single, `old ${n}`);
    server.cut(1006);
    await world.pass(5_000);
    server.httpDelay = 3_000;
    tab.engine.loadOlder(single);
    server.restore(backup);
    await world.pass(30_000);
    server.httpDelay = 0;
    expect(tab.texts(single)).toEqual([]);
    server.say(bob, single, "new");
    await world.pass(5_000);
    expect(tab.texts(single)).toEqual(["new"]);
  });

  it("what is told before the first answer is not taken for the old history, and not lost", async () => {
    const { world, bob, single, tab } = await scene();
    const { server } = world;
    server.say(bob, single, "one");
    await world.pass();
    const backup = server.backup();
    server.say(bob, single, "two");
    await world.pass();
    server.httpDelay = 1_000;
    server.restore(backup);
    for (let n = 0; n < 40; n++) {
      await world.pass(50);
      if (n % 10 === 0) server.say(bob, single, `new ${n}`);
    }
    await world.pass(10_000);
    expect(tab.texts(single)).toEqual(["one", "new 0", "new 10", "new 20", "new 30"]);
  });

  it("a crash at any write leaves a copy of one history", async () => {
    for (let crashAt = 1; crashAt < 8; crashAt++) {
      const { world, bob, single, browser, tab } = await scene();
      const { server } = world;
      server.say(bob, single, "one");
      await world.pass();
      const backup = server.backup();
      server.say(bob, single, "two");
      await world.pass();
      let writes = 0;
      tab.beforeWrite = () => {
        if (++writes === crashAt) tab.crash();
      };
      server.restore(backup);
      server.say(bob, single, "new");
      await world.pass(5_000);
      tab.crash();
      const again = await browser.open();
      again.watch(single);
      await world.pass(5_000);
      expect(again.texts(single), `write ${crashAt}`).toEqual(["one", "new"]);
    }
  });
});

describe("what one wants done with messages when their history is lost", () => {
  it("is forgotten, but for one's own words: as they were edited, taken back, or meant for later", async () => {
    const { world, bob, single, group, browser, tab } = await scene();
    const { server } = world;
    server.say(bob, single, "one");
    await world.pass();
    const backup = server.backup();
    server.say(bob, single, "two");
    await world.pass();
    server.reachable = false;
    server.cut(1006);
    tab.engine.react(single, tab.message(single, "two").key, "👍", true);
    tab.engine.star(single, tab.message(single, "one").key, true);
    tab.engine.schedule(group, { kind: "Text", content: "for later", sendAt: world.clock.now() + 60_000 });
    tab.engine.send(single, "Text", "frist");
    tab.engine.send(single, "Text", "never");
    await world.pass();
    tab.engine.edit(single, tab.message(single, "frist").key, { kind: "Text", content: "first" });
    tab.engine.recall(single, tab.message(single, "never").key);
    await world.pass();
    server.restore(backup);
    // Its number is another message's now.
    server.say(bob, single, "another");
    await back(world);
    for (const each of [tab, await browser.open()]) {
      each.watch(single);
      each.watch(group);
      await world.pass(3_000);
      expect(each.texts(single)).toEqual(["one", "another", "first"]);
      expect(each.view(single).messages.map(({ reactions, starred, change }) => [reactions.length, starred, change])).toEqual(Array(3).fill([0, false, null]));
      expect(each.view(group).messages).toMatchObject([{ content: "for later", state: { is: "failed", reason: ELSEWHERE } }]);
    }
    expect(stored(world, single)).toEqual(["one", "another", "first"]);
  });
});

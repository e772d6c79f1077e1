import { describe, expect, it } from "vitest";
import { type Browser, type Tab, World } from "./testing/browser";

interface Scene {
  readonly world: World;
  readonly anna: number;
  /** Has written to Anna. */
  readonly bob: number;
  /** Is Anna's friend. */
  readonly carl: number;
  /** Is in a group with Anna, no more. */
  readonly dora: number;
  readonly browser: Browser;
  readonly tab: Tab;
}

/** Anna, online in one tab, whose people are offline. */
async function scene(options: { locks?: boolean } = {}): Promise<Scene> {
  const world = new World();
  const { server } = world;
  const [anna = 0, bob = 0, carl = 0, dora = 0] = ["anna", "bob", "carl", "dora"].map((name) => server.user(name));
  const chat = server.group([anna, bob], 1, "");
  server.say(bob, chat, "hello");
  server.group([anna, bob, dora]);
  server.befriend(carl, anna);
  server.answerFriend(anna, carl, 1);
  const browser = world.browser(anna, options);
  const tab = await browser.open();
  return { world, anna, bob, carl, dora, browser, tab };
}

function online(tab: Tab): readonly number[] {
  return [...tab.engine.online.get()].sort();
}

/** Whom the server was asked to watch, Watch by Watch. */
function watches({ server }: World): readonly (readonly number[])[] {
  return server.heard.flatMap(({ event, body }) => (event === "Watch" ? [body.uids ?? []] : []));
}

/** Everything that is published from now on. */
function history(tab: Tab): (readonly number[])[] {
  const seen: (readonly number[])[] = [];
  tab.engine.online.subscribe(() => seen.push(online(tab)));
  return seen;
}

async function refuse({ world, tab }: Scene, code: number): Promise<void> {
  world.server.fate = ({ event }) => (event === "Watch" ? { is: "error", code, reason: "no" } : null);
  world.server.cut(1006);
  await world.pass(2_000);
  expect(tab.engine.connection.get()).toEqual({ is: "online" });
}

describe("who is online", () => {
  it("is known of friends and of those who have written, and of nobody else", async () => {
    const { world, tab, bob, carl, dora } = await scene();
    await world.pass();
    expect(watches(world)).toEqual([[bob, carl]]);
    for (const uid of [bob, carl, dora]) world.server.come(uid);
    await world.pass();
    expect(online(tab)).toEqual([bob, carl]);
    world.server.go(bob);
    await world.pass();
    expect(online(tab)).toEqual([carl]);
  });

  it("is known at once of whoever came before, and told in one word", async () => {
    const { world, tab, bob, carl } = await scene();
    world.server.cut(1006);
    world.server.come(bob);
    world.server.come(carl);
    // No two packets arrive together.
    let latency = 0;
    world.server.latency = () => (latency += 2);
    const seen = history(tab);
    await world.pass(5_000);
    expect(seen).toEqual([[bob, carl]]);
  });

  it("asks for no sync and leaves nothing in the store", async () => {
    const { world, tab, bob } = await scene();
    await world.pass(5_000);
    const before = world.server.requests.length;
    let writes = 0;
    tab.beforeWrite = () => (writes += 1);
    world.server.come(bob);
    await world.pass(1_000);
    world.server.go(bob);
    await world.pass(1_000);
    expect(world.server.requests.length).toBe(before);
    expect(writes).toBe(0);
  });

  it("stays the same object until it changes", async () => {
    const { world, tab, bob, carl } = await scene();
    world.server.come(bob);
    await world.pass();
    const before = tab.engine.online.get();
    world.server.come(bob);
    world.server.come(carl);
    world.server.go(carl);
    await world.pass(1_000);
    expect(tab.engine.online.get()).toBe(before);
  });

  it("is not known without a connection, and learned anew with the next one", async () => {
    const { world, tab, bob, carl } = await scene();
    world.server.come(bob);
    await world.pass();
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    expect(online(tab)).toEqual([]);
    world.server.online.delete(bob);
    world.server.online.add(carl);
    world.server.reachable = true;
    tab.signal("online");
    await world.pass(2_000);
    expect(online(tab)).toEqual([carl]);
  });

  it("is forgotten at logout", async () => {
    const { world, tab, bob } = await scene();
    world.server.come(bob);
    await world.pass();
    void tab.engine.logout();
    await world.pass();
    expect(online(tab)).toEqual([]);
  });
});

describe("a Watch", () => {
  it("is sent anew for a new friend, and nobody else goes off and on meanwhile", async () => {
    const { world, tab, anna, bob, carl, dora } = await scene();
    world.server.come(bob);
    world.server.come(dora);
    await world.pass(5_000);
    const seen = history(tab);
    world.server.befriend(dora, anna);
    await world.pass();
    void tab.engine.acceptFriend(dora);
    await world.pass(5_000);
    expect(watches(world)).toEqual([[bob, carl], [bob, carl, dora]]);
    expect(seen).toEqual([[bob, dora]]);
  });

  it("drops who is no friend any more, and whoever went unheard", async () => {
    const { world, tab, bob, carl } = await scene();
    world.server.come(bob);
    world.server.come(carl);
    await world.pass(5_000);
    // The server forgets to say so, or it was said between two Watches.
    world.server.online.delete(bob);
    void tab.engine.declineFriend(carl);
    await world.pass(5_000);
    expect(watches(world).at(-1)).toEqual([bob]);
    expect(online(tab)).toEqual([]);
  });

  it("is sent once a second at most, however fast one makes friends", async () => {
    const { world, anna } = await scene();
    const first = world.clock.now();
    for (let i = 0; i < 30; i++) {
      const uid = world.server.user(`friend ${i}`);
      world.server.befriend(uid, anna);
      world.server.answerFriend(anna, uid, 1);
      await world.pass(100);
    }
    await world.pass(2_000);
    const all = watches(world);
    expect(all.at(-1)?.length).toBe(32);
    expect(all.length).toBeLessThanOrEqual(1 + Math.ceil((world.clock.now() - first) / 1_000));
  });

  it("is not sent where there is nobody to watch, and ends with an empty one", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const bob = world.server.user("bob");
    const tab = await world.browser(anna).open();
    await world.pass(2_000);
    expect(watches(world)).toEqual([]);
    world.server.befriend(bob, anna);
    world.server.answerFriend(anna, bob, 1);
    world.server.come(bob);
    await world.pass(2_000);
    expect(online(tab)).toEqual([bob]);
    void tab.engine.declineFriend(bob);
    await world.pass(5_000);
    expect(watches(world)).toEqual([[bob], []]);
    expect(online(tab)).toEqual([]);
  });

  it("names the partners of the newest chats where there are too many", async () => {
    const world = new World();
    const anna = world.server.user("anna");
    const others = Array.from({ length: 520 }, (_, at) => world.server.user(`user ${at}`));
    const chats = others.map((uid) => ({ uid, gid: world.server.group([anna, uid], 1, "") }));
    for (const { uid, gid } of chats) {
      world.server.say(uid, gid, "hello");
      world.clock.sleep(1);
    }
    await world.browser(anna).open();
    await world.pass(2_000);
    expect(watches(world)).toEqual([others.slice(20).reverse()]);
  });
});

describe("one who has not written yet", () => {
  it("is asked for again when they write, once", async () => {
    const { world, tab, anna, bob, dora } = await scene();
    const chat = world.server.group([anna, dora], 1, "");
    world.server.say(anna, chat, "are you there?");
    world.server.come(dora);
    await world.pass(5_000);
    const before = watches(world).length;
    expect(online(tab)).toEqual([]);
    for (const text of ["yes", "I am", "what is it?"]) world.server.say(dora, chat, text);
    await world.pass(5_000);
    expect(online(tab)).toEqual([dora]);
    world.server.say(dora, chat, "well?");
    await world.pass(5_000);
    expect(watches(world).length).toBe(before + 1);
    expect(online(tab)).not.toContain(bob);
  });

  it("is not asked for because of what is said in a group", async () => {
    const { world, tab, anna, bob, dora } = await scene();
    const group = world.server.group([anna, dora, bob]);
    world.server.group([anna, dora], 1, "");
    await world.pass(5_000);
    const before = watches(world).length;
    world.server.say(dora, group, "hello all");
    await world.pass(5_000);
    expect(watches(world).length).toBe(before);
    expect(online(tab)).toEqual([]);
  });
});

describe("a server that does not take a Watch", () => {
  it("is not asked again on this connection where it does not know it", async () => {
    const stage = await scene();
    const { world, tab, anna, bob, dora } = stage;
    world.server.come(bob);
    await world.pass(2_000);
    await refuse(stage, 422);
    const before = watches(world).length;
    world.server.befriend(dora, anna);
    world.server.answerFriend(anna, dora, 1);
    await world.pass(60_000);
    expect(watches(world).length).toBe(before);
    expect(online(tab)).toEqual([]);
    // It was renewed meanwhile.
    world.server.fate = () => null;
    world.server.cut(1006);
    await world.pass(2_000);
    expect(online(tab)).toEqual([bob]);
  });

  for (const code of [429, 503, 504]) {
    it(`is asked again later after ${code}, each time later`, async () => {
      const stage = await scene();
      const { world, tab, bob } = stage;
      world.server.come(bob);
      await world.pass(2_000);
      await refuse(stage, code);
      const before = watches(world).length;
      await world.pass(60_000);
      const again = watches(world).length - before;
      expect(again).toBeGreaterThan(1);
      expect(again).toBeLessThan(8);
      world.server.fate = () => null;
      await world.pass(60_000);
      expect(online(tab)).toEqual([bob]);
      expect(tab.engine.connection.get()).toEqual({ is: "online" });
    });
  }
});

describe("several tabs", () => {
  it("show the same, one of them asks", async () => {
    const { world, browser, tab, bob, carl } = await scene();
    world.server.come(bob);
    await world.pass();
    const second = await browser.open();
    expect(online(second)).toEqual([bob]);
    world.server.come(carl);
    world.server.go(bob);
    await world.pass();
    expect([tab, second].map(online)).toEqual([[carl], [carl]]);
    expect(watches(world).length).toBe(1);
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass();
    expect([tab, second].map(online)).toEqual([[], []]);
  });

  it("go on when the leader goes, without what it knew", async () => {
    const { world, browser, tab, bob, carl } = await scene();
    world.server.come(bob);
    await world.pass();
    const second = await browser.open();
    world.server.reachable = false;
    tab.crash();
    await world.pass();
    expect(online(second)).toEqual([]);
    world.server.online.delete(bob);
    world.server.come(carl);
    world.server.reachable = true;
    await world.pass(10_000);
    expect(online(second)).toEqual([carl]);
  });

  it("each ask where there are no locks", async () => {
    const { world, browser, tab, bob, carl } = await scene({ locks: false });
    const second = await browser.open();
    world.server.come(bob);
    await world.pass();
    expect(watches(world)).toEqual([[bob, carl], [bob, carl]]);
    expect([tab, second].map(online)).toEqual([[bob], [bob]]);
  });
});

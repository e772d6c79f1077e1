// A group whose members are too many to be synced: they are read in pages, and whoever writes is introduced.

import { describe, expect, it } from "vitest";

import { World } from "./testing/browser";

const CROWD = 250;

async function scene() {
  const world = new World();
  const { server } = world;
  const anna = server.user("anna");
  const bob = server.user("bob");
  const crowd = Array.from({ length: CROWD }, (_, at) => server.user(`member ${at}`));
  server.syncedMembers = 100;
  const gid = server.group([anna, bob, ...crowd], 2, "Town");
  const asked: string[] = [];
  server.http = ({ path }) => {
    asked.push(path);
    return null;
  };
  const browser = world.browser(anna);
  const tab = await browser.open();
  const leave = tab.watch(gid);
  await world.pass();
  return { world, server, anna, bob, crowd, gid, browser, tab, leave, asked };
}

describe("a large group", () => {
  it("is not read whole: how many there are and what one is oneself is known, and nobody is kept", async () => {
    const { tab, gid, anna, asked } = await scene();
    expect(tab.view(gid)).toMatchObject({ large: true, count: CROWD + 2, members: [], self: { user: { id: anna }, admin: true } });
    expect(asked.filter((path) => path.startsWith("/api/group/user"))).toEqual(["/api/group/user/list"]);
  });

  it("is read in pages, whole or by a search", async () => {
    const { world, tab, gid, bob } = await scene();
    const names: string[] = [];
    let after: number | null = null;
    do {
      const page = tab.engine.listMembers(gid, { search: "", after });
      await world.pass(500);
      const outcome = await page;
      if (!outcome.ok) throw new Error("it was refused");
      expect(outcome.value.members.length).toBeLessThanOrEqual(100);
      names.push(...outcome.value.members.map(({ user }) => user.name));
      after = outcome.value.next;
    } while (after !== null);
    expect(names).toEqual(["anna", "bob", ...Array.from({ length: CROWD }, (_, at) => `member ${at}`)]);
    const found = tab.engine.listMembers(gid, { search: "bob", after: null });
    await world.pass(500);
    expect(await found).toMatchObject({ ok: true, value: { members: [{ user: { id: bob }, admin: false }], next: null } });
    // Whose card is opened is known.
    expect(tab.engine.user(bob)?.name).toBe("bob");
  });

  it("tells who writes in it, each asked for once, and nobody while nobody looks", async () => {
    const { world, server, tab, leave, gid, crowd, asked } = await scene();
    const [one = 0, other = 0] = crowd.slice(100);
    for (const text of ["first", "second"]) server.say(one, gid, text);
    await world.pass(2_000);
    expect(tab.view(gid).writers).toMatchObject([{ id: one, name: "member 100" }]);
    leave();
    server.say(other, gid, "third");
    await world.pass(2_000);
    expect(asked.filter((path) => path.startsWith("/api/user/get"))).toEqual([`/api/user/get?uid=${one}`]);
  });

  it("stays one when it has become smaller: what is not here is not known here", async () => {
    const { world, server, tab, gid, crowd } = await scene();
    for (const uid of crowd.slice(0, 200)) server.remove(gid, uid);
    await world.pass(30_000);
    expect(tab.view(gid)).toMatchObject({ large: true, members: [], count: CROWD - 198 });
  });
});

it("former members are still known by what they wrote", async () => {
  const world = new World();
  const [anna, bob] = [world.server.user("anna"), world.server.user("bob")];
  const gid = world.server.group([anna, bob], 2, "club");
  world.server.say(bob, gid, "hello");
  world.server.remove(gid, bob);
  const tab = await world.browser(anna).open();
  tab.watch(gid);
  await world.pass();
  expect(tab.view(gid)).toMatchObject({ large: false, count: 1, writers: [{ id: bob, name: "bob" }] });
});

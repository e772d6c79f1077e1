// One who is in more groups than one request may name: here that is soon the case.

import { expect, it, vi } from "vitest";
import { MAX_SYNC_GROUPS } from "./limits.gen";
import { World } from "./testing/browser";

vi.mock("./limits.gen", async (actual) => ({ ...(await actual<object>()), MAX_SYNC_GROUPS: 5 }));

it("ends exactly up to date with more groups than one request may name", async () => {
  const world = new World();
  const [anna, bob] = [world.server.user("anna"), world.server.user("bob")];
  const groups = Array.from({ length: 3 * MAX_SYNC_GROUPS + 2 }, () => world.server.group([bob, anna], 2, "many"));
  const tab = await world.browser(anna).open();
  await world.pass(5_000);
  for (const late of [false, true]) {
    world.server.cut(1006);
    const told = groups.filter((_, at) => at % (late ? 1 : 4) === 0);
    for (const gid of told) world.server.say(bob, gid, `news of ${gid}`);
    const before = world.server.requests.length;
    await world.pass(5_000);
    expect(tab.engine.connection.get()).toEqual({ is: "online" });
    const unread = new Map(tab.engine.chats.get().map((row) => [row.gid, row.unread]));
    expect(unread.size).toBe(groups.length);
    for (const [at, gid] of groups.entries()) expect(unread.get(gid)).toBe((at % 4 === 0 ? 1 : 0) + (late ? 1 : 0));
    const asked = world.server.requests.slice(before).filter(({ path }) => path === "/api/sync");
    expect(asked).toHaveLength(4);
  }
});

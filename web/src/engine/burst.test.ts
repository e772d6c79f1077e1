// Many messages at once cost a few drawings, not one each. Counted, not timed.

import { expect, it } from "vitest";
import { World } from "./testing/browser";

it("a burst of messages is one write and one word to the views each frame, and every message is told of", async () => {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob], 1, "");
  const browser = world.browser(anna);
  const tab = await browser.open();
  const second = await browser.open();
  for (const one of [tab, second]) one.watch(gid);
  await world.pass(1_000);

  const count = { writes: 0, lists: 0, views: 0, unread: 0, arrivals: 0, far: 0 };
  tab.beforeWrite = () => count.writes++;
  tab.engine.chats.subscribe(() => count.lists++);
  tab.engine.chat(gid).subscribe(() => count.views++);
  tab.engine.unread.subscribe(() => count.unread++);
  second.engine.chat(gid).subscribe(() => count.far++);
  for (const one of [tab, second]) one.engine.onArrival(() => count.arrivals++);
  for (let i = 1; i <= 200; i++) world.server.say(bob, gid, `m${i}`);
  await world.pass(100);
  expect(tab.texts(gid)).toEqual(world.server.at(gid).messages.map(({ content }) => content));
  expect(second.texts(gid)).toEqual(tab.texts(gid));
  expect(count).toMatchObject({ writes: 1, lists: 1, views: 1, unread: 1, arrivals: 200, far: 1 });

  // Over half a second: as many as there are frames at most.
  for (const key of Object.keys(count) as (keyof typeof count)[]) count[key] = 0;
  for (let i = 1; i <= 250; i++) {
    world.server.say(bob, gid, `n${i}`);
    await world.pass(2);
  }
  await world.pass(100);
  expect(tab.texts(gid)).toHaveLength(450);
  expect(count.arrivals).toBe(250);
  for (const drawn of [count.lists, count.views, count.unread, count.far]) expect(drawn).toBeLessThanOrEqual(21);
  expect(count.writes).toBeLessThanOrEqual(70);
});

it("a message that comes alone is shown before the next frame is drawn, and written then", async () => {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob], 1, "");
  const tab = await world.browser(anna).open();
  tab.watch(gid);
  await world.pass(1_000);
  let [writes, heard] = [0, 0];
  tab.beforeWrite = () => writes++;
  tab.engine.onArrival(() => heard++);
  world.server.say(bob, gid, "hello");
  await world.pass(5 + 8);
  expect(tab.texts(gid)).toEqual(["hello"]);
  expect([writes, heard]).toEqual([1, 1]);
});

it("a page that is hidden before it was drawn has told of everything", async () => {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob], 1, "");
  const tab = await world.browser(anna).open();
  await world.pass(1_000);
  const heard: string[] = [];
  tab.engine.onArrival(({ row, message }) => heard.push(`${message.content} ${row.unread}`));
  world.server.say(bob, gid, "hello");
  await world.pass(6);
  expect(heard).toEqual([]);
  tab.signal("hidden");
  expect(heard).toEqual(["hello 1"]);
});

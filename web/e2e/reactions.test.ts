// Emoji that people put on messages.

import { expect } from "vitest";

import { story } from "./support/story";

story("reactions are counted on all sides, toggled, and tell who", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["A cake?"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await ben.react("A cake?", "🎉");
  await expect.poll(() => anna.reactions("A cake?")).toEqual(["🎉 1"]);
  const chip = anna.message("A cake?").getByRole("button", { name: /^🎉/ });
  await chip.click();
  for (const person of [anna, ben]) await expect.poll(() => person.reactions("A cake?")).toEqual(["🎉 2"]);
  await anna.act("A cake?", "Who reacted");
  const who = anna.dialog("2 reactions");
  for (const name of ["Anna", "Ben"]) await who.getByText(name, { exact: true }).waitFor();
  await anna.page.keyboard.press("Escape");
  await chip.click();
  for (const person of [anna, ben]) await expect.poll(() => person.reactions("A cake?")).toEqual(["🎉 1"]);
});

story("any emoji can be found for a reaction, by keys alone, and is at hand the next time", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["We won!"]);
  const [anna, ben] = await stage.seats(annas, bens);
  const { keyboard } = anna.page;
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.message("We won!").waitFor();
  await anna.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("a");
  await anna.page.getByRole("menuitem", { name: "More emoji" }).press("Enter");
  await anna.page.getByRole("combobox", { name: "Search emoji" }).fill("trophy");
  await keyboard.press("Enter");
  await expect.poll(() => ben.reactions("We won!")).toEqual(["🏆 1"]);
  const menu = await anna.menuOf("We won!");
  await menu.getByRole("menuitem", { name: "React with 🏆" }).waitFor();
});

story("what is read stays in its place while messages above it change", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, Array.from({ length: 80 }, (_, at) => `message ${at + 1}`));
  // So that nothing is unread, and the chat opens at its newest.
  await annas.send(gid, ["I have read them"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.message("message 80").waitFor();
  await anna.log.evaluate((log) => log.scrollBy(0, -900));
  const read = (await anna.inSight())[3] ?? "";
  const place = async (): Promise<number> => Math.round((await anna.message(read).boundingBox())?.y ?? 0);
  const before = await place();
  const above = Number(/\d+/.exec(read)?.[0]) - 6;
  await ben.message("message 80").waitFor();
  await ben.log.evaluate((log) => log.scrollBy(0, -1400));
  await ben.react(`message ${above}`, "👍");
  await expect.poll(() => anna.reactions(`message ${above}`)).toEqual(["👍 1"]);
  await ben.act(`message ${above - 1}`, "Edit");
  await ben.composer.fill("now\nit\nis\nmany\nlines");
  await ben.composer.press("Enter");
  await anna.log.getByText("many").waitFor({ state: "attached" });
  expect(await place()).toBe(before);
});

// Taking back what was said, deleting it for oneself, and clearing a chat.

import { expect } from "vitest";

import { story } from "./support/story";

story("a recalled message is a tombstone everywhere, and can be written again by who wrote it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.say("a secret");
  await ben.message("a secret").waitFor();
  await anna.act("a secret", "Recall");
  await anna.confirm("Recall");
  await ben.log.getByText("Anna recalled a message").waitFor();
  await ben.chatRow("Anna").getByText("Anna recalled a message").waitFor();
  expect(await ben.page.getByText("a secret").count()).toBe(0);
  await anna.button("Edit again").click();
  await expect.poll(() => anna.composer.inputValue()).toBe("a secret");
});

story("an admin recalls what a member wrote, and a member cannot", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["mine"]);
  await bens.send(gid, ["rude words"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  await ben.openChat("Picnic");
  const menu = await ben.menuOf("mine");
  expect(await menu.getByRole("menuitem", { name: "Recall", exact: true }).count()).toBe(0);
  await ben.page.keyboard.press("Escape");
  await anna.act("rude words", "Recall");
  await anna.confirm("Recall");
  await ben.log.getByText("Anna recalled a message of yours").waitFor();
});

story("what one deletes for oneself is gone on one's own devices only", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["one", "two", "three"]);
  const [anna, other, ben] = [await stage.seat(annas), await stage.seat(annas), await stage.seat(bens)];
  for (const person of [anna, other]) await person.openChat("Ben");
  await ben.openChat("Anna");
  await anna.act("three", "Delete for me");
  await anna.confirm("Delete");
  for (const person of [anna, other]) await person.sees("one", "two");
  await anna.chatRow("Ben").getByText("two").waitFor();
  await ben.sees("one", "two", "three");
});

story("a chat is cleared for oneself on all devices, and begins anew with the next message", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["one", "two"]);
  const [anna, other, ben] = [await stage.seat(annas), await stage.seat(annas), await stage.seat(bens)];
  for (const person of [anna, other]) await person.openChat("Ben");
  await ben.openChat("Anna");
  await anna.button("About this chat").click();
  await anna.button("Clear chat for me").click();
  await anna.confirm("Clear chat for me");
  for (const person of [anna, other]) await person.sees();
  await ben.say("again");
  for (const person of [anna, other]) await person.sees("again");
  await ben.sees("one", "two", "again");
});

import { expect } from "vitest";

import type { Person } from "./support/person";
import { story } from "./support/story";

/** Deletes the open chat from one's own list, by its panel. */
async function deleteChat(person: Person): Promise<void> {
  await person.button("About this chat").click();
  const panel = person.page.getByRole("complementary", { name: "About this chat" });
  await person.button("Delete chat", panel).click();
  await person.button("Delete chat", person.page.getByRole("alertdialog")).click();
}

story("a group that somebody was removed from stays theirs to read, marked, until they delete it everywhere", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Hello"]);
  const [ben, onPhone] = await stage.seats(bens, bens);
  await annas.remove(gid, bens);
  await annas.send(gid, ["not for Ben"]);

  for (const seat of [ben, onPhone]) await seat.chatRow("Picnic").getByText("Left").waitFor();
  // Not live alone: whoever comes later finds the same.
  await ben.page.reload();
  await ben.chatRow("Picnic").getByText("Left").waitFor();
  await ben.chatRow("Picnic").click();
  await ben.page.getByText("You are no longer a member of this group.").waitFor();
  await ben.sees("Hello");
  expect(await ben.composer.count()).toBe(0);
  await ben.seesUnread("Picnic", 0);

  await deleteChat(ben);
  for (const seat of [ben, onPhone]) await seat.chatRow("Picnic").waitFor({ state: "detached" });
  await annas.add(gid, bens);
  await annas.send(gid, ["Welcome back"]);
  for (const seat of [ben, onPhone]) await seat.seesUnread("Picnic", 1);
  await ben.openChat("Picnic");
  await ben.sees("Hello", "Welcome back");
});

story("a single chat that was deleted comes back with the next message", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Hello"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.sees("Hello");
  await deleteChat(ben);
  await ben.chatRow("Anna").waitFor({ state: "detached" });
  await annas.send(gid, ["Still there?"]);
  await ben.seesUnread("Anna", 1);
  await ben.openChat("Anna");
  await ben.sees("Hello", "Still there?");
});

story("a message reaches whoever has left the single chat with an old client", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await ben.openChat("Anna");
  await ben.sees("Hello");
  await bens.remove(gid, bens);
  await ben.composer.waitFor({ state: "detached" });
  await anna.openChat("Ben");
  await anna.say("Come back");
  await ben.composer.waitFor();
  await ben.sees("Hello", "Come back");
  await anna.seesState("Come back", "Read");
});

import { expect } from "vitest";

import { story } from "./support/story";

story("after a restore everybody sees its truth and what is new, and nothing unsent is lost", async (stage) => {
  const rim = await stage.ownRim();
  const [annas, bens, carls] = await stage.friends("Anna", "Ben", "Carl");
  const gid = await annas.single(bens);
  const [anna, ben] = await stage.seats(annas, bens);
  await annas.send(gid, ["one", "two"]);
  await Promise.all([anna.openChat("Ben"), ben.openChat("Anna")]);
  const annasOther = await stage.tab(anna);
  await annasOther.openChat("Ben");
  await rim.backup("friday.db");

  // What the restore takes away, with a group under a number that will be another's.
  await anna.say("three");
  // Of two who write at once either may be first.
  await ben.message("three").waitFor();
  await ben.say("four");
  const lost = await annas.group("Picnic", bens);
  await annas.send(lost, ["Who comes?"]);
  await ben.chatRow("Picnic").waitFor();
  for (const person of [anna, ben, annasOther]) await person.sees("one", "two", "three", "four");

  stage.expectTrouble();
  await rim.sendAway();
  await ben.page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
  await ben.say("unsent");
  await ben.seesState("unsent", "Sending");
  await ben.chatRow("Picnic").click();
  await ben.say("I come");
  await anna.page.getByRole("textbox", { name: "Message" }).fill("half a thought");
  await rim.restore("friday.db");
  await rim.startAgain();

  await Promise.all([anna.isOnline(), ben.isOnline(), annasOther.isOnline()]);
  await ben.message("I come").waitFor();
  await ben.page.getByText("was meant for another chat").first().waitFor();
  await ben.openChat("Anna");
  for (const person of [anna, ben, annasOther]) await person.sees("one", "two", "unsent");
  expect(await anna.page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("half a thought");

  // Below the places that were taken before, and in a new group under the lost one's number.
  await ben.say("new");
  for (const person of [anna, ben, annasOther]) await person.sees("one", "two", "unsent", "new");
  expect((await annas.history(gid)).map(({ content }) => content)).toEqual(["one", "two", "unsent", "new"]);
  const again = await carls.group("Strangers", bens);
  expect(again).toBe(lost);
  await carls.send(again, ["Hello"]);
  await ben.chatRow("Strangers").click();
  await ben.message("Hello").waitFor();
  expect((await carls.history(again)).map(({ content }) => content)).toEqual(["Hello"]);

  // The same after a reload, which draws from what the browser keeps.
  await anna.page.reload();
  await anna.sees("one", "two", "unsent", "new");
  expect(await anna.page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("half a thought");
});

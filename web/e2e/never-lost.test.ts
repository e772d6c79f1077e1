import { expect } from "vitest";

import type { Person } from "./support/person";
import { story } from "./support/story";

const numbered = (who: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${who} ${from + at}`);

async function sayAll(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) await person.say(text);
}

story("nothing is lost, doubled or turned round when the server is killed in mid-conversation", async (stage) => {
  const rim = await stage.ownRim();
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Anna begins"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await Promise.all([anna.openChat("Ben"), ben.openChat("Anna")]);

  stage.expectTrouble();
  const before = Promise.all([sayAll(anna, numbered("anna", 0, 8)), sayAll(ben, numbered("ben", 0, 8))]);
  await ben.message("anna 3").waitFor();
  await rim.kill();
  await before;
  await Promise.all([sayAll(anna, numbered("anna", 8, 12)), sayAll(ben, numbered("ben", 8, 12))]);
  await anna.seesState("anna 11", "Sending");
  await anna.page.getByRole("status").filter({ hasText: "Offline. Messages will be sent later." }).waitFor();

  await rim.startAgain();
  await Promise.all([anna.isOnline(), ben.isOnline()]);
  await sayAll(ben, ["Ben ends"]);
  for (const person of [anna, ben]) await expect.poll(async () => (await person.said()).length).toBe(26);
  await anna.seesState("anna 11", "Read");
  await ben.seesState("Ben ends", "Read");

  const stored = (await annas.history(gid)).map(({ content }) => content);
  expect(new Set(stored).size).toBe(26);
  expect(stored).toHaveLength(26);
  expect(stored.filter((text) => text.startsWith("anna "))).toEqual(numbered("anna", 0, 12));
  expect(stored.filter((text) => text.startsWith("ben "))).toEqual(numbered("ben", 0, 12));
  await anna.sees(...stored);
  await ben.sees(...stored);
  // Nor is it after a reload, which draws from what is stored in the browser.
  await anna.page.reload();
  await anna.sees(...stored);
});

story("what is written without a network is kept, said to be so, and sent when it is back", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await Promise.all([anna.openChat("Ben"), ben.openChat("Anna")]);
  await ben.sees("Hello");

  stage.expectTrouble();
  const offline = anna.page.getByRole("status").filter({ hasText: "Offline. Messages will be sent later." });
  await anna.page.context().setOffline(true);
  await offline.waitFor();
  await sayAll(anna, ["first", "second"]);
  await anna.seesState("second", "Sending");
  await bens.send(gid, ["meanwhile"]);

  // Even a reload without a network shows all of it.
  await anna.page.reload();
  await anna.sees("Hello", "first", "second");
  await anna.seesState("second", "Sending");

  await anna.page.context().setOffline(false);
  await anna.isOnline();
  await offline.waitFor({ state: "detached" });
  await anna.sees("Hello", "meanwhile", "first", "second");
  await ben.sees("Hello", "meanwhile", "first", "second");
  await anna.seesState("second", "Read");
});

story("a message that is refused says why and can be sent again or deleted", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  const ben = await stage.seat(bens);
  await ben.openChat("Picnic");

  stage.expectTrouble();
  await ben.page.context().setOffline(true);
  await ben.page.locator('[data-connection="offline"]').waitFor({ state: "attached" });
  await sayAll(ben, ["keep me", "drop me"]);
  await annas.remove(gid, bens);
  await ben.page.context().setOffline(false);
  await ben.message("drop me").getByText("Not sent: You are not a member of this group.").waitFor();

  await ben.button("Delete", ben.message("drop me")).click();
  await ben.sees("keep me");
  await annas.add(gid, bens);
  await ben.composer.waitFor();
  await ben.button("Send again", ben.message("keep me")).click();
  await ben.seesState("keep me", "Sent");
  expect((await annas.history(gid)).map(({ content }) => content)).toEqual(["keep me"]);
});

story("a reload keeps the login, the open chat, its history and the draft", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const gid = await annas.single(bens);
  await annas.single(carlas);
  await bens.send(gid, ["one", "two"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.say("three");
  await anna.seesState("three", "Sent");
  await anna.composer.fill("not finished");
  await anna.chatRow("Ben").getByText("Draft:").waitFor();
  await anna.page.reload();
  await anna.isIn();
  await anna.sees("one", "two", "three");
  expect(await anna.composer.inputValue()).toBe("not finished");

  // Each chat has its own; the list tells of it.
  await anna.openChat("Carla");
  expect(await anna.composer.inputValue()).toBe("");
  await anna.chatRow("Ben").getByText("Draft:").waitFor();
  await anna.openChat("Ben");
  expect(await anna.composer.inputValue()).toBe("not finished");
});

story("two tabs of one browser agree, and one takes over when the other is closed", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const first = await stage.seat(annas);
  const second = await stage.tab(first);
  await second.seesUnread("Ben", 1);

  await first.openChat("Ben");
  await first.sees("Hello");
  await second.seesUnread("Ben", 0);
  await second.openChat("Ben");
  await second.say("from the second");
  await first.sees("Hello", "from the second");
  await first.say("from the first");
  await second.sees("Hello", "from the second", "from the first");
  await bens.send(gid, ["from Ben"]);
  for (const tab of [first, second]) await tab.sees("Hello", "from the second", "from the first", "from Ben");

  await first.page.close();
  await bens.send(gid, ["still there?"]);
  await second.message("still there?").waitFor();
  await second.say("yes");
  await second.seesState("yes", "Sent");
  const stored = (await bens.history(gid)).map(({ content }) => content);
  expect(stored).toEqual(["Hello", "from the second", "from the first", "from Ben", "still there?", "yes"]);
});

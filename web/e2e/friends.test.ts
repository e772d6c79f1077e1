import { expect } from "vitest";

import { audit } from "./support/axe";
import { accountOf } from "./support/account";
import type { Person } from "./support/person";
import { story } from "./support/story";

async function register(person: Person, name: string, account: string): Promise<void> {
  const { page } = person;
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Create your account" }).waitFor();
  await page.getByRole("textbox", { name: "Account" }).fill(account);
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(`secret of ${name}`);
  await person.button("Create account").click();
  await person.isIn();
}

story("two browsers register, become friends while both look, and chat both ways", async (stage) => {
  const [anna, ben] = await Promise.all([stage.seat(null), stage.seat(null)]);
  const bensAccount = accountOf("Ben");
  await Promise.all([register(anna, "Anna", accountOf("Anna")), register(ben, "Ben", bensAccount)]);

  // Anna asks.
  await anna.place("Contacts").click();
  await anna.button("Add contact").first().click();
  const dialog = anna.dialog("Add contact");
  await dialog.getByRole("textbox", { name: "Account" }).fill(bensAccount);
  await anna.button("Find", dialog).click();
  await dialog.getByText("Ben", { exact: true }).waitFor();
  await anna.button("Send request", dialog).click();
  await dialog.getByText("Waiting for an answer").waitFor();

  // Ben, who looks at the list of chats, sees it without doing anything.
  await ben.place("Contacts").getByText("1 request").waitFor();
  await ben.place("Contacts").click();
  const requests = ben.page.getByRole("region", { name: "Requests to you" });
  await requests.getByText("Anna", { exact: true }).waitFor();
  await ben.button("Accept", requests).click();
  await requests.waitFor({ state: "detached" });
  await ben.place("Contacts").getByText(/request/).waitFor({ state: "detached" });

  // Anna learns of it in the dialog that is still open, and writes.
  await anna.button("Send message", dialog).click();
  await anna.composer.waitFor();
  await anna.say("Hello Ben!");
  await ben.place("Chats").click();
  await ben.seesUnread("Anna", 1);
  await ben.openChat("Anna");
  await ben.say("Hello Anna 👋");
  await anna.sees("Hello Ben!", "Hello Anna 👋");
  await ben.sees("Hello Ben!", "Hello Anna 👋");
  await anna.seesState("Hello Ben!", "Read");
  await ben.seesState("Hello Anna 👋", "Read");
});

story("a request that is rejected or withdrawn vanishes on both sides", async (stage) => {
  const [annas, bens] = await Promise.all([stage.account("Anna"), stage.account("Ben")]);
  const [anna, ben] = await stage.seats(annas, bens);
  const ask = async (): Promise<void> => {
    await anna.button("Add contact").first().click();
    const dialog = anna.dialog("Add contact");
    await dialog.getByRole("textbox", { name: "Account" }).fill(bens.account);
    await anna.button("Find", dialog).click();
    await anna.button("Send request", dialog).click();
    await anna.button("Close", dialog).click();
  };
  const incoming = ben.page.getByRole("region", { name: "Requests to you" });
  const outgoing = anna.page.getByRole("region", { name: "Your requests" });
  await anna.place("Contacts").click();
  await ben.place("Contacts").click();

  await ask();
  await ben.button("Reject", incoming).click();
  await outgoing.waitFor({ state: "detached" });

  await ask();
  await incoming.waitFor();
  await anna.button("Withdraw", outgoing).click();
  await incoming.waitFor({ state: "detached" });
  await anna.page.getByText("No contacts yet").waitFor();
  await ben.page.getByText("No contacts yet").waitFor();
});

story("a friend is called what one calls them, everywhere and on all devices, and nobody else sees it", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "王小明", "Carla");
  const gid = await annas.group("Picnic", bens, carlas);
  await bens.send(gid, ["Hello"]);
  await bens.send(await annas.single(bens), ["Hello Anna"]);
  const [anna, phone] = await stage.seats(annas, annas);
  const { page } = anna;
  await phone.openChat("Picnic");
  await anna.place("Contacts").click();
  await page.getByRole("list", { name: "List of contacts" }).getByRole("link").filter({ hasText: "王小明" }).click();
  await anna.button("Set a nickname").click();
  const dialog = anna.dialog("Nickname");
  expect(await audit(page)).toEqual([]);
  await dialog.getByRole("textbox", { name: "Your name for 王小明" }).fill("张老板");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "张老板" }).waitFor();
  await page.getByText("Name: 王小明").waitFor();
  await expect.poll(() => anna.button("Change nickname").evaluate((button) => button === document.activeElement)).toBe(true);

  // In the list, above the messages, in the panel and on the card.
  await anna.place("Chats").click();
  await anna.chatRow("Picnic").getByText("张老板:").waitFor();
  await anna.chatRow("Hello Anna").click();
  await page.getByRole("log", { name: "张老板" }).waitFor();
  await anna.button("About this chat").click();
  await page.getByRole("complementary").getByText("Name: 王小明").waitFor();
  // The other device has heard of it.
  await phone.chatRow("Hello Anna").getByText("张老板").waitFor();
  await phone.message("Hello").getByRole("button", { name: "张老板" }).click();
  await phone.dialog("张老板").getByText("Name: 王小明").waitFor();
  await phone.button("Close", phone.dialog("张老板")).click();

  // Found by either name and by how they are read.
  for (const words of ["张老", "zlb", "王小", "wxm"]) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search" }).fill(words);
    await page.getByRole("option", { name: /张老板.*王小明/s }).waitFor();
  }
  await page.keyboard.press("Escape");

  // What others read has the name that everybody knows.
  await phone.composer.fill("");
  await phone.page.keyboard.type("look, @zlb");
  await phone.page.getByRole("option", { name: /张老板/ }).waitFor();
  await phone.page.keyboard.press("Enter");
  await phone.page.keyboard.press("Enter");
  await phone.log.getByRole("button", { name: "@王小明" }).waitFor();
  const carla = await stage.seat(carlas);
  await carla.openChat("Picnic");
  await carla.message("Hello").getByRole("button", { name: "王小明" }).waitFor();

  // Their own name again.
  await anna.place("Contacts").click();
  await page.getByRole("list", { name: "List of contacts" }).getByRole("link").filter({ hasText: "张老板" }).click();
  await anna.button("Change nickname").click();
  await dialog.getByRole("textbox").fill("");
  await anna.button("Save", dialog).click();
  await page.getByRole("heading", { name: "王小明" }).waitFor();
  await phone.chatRow("Hello Anna").getByText("王小明").waitFor();
});

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

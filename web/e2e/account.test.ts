import { expect } from "vitest";

import { audit } from "./support/axe";
import type { Person } from "./support/person";
import { story } from "./support/story";

story("errors are told where they arise, in words", async (stage) => {
  const annas = await stage.account("Anna");
  const somebody = await stage.seat(null);
  const { page } = somebody;
  const account = page.getByRole("textbox", { name: "Account" });
  const password = page.getByLabel("Password", { exact: true });
  /** What a field is said to be wrong with. */
  const wrong = (text: string) => page.getByRole("alert").filter({ hasText: text }).waitFor();

  await somebody.button("Sign in").click();
  await wrong("Enter your account.");
  await account.fill(annas.account);
  await password.fill("guess");
  await somebody.button("Sign in").click();
  await wrong("The password is wrong.");
  expect(await password.getAttribute("aria-invalid")).toBe("true");
  await account.fill("nobody at all");
  await somebody.button("Sign in").click();
  await wrong("There is no such account.");

  await page.getByRole("link", { name: "Create account" }).click();
  await account.fill(annas.account);
  await page.getByRole("textbox", { name: "Name" }).fill("Another");
  await password.fill("something");
  await somebody.button("Create account").click();
  await wrong("This account name is taken.");
  expect(await account.getAttribute("aria-invalid")).toBe("true");
});

story("name and picture that one changes are seen by the others", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.place("Settings").click();
  await anna.page.getByRole("link", { name: "Profile" }).click();
  await anna.page.getByRole("textbox", { name: "Name" }).fill("Anna Maria");
  await anna.button("Save").click();
  await anna.page.getByText("Saved").waitFor();

  await choosePicture(anna);
  const crop = anna.dialog("Choose the part to show");
  // By keys alone.
  await expect.poll(() => anna.button("Use picture", crop).isEnabled()).toBe(true);
  await anna.page.keyboard.press("+");
  await anna.page.keyboard.press("ArrowRight");
  await expect.poll(() => crop.getByRole("slider", { name: "Zoom" }).inputValue()).not.toBe("1");
  expect(await audit(anna.page)).toEqual([]);
  await anna.button("Use picture", crop).press("Enter");
  await anna.button("Remove picture").waitFor();

  await ben.chatRow("Anna").click();
  await ben.page.getByRole("heading", { name: "Anna Maria" }).waitFor();
  await seesPicture(ben, "Anna Maria");
  // Who has no cookie for files any more gets one.
  await ben.page.context().clearCookies();
  await ben.page.reload();
  await seesPicture(ben, "Anna Maria");
});

story("the picture of a group is a file, seen by its members", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.group("Picnic", bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  await anna.button("About this chat").click();
  await choosePicture(anna);
  await anna.button("Use picture", anna.dialog("Choose the part to show")).click();
  await anna.button("Remove picture").waitFor();
  for (const person of [anna, ben]) await seesPicture(person, "Picnic");
  await anna.button("Remove picture").click();
  await expect.poll(() => ben.chatRow("Picnic").locator("img").count()).toBe(0);
});

/** One that is larger than the square that becomes of it. */
async function choosePicture({ page }: Person): Promise<void> {
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 1000, height: 700 } });
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Change picture" }).click();
  await (await choosing).setFiles({ name: "me.png", mimeType: "image/png", buffer: picture });
}

async function seesPicture(person: Person, title: string): Promise<void> {
  const shown = person.chatRow(title).locator("img");
  await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(200);
  // A smaller one of a file.
  expect(await shown.getAttribute("src")).toMatch(/\/media\/files\/[\w-]+\/\d+$/);
}

story("a new name is seen wherever somebody is, without doing anything, and after having been away", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  await bens.send(await annas.single(bens), ["Hello"]);
  const picnic = await carlas.group("Picnic", annas, bens);
  await bens.send(picnic, ["I bring bread"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Picnic");
  await anna.log.getByRole("article", { name: /^Ben,/ }).waitFor();

  /** The row of the single chat: the name begins it, where the group's has it in the middle. */
  const rowOf = (name: string) => anna.page.getByRole("list", { name: "List of chats" }).getByRole("link", { name: new RegExp(`^${name}`) });
  await bens.rename("Bob");
  await rowOf("Bob").waitFor();
  await anna.chatRow("Picnic").getByText("Bob").waitFor();
  await anna.log.getByRole("article", { name: /^Bob,/ }).waitFor();
  await anna.button("About this chat").click();
  await anna.page.getByRole("complementary", { name: "About this chat" }).getByText("Bob").waitFor();

  await anna.place("Contacts").click();
  await anna.page.getByRole("link", { name: "Bob" }).waitFor();
  await bens.rename("Bert");
  await anna.page.getByRole("link", { name: "Bert" }).waitFor();

  await anna.place("Chats").click();
  stage.expectTrouble();
  await anna.page.context().setOffline(true);
  await anna.page.locator('[data-connection="offline"]').waitFor({ state: "attached" });
  await bens.rename("Benjamin");
  await anna.page.context().setOffline(false);
  await rowOf("Benjamin").click();
  await anna.page.getByRole("heading", { name: "Benjamin" }).waitFor();
});

story("who signs out leaves nothing behind", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["a secret"]);
  const anna = await stage.seat(annas);
  const second = await stage.tab(anna);
  await anna.openChat("Ben");
  await anna.place("Settings").click();
  await anna.button("Sign out").click();
  await anna.button("Sign out", anna.page.getByRole("alertdialog")).click();
  for (const tab of [anna, second]) await tab.page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await expect
    .poll(() => anna.page.evaluate(() => localStorage.getItem("rim.session")))
    .toBeNull();
  await anna.page.reload();
  await anna.page.getByRole("heading", { name: "Welcome back" }).waitFor();

  // Somebody else at the same browser sees their own, and nothing of Anna's.
  const ben = await stage.friends("Ben");
  await anna.page.getByRole("textbox", { name: "Account" }).fill(ben[0].account);
  await anna.page.getByLabel("Password", { exact: true }).fill(ben[0].password);
  await anna.button("Sign in").click();
  for (const tab of [anna, second]) await tab.page.getByText("No chats yet").waitFor();
});

story("a session that is ended on another device is out at once and says why", async (stage) => {
  const annas = await stage.account("Anna");
  const laptop = await stage.seat(annas);
  const phone = await stage.seat(annas, { userAgent: "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Firefox/150.0" });
  await laptop.place("Settings").click();
  await laptop.page.getByRole("link", { name: "Password and devices" }).click();
  await laptop.page.getByText("This device").waitFor();
  await laptop.button("Sign out Firefox, Android").click();
  await laptop.button("Sign out Firefox, Android").waitFor({ state: "detached" });
  await phone.page.getByText("You were signed out from another device").waitFor();

  // So it is where all others are signed out; one is asked before.
  await phone.signIn();
  await laptop.page.reload();
  await laptop.button("Sign out all other devices").click();
  const asked = laptop.page.getByRole("alertdialog", { name: "Sign out all other devices?" });
  await laptop.button("Cancel", asked).click();
  await laptop.button("Sign out Firefox, Android").waitFor();
  await laptop.button("Sign out all other devices").click();
  await laptop.button("Sign out others", asked).click();
  await laptop.button("Sign out Firefox, Android").waitFor({ state: "detached" });
  await laptop.button("Sign out all other devices").waitFor({ state: "detached" });
  await phone.page.getByText("You were signed out from another device").waitFor();

  // And when the password changes.
  await phone.signIn();
  await laptop.page.getByLabel("Current password", { exact: true }).fill(annas.password);
  await laptop.page.getByLabel("New password", { exact: true }).fill("a better secret");
  await laptop.button("Change password").click();
  await laptop.page.getByText("Your password was changed.").waitFor();
  await phone.page.getByText("your password was changed").waitFor();
  await laptop.place("Chats").click();
  await laptop.isOnline();
});

import { expect } from "vitest";

import { audit } from "./support/axe";
import { type Stage, story } from "./support/story";

const NARROW = { width: 360, height: 740 };

/** Somebody with contacts, a request, chats and messages of many kinds. */
async function settled(stage: Stage) {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const diras = await stage.account("Dira");
  await diras.ask(annas);
  const single = await annas.single(bens);
  await annas.send(single, ["Hello", "https://example.org is down"]);
  await bens.send(single, ["Really?", "👍"]);
  const group = await annas.group("Picnic", bens, carlas);
  await bens.send(group, ["# Plan\n- bread\n- `cheese`\n\n> or *cake*"], "RichText");
  await carlas.send(group, ["Yes!"]);
  return annas;
}

for (const look of ["light", "dark"] as const) {
  story(`no screen has a grave fault in accessibility, ${look}`, async (stage) => {
    const anna = await stage.seat(await settled(stage), { colorScheme: look, out: true });
    const { page } = anna;
    const found: Record<string, string[]> = {};
    const see = async (screen: string): Promise<void> => {
      found[screen] = await audit(page);
    };

    await see("sign in");
    await anna.button("Sign in").click();
    await page.getByRole("alert").first().waitFor();
    await see("sign in, with errors");
    await page.getByRole("link", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Create your account" }).waitFor();
    await see("register");
    await page.getByRole("link", { name: "Sign in" }).click();
    await anna.signIn();
    await anna.chatRow("Picnic").waitFor();
    await see("chats");
    await anna.openChat("Ben");
    await anna.message("Really?").waitFor();
    await see("single chat");
    await anna.openChat("Picnic");
    await anna.message("Yes!").waitFor();
    await anna.say("I come");
    await anna.seesState("I come", "Sent");
    await anna.button("About this chat").click();
    await anna.button("Actions for Ben").waitFor();
    await see("group chat with panel");
    await anna.button("Emoji").click();
    await page.getByRole("combobox", { name: "Search emoji" }).waitFor();
    await see("emoji");
    await anna.button("New chat").first().click();
    await anna.button("New group").click();
    await anna.dialog("New group").waitFor();
    await see("new group");
    await page.keyboard.press("Escape");
    await anna.place("Contacts").click();
    await page.getByRole("region", { name: "Requests to you" }).waitFor();
    await see("contacts");
    await anna.place("Settings").click();
    for (const section of ["Profile", "Password and devices", "Language and look", "Notifications"]) {
      await page.getByRole("link", { name: section }).click();
      await page.getByRole("region", { name: section }).waitFor();
      await see(section);
    }
    await page.setViewportSize(NARROW);
    await see("settings, narrow");
    await page.goto(`${stage.url}/#/chats`);
    await anna.openChat("Picnic");
    await see("chat, narrow");
    expect(Object.fromEntries(Object.entries(found).filter(([, faults]) => faults.length > 0))).toEqual({});
  });
}

story("the keyboard is enough", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Hello"]);
  const anna = await stage.seat(annas, { out: true });
  const { keyboard } = anna.page;
  await anna.page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await keyboard.type(annas.account);
  await keyboard.press("Tab");
  await keyboard.type(annas.password);
  await keyboard.press("Enter");
  await anna.isIn();
  await anna.chatRow("Ben").waitFor();
  await keyboard.press("Control+k");
  await keyboard.type("be");
  await keyboard.press("ArrowDown");
  await expect.poll(() => anna.chatRow("Ben").evaluate((row) => row === document.activeElement)).toBe(true);
  await keyboard.press("Enter");
  await anna.composer.waitFor();
  await keyboard.type("typed only");
  await keyboard.press("Enter");
  await anna.sees("Hello", "typed only");
});

// Every screen and every layer by keyboard: with what it begins, that Tab stays inside, that Esc closes it and nothing
// else, and that the focus comes back.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import type { Account } from "./support/account";
import type { Person } from "./support/person";
import { text } from "./support/giving";
import { type Stage, story } from "./support/story";

const NARROW = { width: 390, height: 800 };

interface Layer {
  readonly name: string;
  /** What opens it, by Enter; or a key, from where the focus is. */
  readonly by: Locator | string;
  readonly layer: Locator;
  readonly begins: Locator;
  /** Whether it lies beside or over the rest without keeping Tab inside. */
  readonly open?: boolean;
  /** Where the focus goes on afterwards, where that is not `by`. */
  readonly back?: Locator;
  /** The layers that are opened from it. */
  readonly within?: () => Promise<void>;
}

class Walk {
  constructor(readonly person: Person) {}

  get page() {
    return this.person.page;
  }

  async holdsFocus(place: Locator, what: string): Promise<void> {
    await expect.poll(() => this.isFocused(place), { message: `${what}: the focus is at ${await this.where()}` }).toBe(true);
  }

  /** Opens a layer, goes around in it, and closes it again. */
  async through({ name, by, layer, begins, open = false, back, within }: Layer): Promise<void> {
    const { keyboard } = this.page;
    const opener = typeof by === "string" ? null : by;
    await opener?.focus();
    const before = await this.state();
    await keyboard.press(typeof by === "string" ? by : "Enter");
    await layer.waitFor();
    await this.holdsFocus(begins, `${name} begins`);
    if (!open) await this.staysInside(layer, name);
    // An input method takes back what it composes by Esc.
    await this.page.evaluate(() =>
      document.activeElement?.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Escape", isComposing: true, bubbles: true, cancelable: true }),
      ),
    );
    expect(await layer.isVisible(), `${name} stays while an input method composes`).toBe(true);
    await within?.();
    await keyboard.press("Escape");
    await layer.waitFor({ state: "hidden" });
    const home = back ?? opener;
    if (home !== null) await this.holdsFocus(home, `after ${name}`);
    await expect.poll(() => this.state(), { message: `Esc closed ${name} and nothing else` }).toEqual(before);
  }

  private async staysInside(layer: Locator, name: string): Promise<void> {
    for (const key of ["Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab"]) {
      await this.page.keyboard.press(key);
      const inside = await layer.evaluate((element) => element.contains(document.activeElement));
      expect(inside, `${key} stays inside of ${name}`).toBe(true);
    }
  }

  private isFocused(place: Locator): Promise<boolean> {
    return place.evaluate((element) => element === document.activeElement);
  }

  private where(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 160) ?? "nowhere");
  }

  /** Where one is, and everything that is open. */
  private state(): Promise<object> {
    return this.page.evaluate(() => ({
      hash: location.hash,
      layers: [...document.querySelectorAll("dialog[open], [popover]:popover-open, .emoji, [data-layer]")].map((layer) =>
        layer.getAttribute("aria-label"),
      ),
    }));
  }
}

/** Anna owns a group, has a request, and a picture to look at. */
async function settled(stage: Stage): Promise<Account> {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const diras = await stage.account("Dira");
  await diras.ask(annas);
  await bens.send(await annas.single(bens), ["Hello"]);
  const group = await annas.group("Picnic", bens, carlas);
  await bens.send(group, [JSON.stringify({ url: `${stage.url}/icons/icon-192.png`, width: 192, height: 192 })], "Image");
  await bens.send(group, ["Yes!"]);
  return annas;
}

/** Sits Anna down, with what all walks need. */
async function atTheKeyboard(stage: Stage) {
  const anna = await stage.seat(await settled(stage));
  const { page } = anna;
  const button = (name: string | RegExp, within?: Locator): Locator => anna.button(name, within ?? page);
  const field = (name: string, within: Locator): Locator => within.getByRole("textbox", { name });
  const alert = page.getByRole("alertdialog");
  return { anna, page, walk: new Walk(anna), button, field, alert, cancel: button("Cancel", alert) };
}

// In all of them: a layer begins where one goes on, keeps Tab, closes alone by Esc, and gives the focus back.

story("a chat and all that opens over it are walked by keyboard", async (stage) => {
  const { anna, page, walk, button, field } = await atTheKeyboard(stage);
  await anna.openChat("Picnic");
  await walk.holdsFocus(anna.composer, "an opened chat");
  await walk.through({
    name: "the list of keys",
    by: "Control+/",
    layer: anna.dialog("Keyboard shortcuts"),
    begins: anna.dialog("Keyboard shortcuts").getByRole("group"),
    back: anna.composer,
  });
  const chatting = anna.dialog("New chat");
  await walk.through({
    name: "a new chat",
    by: button("New chat").first(),
    layer: chatting,
    begins: chatting.getByRole("searchbox"),
  });
  await button("New chat").first().press("Enter");
  await button("New group", chatting).press("Enter");
  const grouping = anna.dialog("New group");
  await walk.holdsFocus(field("Name of the group", grouping), "a new group begins");
  await page.keyboard.press("Escape");
  await walk.holdsFocus(button("New chat").first(), "after a new group");

  await anna.message("Yes!").waitFor();
  await walk.through({
    name: "a picture",
    by: button("Open the picture"),
    layer: page.getByRole("dialog", { name: "Picture from Ben" }),
    begins: button("Close", page.getByRole("dialog", { name: "Picture from Ben" })),
  });
  await walk.through({
    name: "the card of who wrote",
    by: button("Ben", anna.log).first(),
    layer: anna.dialog("Ben"),
    begins: button("Send message", anna.dialog("Ben")),
  });
  await walk.through({
    name: "the emoji",
    by: button("Emoji"),
    layer: page.getByRole("dialog", { name: "Emoji" }),
    begins: page.getByRole("combobox", { name: "Search emoji" }),
    back: anna.composer,
  });
  await walk.through({
    name: "what can be attached",
    by: button("Attach"),
    layer: page.getByRole("menu", { name: "Attach" }),
    begins: page.getByRole("menuitem", { name: "Photo or video" }),
    open: true,
  });
  const sending = anna.dialog("Send to Picnic");
  await page.getByLabel("File", { exact: true }).setInputFiles([text("a.txt", "a"), text("b.txt", "b")]);
  await walk.holdsFocus(sending.getByRole("textbox", { name: "Add a caption" }), "what is about to be sent begins");
  for (const key of [...Array.from({ length: 9 }, () => "Tab"), "Shift+Tab", "Shift+Tab"]) {
    await page.keyboard.press(key);
    expect(await sending.evaluate((dialog) => dialog.contains(document.activeElement)), `${key} stays inside`).toBe(true);
  }
  await page.keyboard.press("Escape");
  await sending.waitFor({ state: "detached" });
});

story("a message, its menu and all that opens from it are walked by keyboard", async (stage) => {
  const { anna, page, walk, button, alert, cancel } = await atTheKeyboard(stage);
  const { keyboard } = page;
  await anna.openChat("Picnic");
  const message = anna.message("Yes!");
  await message.waitFor();
  await anna.log.focus();
  await keyboard.press("ArrowUp");
  await walk.holdsFocus(message, "the newest message");
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowDown");
  await walk.holdsFocus(message, "the newest message again");
  const menu = page.getByRole("menu", { name: "What to do with the message" });
  const item = (name: string): Locator => menu.getByRole("menuitem", { name, exact: true });
  const more = button("More", message);
  for (const open of [() => more.press("Enter"), () => keyboard.press("Shift+F10")]) {
    await open();
    await walk.holdsFocus(item("Reply"), "the menu begins");
    await keyboard.press("ArrowUp");
    await walk.holdsFocus(item("More emoji"), "above the first entry are the emoji");
    await keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    expect(await message.evaluate((article) => article.contains(document.activeElement)), "after the menu").toBe(true);
    await message.focus();
  }

  // Letters do what the menu does, for the message that has the focus.
  const forwarding = anna.dialog("Forward 1 message");
  await walk.through({ name: "forwarding", by: "f", layer: forwarding, begins: forwarding.getByRole("checkbox").first(), back: message });
  await walk.through({ name: "recalling, or deleting for oneself", by: "Delete", layer: alert, begins: cancel, back: message });
  await walk.through({ name: "the emoji", by: "a", layer: menu, begins: item("React with 👍"), open: true, back: message });
  await keyboard.press("r");
  await walk.holdsFocus(anna.composer, "answering");
  await keyboard.press("Escape");
  await page.locator(".answer-bar").waitFor({ state: "detached" });
  await walk.holdsFocus(anna.composer, "after answering");
  await anna.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("x");
  const chosen = page.getByRole("toolbar", { name: "Selected messages" });
  await chosen.waitFor();
  await keyboard.press("Escape");
  await chosen.waitFor({ state: "detached" });
  // What is typed anywhere else is written.
  await anna.log.focus();
  await keyboard.type("rest");
  await expect.poll(() => anna.composer.inputValue()).toBe("rest");

  await anna.composer.fill("later");
  const later = anna.dialog("Send later");
  await walk.through({ name: "sending later", by: button("Send later"), layer: later, begins: later.getByLabel("Date and time") });
});

story("the panel of a chat and all that opens from it are walked by keyboard", async (stage) => {
  const { anna, page, walk, button, field, alert, cancel } = await atTheKeyboard(stage);
  await anna.openChat("Picnic");
  const panel = page.getByRole("complementary", { name: "About this chat" });
  const menu = page.getByRole("menu", { name: "Actions for Ben" });
  await walk.through({
    name: "the panel",
    by: button("About this chat"),
    layer: panel,
    begins: panel,
    open: true,
    within: async () => {
      const naming = anna.dialog("Rename");
      await walk.through({ name: "renaming", by: button("Rename", panel), layer: naming, begins: field("Name of the group", naming) });
      const adding = anna.dialog("Add members");
      await walk.through({
        name: "adding members",
        by: button("Add members", panel),
        layer: adding,
        begins: button("Close", adding),
      });
      await walk.through({
        name: "the card of a member",
        by: panel.getByRole("button", { name: /^Ben/ }),
        layer: anna.dialog("Ben"),
        begins: button("Send message", anna.dialog("Ben")),
      });
      await button("Actions for Ben", panel).press("Enter");
      await walk.holdsFocus(menu.getByRole("menuitem", { name: "Make admin" }), "a member's menu begins");
      // The arrows go through the menu, and not through the members behind it.
      await page.keyboard.press("ArrowDown");
      await walk.holdsFocus(menu.getByRole("menuitem", { name: "Hand the group over" }), "the next of the menu");
      await page.keyboard.press("End");
      const removing = menu.getByRole("menuitem", { name: "Remove from group" });
      await walk.holdsFocus(removing, "the last of the menu");
      await page.keyboard.press("ArrowDown");
      await walk.holdsFocus(menu.getByRole("menuitem", { name: "Make admin" }), "the first after the last");
      await page.keyboard.press("Escape");
      await menu.waitFor({ state: "hidden" });
      await walk.holdsFocus(button("Actions for Ben", panel), "after the menu");

      for (const item of ["Hand the group over", "Remove from group"]) {
        await button("Actions for Ben", panel).press("Enter");
        await walk.holdsFocus(menu.getByRole("menuitem", { name: "Make admin" }), "a member's menu begins");
        await menu.getByRole("menuitem", { name: item }).press("Enter");
        await walk.holdsFocus(cancel, `${item} begins on Cancel`);
        await page.keyboard.press("Escape");
        await alert.waitFor({ state: "detached" });
        await walk.holdsFocus(button("Actions for Ben", panel), `after ${item}`);
      }
      for (const item of ["Leave group", "Dissolve group"]) {
        await walk.through({ name: item, by: button(item, panel), layer: alert, begins: cancel });
      }
    },
  });

});

story("contacts and settings are walked by keyboard", async (stage) => {
  const { anna, page, walk, button, field, alert, cancel } = await atTheKeyboard(stage);
  await anna.place("Contacts").press("Enter");
  const adding = anna.dialog("Add contact");
  await walk.through({ name: "adding a contact", by: button("Add contact").first(), layer: adding, begins: field("Account", adding) });
  await walk.through({
    name: "the card of who asks",
    by: button("Dira").first(),
    layer: anna.dialog("Dira"),
    begins: button("Send message", anna.dialog("Dira")),
  });
  await page.getByRole("link", { name: "Ben" }).press("Enter");
  await walk.holdsFocus(page.getByRole("region", { name: "Ben" }), "the page of a contact");
  await walk.through({ name: "removing a contact", by: button("Remove contact"), layer: alert, begins: cancel });

  await anna.place("Settings").press("Enter");
  for (const section of ["Profile", "Password and devices", "Language and look", "Notifications", "Privacy"]) {
    await page.getByRole("link", { name: section }).press("Enter");
    await walk.holdsFocus(page.getByRole("region", { name: section }), section);
  }
  await walk.through({ name: "signing out", by: button("Sign out"), layer: alert, begins: cancel });
  await page.getByRole("link", { name: "Profile" }).press("Enter");
  const choosing = page.waitForEvent("filechooser");
  await button("Change picture").press("Enter");
  await (await choosing).setFiles({ name: "me.png", mimeType: "image/png", buffer: await page.screenshot() });
  await walk.holdsFocus(anna.dialog("Choose the part to show").locator("canvas"), "cutting a picture begins");
  await page.keyboard.press("Escape");
  await walk.holdsFocus(button("Change picture"), "after cutting a picture");
});

story("on a narrow screen Esc goes back from what lies over the list, to where one was in it", async (stage) => {
  const anna = await stage.seat(await settled(stage), { viewport: NARROW });
  const walk = new Walk(anna);
  const { page } = anna;
  await anna.openChat("Picnic");
  const panel = page.getByRole("complementary", { name: "About this chat" });
  const about = anna.button("About this chat");
  await walk.through({ name: "the panel", by: about, layer: panel, begins: panel, open: true });
  await anna.button("Back").press("Enter");
  await walk.holdsFocus(anna.chatRow("Picnic"), "after the chat");

  await anna.place("Contacts").press("Enter");
  const ben = page.getByRole("link", { name: "Ben" });
  const bensPage = page.getByRole("region", { name: "Ben" });
  await walk.through({ name: "a contact", by: ben, layer: bensPage, begins: bensPage, open: true });
  await anna.place("Settings").press("Enter");
  const profile = page.getByRole("region", { name: "Profile" });
  await walk.through({ name: "a section", by: page.getByRole("link", { name: "Profile" }), layer: profile, begins: profile, open: true });
});

story("the focus is never lost: signing in, a search, the newest, and what vanishes", async (stage) => {
  const annas = await settled(stage);
  const anna = await stage.seat(annas, { out: true });
  const walk = new Walk(anna);
  const { page } = anna;
  const { keyboard } = page;
  await anna.signIn();
  await walk.holdsFocus(page.getByRole("combobox", { name: "Search", exact: true }), "after signing in");

  await keyboard.type("pic");
  await keyboard.press("Enter");
  await walk.holdsFocus(anna.composer, "a chat that was searched");
  await keyboard.press("Control+k");
  await keyboard.type("picnic");
  await keyboard.press("Enter");
  await walk.holdsFocus(anna.composer, "a chat that was searched and is open already");
  await keyboard.press("Control+k");
  await keyboard.press("Escape");
  await walk.holdsFocus(anna.composer, "after a search that was given up");
  await anna.chatRow("Picnic").press("Enter");
  await walk.holdsFocus(anna.composer, "the row of the chat that is open");

  // Ctrl+K finds chats from anywhere.
  await anna.place("Contacts").press("Enter");
  await keyboard.press("Control+k");
  await walk.holdsFocus(page.getByRole("combobox", { name: "Search", exact: true }), "Ctrl+K beside the contacts");

  // The panel by its address: Esc closes it, and the chat stays.
  await page.goto(`${stage.url}/#/contacts`);
  await page.evaluate(() => (location.hash = location.hash.replace("contacts", "chats")));
  await anna.openChat("Picnic");
  const gid = new URL(page.url()).hash.split("/")[2] ?? "";
  await page.goto(`${stage.url}/#/contacts`);
  await page.evaluate((to) => (location.hash = to), `#/chat/${gid}/info`);
  const panel = page.getByRole("complementary", { name: "About this chat" });
  await panel.waitFor();
  await keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  expect(new URL(page.url()).hash).toBe(`#/chat/${gid}`);

  // What was in focus vanishes: the next one has it.
  await anna.place("Contacts").press("Enter");
  await anna.button("Accept").press("Enter");
  await page.getByRole("link", { name: "Dira" }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("[data-list]") !== null)).toBe(true);
});

story("what is typed anywhere comes into the composer, and its pages turn the log", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, Array.from({ length: 120 }, (_, at) => `Line ${at}`));
  const anna = await stage.seat(annas);
  const walk = new Walk(anna);
  const { page } = anna;
  const { keyboard } = page;
  await anna.openChat("Ben");
  await anna.message("Line 119").waitFor();

  await keyboard.press("PageUp");
  await keyboard.press("PageUp");
  const jump = page.getByRole("button", { name: /newest/ });
  await jump.waitFor();
  await keyboard.press("PageDown");
  await keyboard.press("PageDown");
  await jump.waitFor({ state: "detached" });
  await keyboard.press("PageUp");
  await keyboard.press("PageUp");
  await jump.press("Enter");
  await walk.holdsFocus(anna.composer, "after the jump to the newest");

  await anna.button("About this chat").focus();
  await keyboard.type("hello");
  await walk.holdsFocus(anna.composer, "typing on a button");
  expect(await anna.composer.inputValue()).toBe("hello");
  // Not where something else is meant: with a modifier, in a field, in a dialog, while an input method composes.
  await anna.composer.fill("");
  await anna.button("About this chat").focus();
  await keyboard.press("Alt+x");
  await page.evaluate(() =>
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "n", isComposing: true, bubbles: true })),
  );
  await walk.holdsFocus(anna.button("About this chat"), "keys that are no typing");
  await page.getByRole("combobox", { name: "Search", exact: true }).focus();
  await keyboard.type("be");
  expect(await page.getByRole("combobox", { name: "Search", exact: true }).inputValue()).toBe("be");
  await keyboard.press("Escape");
  await keyboard.press("Control+/");
  await anna.dialog("Keyboard shortcuts").waitFor();
  await keyboard.type("x");
  await keyboard.press("Escape");
  expect(await anna.composer.inputValue()).toBe("");
});

story("Enter inserts the emoji that is selected, which is the best one until arrows move it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hello"]);
  const anna = await stage.seat(annas);
  const walk = new Walk(anna);
  const { page } = anna;
  const { keyboard } = page;
  await anna.openChat("Ben");
  const choose = async (...keys: string[]): Promise<void> => {
    await anna.button("Emoji").press("Enter");
    await page.getByRole("combobox", { name: "Search emoji" }).waitFor();
    await keyboard.type("heart");
    await page.getByRole("option", { name: "red heart", exact: true }).waitFor();
    for (const key of keys) await keyboard.press(key);
    await keyboard.press("Enter");
    await walk.holdsFocus(anna.composer, "after choosing");
  };
  await choose();
  expect(await anna.composer.inputValue()).toBe("❤️");
  await anna.composer.fill("");
  await choose("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft");
  expect(await anna.composer.inputValue()).toBe("❤️");
  await anna.composer.fill("");
  await choose("ArrowRight");
  expect(await anna.composer.inputValue()).not.toBe("❤️");
});

import { expect } from "vitest";

import { audit } from "./support/axe";
import { pictureOf } from "./support/files";
import { text } from "./support/giving";
import type { Person } from "./support/person";
import { type Seat, type Stage, story } from "./support/story";

const NARROW = { width: 360, height: 740 };

/** Somebody with contacts, a request, chats and messages of many kinds. */
async function settled(stage: Stage) {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const diras = await stage.account("Dira");
  await diras.ask(annas);
  const single = await annas.single(bens);
  await annas.send(single, ["Hello", "https://example.org is down"]);
  await bens.send(single, ["Really?", "👍"]);
  // Nobody asks for it, so there need be none.
  await bens.send(single, ["https://photos.example.org/1.png"], "Image");
  const group = await annas.group("Picnic", bens, carlas);
  await bens.send(group, ["# Plan\n- bread\n- `cheese`\n\n> or *cake*"], "RichText");
  await carlas.send(group, ["Yes!"]);
  return annas;
}

/** Sees screens one after the other, and expects nothing grave of any. */
class Inspection {
  private readonly found: Record<string, string[]> = {};

  constructor(readonly anna: Person) {}

  async see(screen: string): Promise<void> {
    this.found[screen] = await audit(this.anna.page);
  }

  end(): void {
    expect(Object.fromEntries(Object.entries(this.found).filter(([, faults]) => faults.length > 0))).toEqual({});
  }
}

function inspect(claim: string, walk: (screens: Inspection) => Promise<void>, seat: Seat = {}): void {
  for (const look of ["light", "dark"] as const) {
    story(`${claim} without a grave fault in accessibility, ${look}`, async (stage) => {
      const screens = new Inspection(await stage.seat(await settled(stage), { colorScheme: look, ...seat }));
      await walk(screens);
      screens.end();
    });
  }
}

inspect("coming in is", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await screens.see("sign in");
  await anna.button("Sign in").click();
  await page.getByRole("alert").first().waitFor();
  await screens.see("sign in, with errors");
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Create your account" }).waitFor();
  await screens.see("register");
  await page.getByRole("link", { name: "Sign in" }).click();
  await anna.signIn();
  await anna.chatRow("Picnic").waitFor();
  await screens.see("chats");
}, { out: true });

inspect("the search is", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await page.keyboard.press("Control+k");
  await page.getByRole("group", { name: "Recent chats" }).waitFor();
  await screens.see("search, with nothing asked for");
  await page.keyboard.type("ben");
  await page.getByRole("group", { name: "Chats" }).getByRole("option").first().waitFor();
  await screens.see("search, with what was found");
  await page.keyboard.type("zzzz");
  await anna.button("Find somebody by account").waitFor();
  await screens.see("search, with nothing found");
});

inspect("a chat is, with all that opens over it,", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await anna.openChat("Ben");
  await anna.message("Really?").waitFor();
  await screens.see("single chat");
  await anna.openChat("Picnic");
  await anna.message("Yes!").waitFor();
  await anna.say("I come");
  await anna.seesState("I come", "Sent");
  await anna.button("About this chat").click();
  await anna.button("Actions for Ben").waitFor();
  await screens.see("group chat with panel");
  await anna.button("Emoji").click();
  await page.getByRole("combobox", { name: "Search emoji" }).waitFor();
  await screens.see("emoji");
  await page.keyboard.type("heart");
  await page.keyboard.press("ArrowRight");
  await screens.see("emoji, searched");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+/");
  await anna.dialog("Keyboard shortcuts").waitFor();
  await screens.see("keys");
  await page.keyboard.press("Escape");
  await anna.button("Ben", anna.log).first().click();
  await anna.dialog("Ben").waitFor();
  await screens.see("the card of a contact");
  await page.keyboard.press("Escape");
  await anna.button("Rename").click();
  await anna.dialog("Rename").waitFor();
  await screens.see("rename");
  await page.keyboard.press("Escape");
  await anna.button("Add members").click();
  await anna.dialog("Add members").waitFor();
  await screens.see("add members");
  await page.keyboard.press("Escape");
  await anna.button("Actions for Ben").click();
  await page.getByRole("menuitem", { name: "Remove from group" }).waitFor();
  await screens.see("menu of a member");
  await page.getByRole("menuitem", { name: "Remove from group" }).click();
  await page.getByRole("alertdialog").waitFor();
  await screens.see("a dangerous question");
  await page.keyboard.press("Escape");
  await anna.button("New chat").first().click();
  await anna.button("New group").click();
  await anna.dialog("New group").waitFor();
  await screens.see("new group");
  await page.keyboard.press("Escape");
});

inspect("messages, with what can be done with them, are", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  const { keyboard } = page;
  await anna.openChat("Picnic");
  await anna.message("Yes!").waitFor();
  await anna.menuOf("Yes!");
  await screens.see("the menu of a message");
  await keyboard.press("Escape");
  await anna.act("Yes!", "Reply");
  await page.locator(".answer-bar").waitFor();
  await screens.see("answering");
  await keyboard.type("@b");
  await page.getByRole("option", { name: /Ben/ }).waitFor();
  await screens.see("naming somebody");
  await keyboard.press("Enter");
  await keyboard.press("Enter");
  await anna.log.getByRole("button", { name: "@Ben" }).waitFor();
  await anna.react("Yes!", "🎉");
  await expect.poll(() => anna.reactions("Yes!")).toEqual(["🎉 1"]);
  await anna.act("Yes!", "Pin");
  await page.getByRole("region", { name: "Pinned messages" }).waitFor();
  await screens.see("an answer, a reaction and a pin");
  await anna.act("Yes!", "Who reacted");
  await anna.dialog("1 reaction").waitFor();
  await screens.see("who reacted");
  await keyboard.press("Escape");
  await anna.act("Yes!", "Show replies");
  await page.getByRole("complementary", { name: "Replies" }).getByText("1 reply").waitFor();
  await screens.see("replies");
  await keyboard.press("Escape");
  await anna.act("Yes!", "Forward");
  await anna.dialog("Forward 1 message").waitFor();
  await screens.see("forwarding");
  await keyboard.press("Escape");
  await anna.act("Yes!", "Select");
  await page.getByRole("toolbar", { name: "Selected messages" }).waitFor();
  await screens.see("choosing");
  await keyboard.press("Escape");
  await anna.composer.fill("later");
  await anna.button("Send later").click();
  await anna.dialog("Send later").waitFor();
  await screens.see("sending later");
  await keyboard.press("Escape");
  await page.getByRole("link", { name: "Starred messages" }).click();
  await page.getByText("Nothing is starred yet").waitFor();
  await screens.see("stars");
  await page.getByRole("link", { name: "Mentions" }).click();
  await page.getByRole("heading", { name: "Mentions" }).waitFor();
  await screens.see("mentions");
});

inspect("what is about to be sent, and said, is", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await anna.openChat("Picnic");
  await anna.message("Yes!").waitFor();
  await anna.button("Attach").click();
  await page.getByRole("menuitem", { name: "File" }).waitFor();
  await screens.see("the menu of what can be attached");
  await page.keyboard.press("Escape");
  const sending = anna.dialog("Send to Picnic");
  await page.getByLabel("File", { exact: true }).setInputFiles([text("plan.txt", "bread"), pictureOf("lake.png", 60, 40)]);
  await sending.locator("img").waitFor();
  await screens.see("files that are about to be sent");
  await sending.getByRole("checkbox", { name: "Send as files" }).check();
  await screens.see("pictures as files");
  await anna.button("Remove plan.txt", sending).click();
  await sending.getByRole("checkbox", { name: "Send as files" }).uncheck();
  await screens.see("one picture");
  await page.keyboard.press("Escape");
  await sending.waitFor({ state: "detached" });
  await anna.button("Record a voice message").click();
  const recording = page.getByRole("group", { name: "Voice message", exact: true });
  await recording.getByText("0:01").waitFor();
  await screens.see("recording");
  await anna.button("Stop", recording).click();
  await anna.button("Listen", recording).waitFor();
  await screens.see("recorded");
  await anna.button("Delete the recording", recording).click();
  await recording.waitFor({ state: "detached" });
}, { permissions: ["microphone"] });

inspect("contacts and settings are", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await anna.place("Contacts").click();
  await page.getByRole("region", { name: "Requests to you" }).waitFor();
  await screens.see("contacts");
  await anna.button("Dira").click();
  await anna.dialog("Dira").waitFor();
  await screens.see("the card of who asks");
  await page.keyboard.press("Escape");
  await anna.button("Add contact").first().click();
  await anna.dialog("Add contact").waitFor();
  await screens.see("add contact");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Ben" }).click();
  await page.getByRole("region", { name: "Ben" }).waitFor();
  await screens.see("contact");
  await anna.place("Settings").click();
  for (const section of ["Profile", "Password and devices", "Language and look", "Notifications", "Privacy"]) {
    await page.getByRole("link", { name: section }).click();
    await page.getByRole("region", { name: section }).waitFor();
    await screens.see(section);
  }
});

inspect("a narrow screen is", async (screens) => {
  const { anna } = screens;
  const { page } = anna;
  await screens.see("chats, narrow");
  await anna.openChat("Picnic");
  await screens.see("chat, narrow");
  await anna.button("Ben", anna.log).first().click();
  await anna.dialog("Ben").waitFor();
  await screens.see("card, narrow");
  await page.keyboard.press("Escape");
  await anna.button("About this chat").click();
  await page.getByRole("complementary", { name: "About this chat" }).waitFor();
  await screens.see("panel, narrow");
  await page.keyboard.press("Escape");
  await anna.button("Back").click();
  await anna.place("Settings").click();
  await page.getByRole("link", { name: "Profile" }).click();
  await page.getByRole("region", { name: "Profile" }).waitFor();
  await screens.see("settings, narrow");
}, { viewport: NARROW });

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
  await anna.page.getByRole("option", { name: "Ben", selected: true }).waitFor();
  await keyboard.press("Enter");
  await anna.composer.waitFor();
  await keyboard.type("typed only");
  await keyboard.press("Enter");
  await anna.sees("Hello", "typed only");
});

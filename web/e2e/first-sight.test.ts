// What a browser would do by itself, and does not: show another look first, leave the page for a file, forget where
// somebody wanted to go.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

import type { Person } from "./support/person";
import { story } from "./support/story";

const LIGHT = "rgb(238, 240, 246)";
const DARK = "rgb(17, 19, 27)";

async function signInHere(person: Person, account: string, password: string): Promise<void> {
  await person.page.getByRole("textbox", { name: "Account" }).fill(account);
  await person.page.getByLabel("Password", { exact: true }).fill(password);
  await person.button("Sign in").click();
  await person.isIn();
}

for (const [theme, system] of [["dark", "light"], ["light", "dark"]] as const) {
  story(`a ${theme} look that was chosen is there before the client is, on a ${system} system`, async (stage) => {
    // The worker would bring the client all the same, as soon as it is there.
    stage.expectTrouble();
    const somebody = await stage.seat(null, { colorScheme: system, serviceWorkers: "block" });
    const { page } = somebody;
    await page.evaluate((chosen) => localStorage.setItem("rim.preferences", JSON.stringify({ theme: chosen })), theme);
    // The client never comes: what is seen is what the page alone shows.
    await page.route(/\/assets\/(?!look).*\.js$/, () => undefined);
    await page.reload({ waitUntil: "commit" });
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await expect.poll(ground).toBe(theme === "dark" ? DARK : LIGHT);
    expect(await page.evaluate(() => document.querySelector("#root")?.childElementCount)).toBe(0);
    expect(await page.locator('meta[name="color-scheme"]').getAttribute("content")).toBe(theme);
    const around = await page.locator('meta[name="theme-color"]').evaluateAll((metas) => metas.map((meta) => meta.getAttribute("content")));
    expect(new Set(around)).toEqual(new Set([theme === "dark" ? "#191c27" : "#ffffff"]));
  });
}

story("a chat that is opened signed out is where signing in leads, by any way there", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas, { out: true });
  const { page } = anna;
  await page.goto(`${stage.url}/#/chat/${gid}`);
  await signInHere(anna, annas.account, annas.password);
  await anna.sees("Hello");
  expect(new URL(page.url()).hash).toBe(`#/chat/${gid}`);

  // Who signs out has done with it.
  await anna.place("Settings").click();
  await anna.button("Sign out").click();
  await anna.button("Sign out", page.getByRole("alertdialog")).click();
  await page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await signInHere(anna, annas.account, annas.password);
  await expect.poll(() => new URL(page.url()).hash).toBe("#/chats");

  // Over the page of registering, and a reload of it.
  const other = await stage.seat(annas, { out: true });
  await other.page.goto(`${stage.url}/#/chat/${gid}/info`);
  await other.page.getByRole("link", { name: "Create account" }).click();
  await other.page.reload();
  await other.page.getByRole("link", { name: "Sign in" }).click();
  await signInHere(other, annas.account, annas.password);
  await other.page.getByRole("complementary", { name: "About this chat" }).waitFor();
  expect(new URL(other.page.url()).hash).toBe(`#/chat/${gid}/info`);
});

story("a file that is dropped anywhere, or a picture that is pasted, is about to be sent, and the page stays", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hello"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  await anna.openChat("Ben");
  const sending = anna.dialog("Send to Ben");
  const leave = async (): Promise<void> => {
    await page.keyboard.press("Escape");
    await sending.waitFor({ state: "detached" });
  };
  const file = join(mkdtempSync(join(tmpdir(), "rim-e2e-drop-")), "note.txt");
  writeFileSync(file, "a note");
  const here = page.url();

  for (const place of [anna.composer, anna.log, anna.place("Settings"), page.getByRole("combobox", { name: "Search", exact: true })]) {
    const box = await place.boundingBox();
    if (box === null) throw new Error("it is not shown");
    await drop(page, file, box.x + box.width / 2, box.y + box.height / 2);
    await sending.getByText("note.txt").waitFor();
    await page.getByText("Drop the files here").waitFor({ state: "detached" });
    await leave();
  }
  const paste = (text: string): Promise<void> =>
    anna.composer.evaluate((field, words) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["x"], "picture.png", { type: "image/png" }));
      if (words !== "") clipboardData.setData("text/plain", words);
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  // Some systems give the name of a file that is copied as its text.
  for (const text of ["", "picture.png"]) {
    await paste(text);
    await sending.getByText("picture.png").waitFor();
    await leave();
  }
  // A cell of a table comes as a text and as a picture: the text is meant.
  await paste("42");
  expect(await sending.count()).toBe(0);
  expect(page.url()).toBe(here);
  expect(page.context().pages()).toHaveLength(1);
  await anna.say("still here");
  await anna.sees("Hello", "still here");
});

/** As a hand does, through the browser. */
async function drop(page: Page, file: string, x: number, y: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) await session.send("Input.dispatchDragEvent", { type, x, y, data });
  await session.detach();
}

story("times are by the person's clock, and told of every message by hover", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["one", "two"]);
  const anna = await stage.seat(annas, { locale: "en-US" });
  await anna.openChat("Ben");
  const hidden = anna.message("one").locator("time");
  expect(await hidden.isVisible()).toBe(false);
  await anna.message("one").hover();
  await hidden.waitFor({ state: "visible" });
  for (const text of ["one", "two"]) expect(await anna.message(text).locator("time").innerText()).toMatch(/^\d{1,2}:\d\d\s[AP]M$/u);
  expect(await anna.chatRow("Ben").locator("time").innerText()).toMatch(/^\d{1,2}:\d\d\s[AP]M$/u);

  // In Chinese, at a place with twelve hours and at one with twenty-four.
  const texts = { "en-US": /^[上下]午\d{1,2}:\d\d$/u, "zh-CN": /^\d\d:\d\d$/u };
  for (const [locale, wanted] of Object.entries(texts)) {
    const { page } = await stage.seat(annas, { locale, out: true });
    await page.evaluate(() => localStorage.setItem("rim.preferences", JSON.stringify({ language: "zh" })));
    await page.reload();
    await page.locator("input[name=account]").fill(annas.account);
    await page.locator("input[name=password]").fill(annas.password);
    await page.keyboard.press("Enter");
    await page.locator(".chat-row time").waitFor();
    expect(await page.locator(".chat-row time").innerText()).toMatch(wanted);
  }
});

story("on glass the time of a message is told by a touch, and taken away by the next", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["one", "two"]);
  const anna = await stage.seat(annas, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
  await anna.openChat("Ben");
  const hidden = anna.message("one").locator("time");
  await anna.message("one").tap();
  await hidden.waitFor({ state: "visible" });
  await anna.message("one").tap();
  await hidden.waitFor({ state: "hidden" });
});

story("whoever is seen has a card: one writes to them, asks them and is answered", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const carlas = await stage.account("Carla");
  await bens.befriend(carlas);
  const gid = await bens.group("Picnic", annas, carlas);
  await carlas.send(gid, ["Hello all"]);
  const [anna, carla] = await stage.seats(annas, carlas);
  await anna.openChat("Picnic");

  // By the face of who wrote; the name beside it does the same for keys.
  await anna.message("Hello all").locator(".person-face").click();
  const card = anna.dialog("Carla");
  await card.getByText(`@${carlas.account}`).waitFor();
  await anna.button("Add contact", card).click();
  await card.getByText("Waiting for an answer").waitFor();
  await anna.button("Withdraw", card).waitFor();

  await carla.place("Contacts").click();
  await carla.page.getByRole("region", { name: "Requests to you" }).getByRole("button", { name: "Anna", exact: true }).click();
  await carla.button("Accept", carla.dialog("Anna")).click();
  await carla.dialog("Anna").getByRole("link", { name: "Contact" }).waitFor();
  await anna.button("Withdraw", card).waitFor({ state: "detached" });

  await anna.button("Send message", card).click();
  await anna.page.getByRole("textbox", { name: "Message to Carla" }).waitFor();
  await anna.say("Only to you");
  await carla.page.keyboard.press("Escape");
  await carla.place("Chats").click();
  await carla.openChat("Anna");
  await carla.sees("Only to you");

  // From the list of members, one's own as well.
  await anna.openChat("Picnic");
  await anna.button("About this chat").click();
  const panel = anna.page.getByRole("complementary", { name: "About this chat" });
  await panel.getByRole("button", { name: /^Anna/ }).click();
  await anna.dialog("Anna").getByText("This is you.").waitFor();
  await anna.dialog("Anna").getByRole("link", { name: "Profile" }).click();
  await anna.page.getByRole("heading", { name: "Profile" }).waitFor();
  await anna.dialog("Anna").waitFor({ state: "detached" });
});

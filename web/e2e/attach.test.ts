// Files on their way into a chat: chosen, pasted and dropped, looked at, put in order, stopped.

import { expect } from "vitest";

import { demoBlob } from "../src/ui/fixtures/files";
import type { Account } from "./support/account";
import { audit } from "./support/axe";
import type { Given } from "./support/files";
import { choose, drop, paste, picture, text } from "./support/giving";
import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

interface Scene {
  readonly annas: Account;
  readonly gid: number;
  readonly anna: Person;
  readonly bens: Account;
}

/** Anna has her chat with Ben open. */
async function scene(stage: Stage, seat = {}): Promise<Scene> {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas, seat);
  await anna.openChat("Ben");
  await anna.message("Hello").waitFor();
  return { annas, gid, anna, bens };
}

const about = (anna: Person) => anna.dialog("Send to Ben");
const names = (anna: Person): Promise<string[]> => about(anna).locator("[data-id]").evaluateAll((all) => all.map((each) => each.querySelector("bdi")?.textContent ?? ""));

/** What the messages after the first say, as the server has them. */
async function sent({ annas, gid }: Scene): Promise<Record<string, unknown>[]> {
  const [, ...messages] = await annas.history(gid);
  return messages.map(({ content }) => (content.startsWith("{") ? (JSON.parse(content) as Record<string, unknown>) : { text: content }));
}

story("a picture that is pasted is looked at, sent with a caption, and seen by the other one", async (stage) => {
  const here = await scene(stage);
  const { anna, bens } = here;
  await anna.composer.focus();
  await paste(anna, [await picture(anna, "image.png", 900, 600)]);
  await about(anna).locator("img").waitFor();
  expect(await audit(anna.page)).toEqual([]);
  await anna.page.keyboard.type("From the lake");
  await anna.page.keyboard.press("Enter");
  await about(anna).waitFor({ state: "detached" });
  expect(await anna.composer.evaluate((field) => field === document.activeElement)).toBe(true);
  await expect.poll(() => sent(here)).toHaveLength(1);
  const [said] = await sent(here);
  expect(said).toMatchObject({ name: "image.png", mime: "image/png", width: 900, height: 600, thumbs: [320, 800], caption: "From the lake" });
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.message("From the lake").waitFor();
  const shown = ben.log.getByRole("img", { name: "Picture from Anna" });
  await expect.poll(() => shown.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0))).toBeGreaterThan(0);
});

story("what is dropped anywhere goes to the open chat, in the order it is put, pictures as one", async (stage) => {
  const here = await scene(stage);
  const { anna } = here;
  const { page } = anna;
  const things: Given[] = [];
  for (const [at, name] of ["a.jpg", "bb.jpg", "ccc.jpg"].entries()) things.push(await picture(anna, name, 400 + 100 * at, 300));
  await drop(page.getByRole("list", { name: "List of chats" }), things);
  await about(anna).locator("img").nth(2).waitFor();
  // What comes while it is open comes to the rest.
  await drop(about(anna), [text("notes.txt", "eight o'clock"), text("other.txt", "not this")]);
  await expect.poll(() => names(anna)).toEqual(["a.jpg", "bb.jpg", "ccc.jpg", "notes.txt", "other.txt"]);
  const piece = (name: string) => about(anna).getByRole("button", { name: new RegExp(`^${name}`) });
  await piece("ccc.jpg").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Home");
  await expect.poll(() => names(anna)).toEqual(["ccc.jpg", "a.jpg", "bb.jpg", "notes.txt", "other.txt"]);
  await piece("other.txt").focus();
  await page.keyboard.press("Delete");
  await piece("a.jpg").hover();
  await page.mouse.down();
  await piece("bb.jpg").hover();
  await page.mouse.up();
  await expect.poll(() => names(anna)).toEqual(["ccc.jpg", "bb.jpg", "a.jpg", "notes.txt"]);
  await anna.button("Send", about(anna)).click();
  await anna.say("and words behind them");
  await expect.poll(() => sent(here)).toHaveLength(5);
  const said = await sent(here);
  expect(said.map(({ name, text: words }) => name ?? words)).toEqual(["ccc.jpg", "bb.jpg", "a.jpg", "notes.txt", "and words behind them"]);
  const albums = said.map(({ album }) => album);
  expect(albums[0]).toBeTypeOf("string");
  expect(albums).toEqual([albums[0], albums[0], albums[0], undefined, undefined]);
  await anna.log.getByRole("group", { name: /^3 pictures/ }).waitFor();
  await anna.log.getByText("notes.txt").waitFor();
});

story("what is dropped where no chat is open, and what cannot be read, is refused in words", async (stage) => {
  const { anna } = await scene(stage);
  const { page } = anna;
  await anna.place("Settings").click();
  await drop(page.locator("body"), [text("notes.txt", "lost")]);
  await page.getByText("Files can be sent in an open chat.").waitFor();
  expect(page.url()).toContain("#/settings");
  await anna.place("Chats").click();
  await anna.openChat("Ben");
  // A folder comes as a file that cannot be read.
  await page.evaluate(() => {
    const { slice } = File.prototype;
    File.prototype.slice = function (...range) {
      return this.name === "folder" ? ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) } as unknown as Blob) : slice.apply(this, range);
    };
  });
  await drop(anna.log, [text("folder", ""), text("notes.txt", "found")]);
  await about(anna).getByRole("alert").filter({ hasText: "folder cannot be read. Folders cannot be sent." }).waitFor();
  await expect.poll(() => names(anna)).toEqual(["notes.txt"]);
  await page.keyboard.press("Escape");
  await about(anna).waitFor({ state: "detached" });
  await anna.say("no files");
  await anna.sees("Hello", "no files");
});

story("a film goes with its size, its length and a picture; a picture smaller, or as a file with its bytes", async (stage) => {
  const here = await scene(stage);
  const { anna, annas, gid } = here;
  const film = await demoBlob("Video", 0);
  const large = await picture(anna, "large.jpg", 3000, 1500);
  await choose(anna, "Photo or video", [{ name: "clip.webm", mimeType: "video/webm", buffer: Buffer.from(await film.arrayBuffer()) }]);
  await about(anna).locator("img").waitFor();
  await anna.button("Send", about(anna)).click();
  await choose(anna, "Photo or video", [large]);
  await about(anna).locator("img").waitFor();
  await anna.page.getByRole("checkbox", { name: "Make pictures smaller" }).check();
  await anna.button("Send", about(anna)).click();
  await choose(anna, "File", [large]);
  await about(anna).locator("img").waitFor();
  await anna.page.getByRole("checkbox", { name: "Send as files" }).check();
  await anna.button("Send", about(anna)).click();
  await expect.poll(() => sent(here)).toHaveLength(3);
  const [clip, small, whole] = await sent(here);
  expect(clip).toMatchObject({ name: "clip.webm", mime: "video/webm", width: 160, height: 90 });
  // The poster comes behind the film.
  await expect.poll(async () => (await sent(here))[0]).toHaveProperty("thumbhash");
  expect(small).toMatchObject({ name: "large.jpg", mime: "image/jpeg", width: 1920, height: 960 });
  expect((await annas.history(gid)).map(({ kind }) => kind)).toEqual(["Text", "Video", "Image", "File"]);
  expect(whole).toMatchObject({ name: "large.jpg", size: large.buffer.length });
  expect(Buffer.from(await annas.file(String(whole?.["file"]))).equals(large.buffer)).toBe(true);
});

story("a picture that not every browser shows is drawn anew, and what nobody can draw goes as a file", async (stage) => {
  const here = await scene(stage);
  const { anna, annas, gid } = here;
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  await choose(anna, "Photo or video", [
    bitmap("old.bmp", 40, 30),
    { name: "drawing.svg", mimeType: "image/svg+xml", buffer: Buffer.from(svg) },
    { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("\x89PNG\r\n\x1a\nno more", "latin1") },
    { name: "broken.mp4", mimeType: "video/mp4", buffer: Buffer.from("\0\0\0\x18ftypisom no more", "latin1") },
  ]);
  await expect.poll(() => names(anna)).toHaveLength(4);
  await about(anna).locator("img").waitFor();
  await anna.button("Send", about(anna)).click();
  await expect.poll(() => sent(here)).toHaveLength(4);
  expect((await annas.history(gid)).map(({ kind }) => kind)).toEqual(["Text", "Image", "File", "File", "File"]);
  const said = await sent(here);
  expect(said.map(({ name }) => name)).toEqual(["old.jpg", "drawing.svg", "broken.png", "broken.mp4"]);
  expect(said[0]).toMatchObject({ mime: "image/jpeg", width: 40, height: 30 });
});

story("who sends pictures as files is told which of them say where they were taken", async (stage) => {
  const here = await scene(stage);
  const { anna, annas } = here;
  const plain = await picture(anna, "plain.jpg", 60, 40);
  const located = { ...plain, name: "home.jpg", buffer: withPlace(plain.buffer) };
  await drop(anna.log, [plain]);
  await about(anna).getByLabel("Send as files").check();
  await about(anna).getByText("They do not say where they were taken.").waitFor();
  await drop(about(anna), [located]);
  await about(anna).getByText("home.jpg says where it was taken.").waitFor();
  expect(await audit(anna.page)).toEqual([]);
  await anna.button("Remove home.jpg", about(anna)).click();
  await about(anna).getByText("They do not say where they were taken.").waitFor();
  await drop(about(anna), [located]);
  await about(anna).getByText("home.jpg says where it was taken.").waitFor();
  await anna.button("Send", about(anna)).click();
  await expect.poll(() => sent(here)).toHaveLength(2);
  const [, said] = await sent(here);
  expect(Buffer.from(await annas.file(String(said?.["file"])))).toEqual(located.buffer);
});

/** A JPEG with the table of a camera that knows a latitude. */
function withPlace(jpeg: Buffer): Buffer {
  const table = Buffer.alloc(72);
  table.write("MM\0*", 0, "latin1");
  table.writeUInt32BE(8, 4);
  const row = (at: number, tag: number, type: number, count: number, value: number): void => {
    table.writeUInt16BE(tag, at);
    table.writeUInt16BE(type, at + 2);
    table.writeUInt32BE(count, at + 4);
    table.writeUInt32BE(value, at + 8);
  };
  table.writeUInt16BE(1, 8);
  row(10, 0x8825, 4, 1, 26);
  table.writeUInt16BE(1, 26);
  row(28, 2, 5, 3, 44);
  for (let at = 44; at < 68; at += 8) table.writeUInt32BE(1, at + 4);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 0]), Buffer.from("Exif\0\0", "latin1"), table]);
  segment.writeUInt16BE(segment.length - 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

/** A picture as Windows had them, all of one colour. */
function bitmap(name: string, width: number, height: number): Given {
  const row = Math.ceil((width * 3) / 4) * 4;
  const buffer = Buffer.alloc(54 + row * height, 0x7f);
  buffer.fill(0, 0, 54).write("BM");
  buffer.writeUInt32LE(buffer.length, 2);
  buffer.writeUInt32LE(54, 10);
  buffer.writeUInt32LE(40, 14);
  buffer.writeInt32LE(width, 18);
  buffer.writeInt32LE(height, 22);
  buffer.writeUInt16LE(1, 26);
  buffer.writeUInt16LE(24, 28);
  return { name, mimeType: "image/bmp", buffer };
}

story("what is stopped on its way is never sent; what was attached without a network arrives once", async (stage) => {
  stage.expectTrouble();
  const here = await scene(stage);
  const { anna } = here;
  await anna.page.context().setOffline(true);
  await anna.page.getByText("Offline. Messages will be sent later.").waitFor();
  for (const name of ["stopped.txt", "kept.txt"]) {
    await choose(anna, "File", [text(name, name)]);
    await anna.button("Send", about(anna)).click();
    await about(anna).waitFor({ state: "detached" });
  }
  await anna.say("behind it");
  const row = (name: string) => anna.log.getByRole("article").filter({ hasText: name });
  await anna.button("Stop the upload", row("stopped.txt")).click();
  await row("stopped.txt").waitFor({ state: "detached" });
  await anna.page.context().setOffline(false);
  await anna.seesState("behind it", "Sent");
  expect((await sent(here)).map(({ name, text: words }) => name ?? words)).toEqual(["kept.txt", "behind it"]);
});

story("on a phone the camera is offered, nothing is cut off, and a finger puts pictures in order", async (stage) => {
  const here = await scene(stage, PHONE);
  const { anna } = here;
  const { page } = anna;
  const fits = async (): Promise<boolean> => (await page.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.viewport.width;
  await anna.button("Attach").tap();
  const menu = page.getByRole("menu", { name: "Attach" });
  expect(await menu.getByRole("menuitem").allInnerTexts()).toEqual(["Photo or video", "File", "Take a photo", "Record a video"]);
  expect(await audit(page)).toEqual([]);
  const chooser = page.waitForEvent("filechooser");
  await menu.getByRole("menuitem", { name: "Photo or video" }).tap();
  await (await chooser).setFiles([await picture(anna, "a.jpg", 300, 300), await picture(anna, "bb.jpg", 600, 300), await picture(anna, "ccc.jpg", 300, 600)]);
  await about(anna).locator("img").nth(2).waitFor();
  expect(await fits()).toBe(true);
  expect(await audit(page)).toEqual([]);
  const session = await page.context().newCDPSession(page);
  const touch = async (type: "touchStart" | "touchMove" | "touchEnd", name?: string): Promise<void> => {
    const box = name === undefined ? null : await about(anna).getByRole("button", { name: new RegExp(`^${name}`) }).boundingBox();
    const touchPoints = box === null ? [] : [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
    await session.send("Input.dispatchTouchEvent", { type, touchPoints });
  };
  await touch("touchStart", "a.jpg");
  // It rests until it has it.
  await about(anna).locator(".tray__piece--dragged").waitFor();
  await touch("touchMove", "ccc.jpg");
  await touch("touchEnd");
  await expect.poll(() => names(anna)).toEqual(["bb.jpg", "ccc.jpg", "a.jpg"]);
  await anna.button("Send", about(anna)).tap();
  await expect.poll(() => sent(here)).toHaveLength(3);
  expect((await sent(here)).map(({ name }) => name)).toEqual(["bb.jpg", "ccc.jpg", "a.jpg"]);
  expect(await fits()).toBe(true);
});

// Pictures, films and voice messages in a chat: seen in their place, large, and played.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import type { Account } from "./support/account";
import { audit } from "./support/axe";
import { painted, sendFilm, sendPictures, sendVoice } from "./support/media";
import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;
const RED = [220, 60, 60] as const;
const BLUE = [40, 120, 230] as const;
const GREEN = [30, 230, 90] as const;

/** Anna and Ben have a chat. */
async function together(stage: Stage): Promise<{ annas: Account; bens: Account; gid: number }> {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  return { annas, bens, gid: await annas.single(bens) };
}

const tiles = (person: Person): Locator => person.log.locator("article .tile");
/** One of so many: they may come one by one, and the first that is there need not be the first. */
async function tile(person: Person, at: number, of: number): Promise<Locator> {
  await expect.poll(() => tiles(person).count()).toBe(of);
  return tiles(person).nth(at - 1);
}
const lightbox = (person: Person): Locator => person.page.locator(".lightbox");
const place = (person: Person): Promise<string> => person.page.locator(".lightbox__when").innerText();
const isWhole = (picture: Locator): Promise<boolean> =>
  picture.evaluate((image) => image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0);
const timeOf = (film: Locator): Promise<number> => film.evaluate((each) => (each instanceof HTMLMediaElement ? each.currentTime : -1));

story("pictures that were sent together are one album, and nothing moves when they come", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  await sendPictures(bens, gid, [painted(900, 600, RED), painted(600, 900, BLUE), painted(700, 700, GREEN)], { album: "lake" });
  await bens.send(gid, ["How do you like them?"]);
  const anna = await stage.seat(annas, { out: true });
  // No picture comes before the story says so.
  let come: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (come = resolve));
  await anna.page.route(/\/media\/files\//, async (route) => {
    await held;
    await route.continue();
  });
  await anna.signIn();
  await anna.openChat("Ben");
  const album = anna.log.getByRole("group", { name: "3 pictures from Ben" });
  await album.waitFor();
  expect(await tiles(anna).count()).toBe(3);
  const boxes = (): Promise<object[]> =>
    anna.log.locator(".tile, article").evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON() as object));
  const before = await boxes();
  // Until then there is what they look like from far away.
  expect(await tiles(anna).first().evaluate((tile) => getComputedStyle(tile).backgroundImage)).toContain("data:image/png");
  come();
  for (const picture of await tiles(anna).locator("img").all()) await expect.poll(() => isWhole(picture)).toBe(true);
  expect(await boxes()).toEqual(before);
  expect(await anna.log.getByRole("article").count()).toBe(2);
  expect(await audit(anna.page)).toEqual([]);

  // Each of them has a menu of its own.
  await tiles(anna).nth(1).click({ button: "right" });
  await anna.page.getByRole("menuitem", { name: "React with 👍" }).click();
  await anna.log.getByRole("group", { name: "Reactions" }).or(anna.log.locator(".reactions")).first().waitFor();
});

story("a picture is opened, gone on from, made larger and saved, all by keys", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  const [, second] = await sendPictures(bens, gid, [painted(1000, 500, RED), painted(500, 1000, BLUE)]);
  await sendFilm(bens, gid);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  const first = await tile(anna, 1, 3);
  await first.press("Enter");
  await anna.page.getByRole("dialog", { name: "Picture from Ben" }).waitFor();
  const picture = anna.page.locator(".stage__picture");
  await expect.poll(() => isWhole(picture)).toBe(true);
  expect(await place(anna)).toContain("1 of 3");
  expect(await audit(anna.page)).toEqual([]);

  const scale = (): Promise<number> => picture.evaluate((image) => new DOMMatrix(getComputedStyle(image).transform).a);
  const { keyboard, mouse } = anna.page;
  await keyboard.press("+");
  await keyboard.press("+");
  await expect.poll(scale).toBeCloseTo(2.25);
  await keyboard.press("0");
  await expect.poll(scale).toBe(1);
  await mouse.move(500, 400);
  await mouse.wheel(0, -400);
  await expect.poll(scale).toBeGreaterThan(1.5);
  await mouse.wheel(0, 2000);
  await expect.poll(scale).toBe(1);

  await keyboard.press("ArrowRight");
  await expect.poll(() => place(anna)).toContain("2 of 3");
  const download = anna.page.waitForEvent("download");
  await lightbox(anna).getByRole("link", { name: "Download" }).press("Enter");
  expect((await download).suggestedFilename()).toBe("picture-2.png");
  expect(second?.name).toBe("picture-2.png");
  await keyboard.press("ArrowRight");
  await expect.poll(() => place(anna)).toContain("3 of 3");
  await lightbox(anna).locator("video").waitFor();
  await keyboard.press("ArrowLeft");
  await expect.poll(() => place(anna)).toContain("2 of 3");
  await keyboard.press("Escape");
  await lightbox(anna).waitFor({ state: "detached" });
  await expect.poll(() => first.evaluate((tile) => tile === document.activeElement)).toBe(true);
});

story("a picture that is recalled while it is looked at is gone, and the next is in its place", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  await sendPictures(bens, gid, [painted(400, 300, RED), painted(300, 400, BLUE)]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await (await tile(anna, 1, 2)).click();
  await expect.poll(() => place(anna)).toContain("1 of 2");
  const [first] = await bens.history(gid);
  await bens.post("message/recall", { gid, msgId: first?.id });
  await expect.poll(() => place(anna)).not.toContain("of");
  await lightbox(anna).locator(".stage__picture").waitFor();
  await anna.page.keyboard.press("Escape");
  expect(await tiles(anna).count()).toBe(1);
});

story("a film is played in its place, from any moment of it", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  const { id } = await sendFilm(bens, gid, { caption: "Look how it moves" });
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.message("Look how it moves").waitFor();
  const answers: (readonly [status: number, range: string])[] = [];
  anna.page.on("response", (answer) => {
    if (answer.url().endsWith(`/media/files/${id}`)) answers.push([answer.status(), answer.headers()["content-range"] ?? ""]);
  });
  const before = await anna.message("Look how it moves").boundingBox();
  // Nothing of the film itself is loaded before somebody wants it.
  expect(answers).toEqual([]);
  await anna.page.getByRole("button", { name: "Play the video from Ben" }).press("Enter");
  const video = anna.log.locator("video");
  await expect.poll(() => timeOf(video)).toBeGreaterThan(0.1);
  expect(await video.evaluate((player) => player === document.activeElement)).toBe(true);
  expect(await anna.message("Look how it moves").boundingBox()).toEqual(before);
  expect(answers[0]).toEqual([206, expect.stringMatching(/^bytes 0-/)]);
  await video.evaluate((player) => {
    if (player instanceof HTMLMediaElement) {
      player.pause();
      player.currentTime = 1.5;
    }
  });
  await expect.poll(() => video.evaluate((player) => player instanceof HTMLMediaElement && !player.seeking && player.readyState >= 2)).toBe(true);
  expect(await timeOf(video)).toBeCloseTo(1.5, 1);
});

story("a long sound is heard from its middle without all that comes before", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  // Half an hour: 7 MB.
  const seconds = 1800;
  const { id } = await sendVoice(bens, gid, seconds);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  const ranges: string[] = [];
  anna.page.on("request", (request) => {
    if (request.url().endsWith(`/media/files/${id}`)) ranges.push(request.headers()["range"] ?? "whole");
  });
  const voice = anna.log.getByRole("group", { name: "Voice message from Ben" });
  await anna.button("Play", voice).click();
  await anna.button("Pause", voice).click();
  const slider = voice.getByRole("slider", { name: "Position" });
  await slider.fill("1500");
  await expect.poll(() => ranges.map((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0)).some((from) => from > 4_000_000)).toBe(true);
  await anna.button("Play", voice).click();
  await expect.poll(() => slider.getAttribute("aria-valuetext")).toMatch(/^25:0[1-9] of 30:00$/);
});

story("voice messages are played one after the other, and who sent them sees that", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  // Both go on for long enough that they are seen while they play, also on a busy machine.
  await sendVoice(bens, gid, 15);
  await sendVoice(bens, gid, 14);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  const voices = anna.log.getByRole("group", { name: "Voice message from Ben" });
  await expect.poll(() => voices.getByText("Not played yet").count()).toBe(2);
  await expect.poll(() => ben.log.getByText("Nobody has played it yet").count()).toBe(2);
  await anna.button("Play", voices.first()).press("Enter");
  await anna.button(/^Speed 1×/, voices.first()).click();
  await voices.nth(1).getByRole("button", { name: "Pause" }).waitFor();
  // The speed goes along.
  await anna.button(/^Speed 1.5×/, voices.nth(1)).waitFor();
  expect(await audit(anna.page)).toEqual([]);
  await expect.poll(() => voices.getByText("Played", { exact: true }).count()).toBe(2);
  await expect.poll(() => ben.log.getByText("Played by 1 person").count()).toBe(2);
  await voices.nth(1).getByRole("button", { name: "Play" }).waitFor();
});

story("what is played out of sight says so, and leads back", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  await sendVoice(bens, gid, 600);
  await bens.send(gid, Array.from({ length: 40 }, (_, at) => `and ${at + 1}`));
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.log.evaluate((log) => log.scrollTo(0, 0));
  const voice = anna.log.getByRole("group", { name: "Voice message from Ben" });
  await anna.button("Play", voice).click();
  const bar = anna.page.getByRole("group", { name: "Now playing" });
  expect(await bar.count()).toBe(0);
  await anna.log.evaluate((log) => log.scrollTo(0, log.scrollHeight));
  await bar.getByText("Ben").waitFor();
  expect(await audit(anna.page)).toEqual([]);
  await bar.getByRole("button", { name: /^Ben/ }).click();
  await anna.button("Pause", voice).waitFor();
  await bar.waitFor({ state: "detached" });
  await anna.place("Contacts").click();
  await anna.place("Chats").click();
  await anna.openChat("Ben");
  await anna.log.evaluate((log) => log.scrollTo(0, log.scrollHeight));
  await anna.button("Stop", bar).click();
  await bar.waitFor({ state: "detached" });
});

story("on a phone a picture is opened by a tap, gone on from by a swipe, and closed by one downwards", async (stage) => {
  const { annas, bens, gid } = await together(stage);
  await sendPictures(bens, gid, [painted(900, 600, RED), painted(600, 900, BLUE), painted(1200, 300, GREEN)], { album: "lake" });
  await sendVoice(bens, gid, 3);
  await sendFilm(bens, gid, { caption: "A film with words below it that are longer than it is wide, by far" });
  const anna = await stage.seat(annas, PHONE);
  const { page } = anna;
  await anna.openChat("Ben");
  await anna.log.locator(".voice").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await anna.log.evaluate((log) => log.scrollWidth <= log.clientWidth)).toBe(true);
  await (await tile(anna, 1, 4)).tap();
  await expect.poll(() => place(anna)).toContain("1 of 4");
  const session = await page.context().newCDPSession(page);
  const finger = async (points: readonly (readonly [number, number])[]): Promise<void> => {
    for (const [at, [x, y]] of points.entries()) {
      await session.send("Input.dispatchTouchEvent", { type: at === 0 ? "touchStart" : "touchMove", touchPoints: [{ x, y }] });
    }
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await finger([[300, 370], [240, 372], [140, 372], [60, 372]]);
  await expect.poll(() => place(anna)).toContain("2 of 4");
  await finger([[60, 370], [140, 372], [240, 372], [300, 372]]);
  await expect.poll(() => place(anna)).toContain("1 of 4");
  await finger([[180, 300], [182, 380], [182, 500], [182, 620]]);
  await lightbox(anna).waitFor({ state: "detached" });
});

story("a picture that is answered or pinned is seen beside its name, and only where it is still there", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await sendPictures(bens, gid, [painted(600, 400, [40, 160, 200])], { caption: "The lake" });
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  const looks = (): Promise<number[]> =>
    anna.page.locator(".thumb img").evaluateAll((all) => all.map((each) => (each instanceof HTMLImageElement ? each.naturalWidth : 0)));
  await anna.act("The lake", "Reply");
  await expect.poll(looks).toEqual([320]);
  await anna.say("When was that?");
  await anna.quoteIn("When was that?").locator(".thumb img").waitFor();
  await anna.act("The lake", "Pin");
  await expect.poll(looks).toEqual([320, 320]);
  const [{ id } = { id: 0 }] = await bens.history(gid);
  await bens.post("message/recall", { gid, msgId: id });
  await expect.poll(looks).toEqual([]);
});

// What was sent in a chat, gathered beside it: pictures and films, files, links, sounds.

import { expect } from "vitest";

import type { Account } from "./support/account";
import { audit } from "./support/axe";
import { painted, sendFile, sendFilm, sendPictures, sendVoice } from "./support/media";
import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

const NARROW = { width: 360, height: 740 };
const RED = [220, 60, 60] as const;

/** Ben has sent some of each, and much else. */
async function full(stage: Stage): Promise<{ annas: Account; bens: Account; gid: number }> {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await sendPictures(bens, gid, [painted(400, 300, RED), painted(300, 400, RED)]);
  await sendFilm(bens, gid);
  await sendFile(bens, gid, "budget 2027.txt", Buffer.from("1,000 for cake\n"));
  await bens.send(gid, ["The map: https://maps.example.org/lake and nothing else"]);
  await sendVoice(bens, gid, 3);
  await bens.send(gid, Array.from({ length: 120 }, (_, at) => `line ${at + 1}`));
  return { annas, bens, gid };
}

const panel = ({ page }: Person) => page.getByRole("complementary", { name: "Media, files and links" });
const tab = (person: Person, name: string) => panel(person).getByRole("tab", { name });

async function opened(anna: Person): Promise<void> {
  await anna.openChat("Ben");
  await anna.button("About this chat").click();
  await anna.button("Media, files and links").click();
  await panel(anna).waitFor();
}

story("the gallery of a chat has its pictures, files, links and sounds, and leads to each", async (stage) => {
  const { annas, bens, gid } = await full(stage);
  const anna = await stage.seat(annas);
  await opened(anna);
  const cells = panel(anna).getByRole("button", { name: /^(Picture|Video) from Ben/ });
  await expect.poll(() => cells.count()).toBe(3);
  expect(await audit(anna.page)).toEqual([]);
  // Newest first; what comes meanwhile is there at once.
  expect(await cells.first().getAttribute("aria-label")).toMatch(/^Video/);
  await sendPictures(bens, gid, [painted(200, 200, RED)]);
  await expect.poll(() => cells.count()).toBe(4);

  await tab(anna, "Media").press("ArrowRight");
  const file = panel(anna).getByRole("link", { name: /^budget 2027\.txt/ });
  await file.waitFor();
  expect(await audit(anna.page)).toEqual([]);
  const download = anna.page.waitForEvent("download");
  await file.click();
  expect((await download).suggestedFilename()).toBe("budget 2027.txt");
  await anna.page.keyboard.press("Tab");
  await anna.page.keyboard.press("Enter");
  await anna.log.getByText("budget 2027.txt").waitFor();

  await tab(anna, "Links").click();
  expect(await panel(anna).getByRole("link", { name: "maps.example.org/lake" }).getAttribute("href")).toBe("https://maps.example.org/lake");
  await tab(anna, "Audio").click();
  await panel(anna).getByRole("group", { name: "Voice message from Ben" }).waitFor();
  expect(await audit(anna.page)).toEqual([]);

  // It is a place: back leads to the panel, and a reload to it.
  await anna.page.reload();
  await panel(anna).waitFor();
  await anna.button("Back", panel(anna)).click();
  const about = anna.page.getByRole("complementary", { name: "About this chat" });
  await about.waitFor();
  // By keys: it begins as a place to read, and Esc gives the chat back.
  await anna.button("Media, files and links").press("Enter");
  await expect.poll(() => panel(anna).evaluate((each) => each === document.activeElement)).toBe(true);
  await anna.page.keyboard.press("Escape");
  await panel(anna).waitFor({ state: "detached" });
  expect(await about.count()).toBe(0);
  expect(await anna.page.evaluate(() => document.activeElement === document.body)).toBe(false);
});

story("from the newest picture one comes to the oldest, which the chat has not loaded", async (stage) => {
  const { annas, bens, gid } = await full(stage);
  await bens.send(gid, Array.from({ length: 120 }, (_, at) => `more ${at + 1}`));
  await sendPictures(bens, gid, [painted(500, 500, RED)]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  // It is opened at the first that is new.
  await anna.log.getByText("line 1", { exact: true }).waitFor();
  await anna.page.locator(".message-list__jump").click();
  await anna.log.getByText("more 120", { exact: true }).waitFor();
  await anna.log.locator(".tile").last().click();
  const place = anna.page.locator(".lightbox__when");
  await expect.poll(() => place.innerText()).toContain("4 of 4");
  for (const at of [3, 2, 1]) {
    await anna.page.keyboard.press("ArrowLeft");
    await expect.poll(() => place.innerText()).toContain(`${at} of 4`);
  }
  await anna.button("Show in chat").click();
  await anna.page.locator(".lightbox").waitFor({ state: "detached" });
  await anna.log.locator(".message--found .tile, .tile").first().waitFor();
});

story("what is recalled is gone from the gallery", async (stage) => {
  const { annas, bens, gid } = await full(stage);
  const anna = await stage.seat(annas);
  await opened(anna);
  const cells = panel(anna).getByRole("button", { name: /^(Picture|Video) from Ben/ });
  await expect.poll(() => cells.count()).toBe(3);
  const film = (await bens.history(gid)).find(({ content }) => content.includes("video/webm"));
  await bens.post("message/recall", { gid, msgId: film?.id });
  await expect.poll(() => cells.count()).toBe(2);
});

story("on a narrow screen the gallery has all of it, and gives the chat back", async (stage) => {
  const { annas } = await full(stage);
  const anna = await stage.seat(annas, { viewport: NARROW });
  await opened(anna);
  for (const name of ["Media", "Files", "Links", "Audio"]) {
    await tab(anna, name).click();
    await panel(anna).getByRole("listitem").first().waitFor();
    expect(await anna.page.evaluate(() => document.documentElement.scrollWidth), name).toBe(360);
  }
  // To the message: the chat lies open again.
  await anna.button(/Show in chat$/, panel(anna)).click();
  await panel(anna).waitFor({ state: "detached" });
  await anna.log.getByRole("group", { name: "Voice message from Ben" }).waitFor();
});

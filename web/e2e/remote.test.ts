// What lies on another host: nobody there hears who reads before somebody has said so.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import type { Account } from "./support/account";
import { Elsewhere } from "./support/elsewhere";
import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

/** A group in which everything is elsewhere that may be, and the other host. */
async function scattered(stage: Stage): Promise<{ anna: Account; ben: Account; elsewhere: Elsewhere }> {
  const [anna, ben] = await stage.friends("Anna", "Ben");
  const elsewhere = await Elsewhere.start();
  stage.atEnd(() => elsewhere.stop());
  const at = (path: string): string => elsewhere.url(path);
  await anna.picture(at("/anna.png"));
  const gid = await anna.group("Picnic", ben);
  await anna.groupPicture(gid, "Picnic", at("/picnic.png"));
  await anna.send(gid, [JSON.stringify({ url: at("/large.png"), width: 640, height: 480, size: 52_000 }), at("/small.png")], "Image");
  await anna.send(gid, [JSON.stringify({ url: at("/film.wav"), durationMs: 100, poster: at("/poster.png") })], "Video");
  await anna.send(gid, [JSON.stringify({ url: at("/sound.wav"), durationMs: 100 })], "Audio");
  await anna.send(gid, [JSON.stringify({ uid: anna.uid, name: "Anna", avatar: at("/card.png") })], "Card");
  await anna.send(gid, [`![a picture](${at("/marked.png")}) and [a link](${at("/link")})`], "RichText");
  return { anna, ben, elsewhere };
}

const question = ({ log }: Person, what: string): Locator => log.getByRole("group", { name: new RegExp(`^${what} from Anna, on`) });

/** Everything that is there is shown: it may come one by one. */
async function isSeen(ben: Person): Promise<void> {
  await ben.openChat("Picnic");
  await expect.poll(() => question(ben, "Picture").count()).toBe(2);
  await question(ben, "Video").waitFor();
  await question(ben, "Audio").waitFor();
  await ben.log.getByRole("link", { name: "a link" }).waitFor();
}

/** What was asked for before this comes was asked for before: the one that is waited for is the last. */
async function settles(ben: Person, elsewhere: Elsewhere): Promise<void> {
  const last = elsewhere.url(`/last-${Math.random()}.png`);
  await ben.page.evaluate(async (address) => {
    const picture = new Image();
    picture.referrerPolicy = "no-referrer";
    picture.src = address;
    await picture.decode();
  }, last);
}

const withoutLast = (elsewhere: Elsewhere): readonly string[] => elsewhere.asked.filter((path) => !path.startsWith("/last-"));

story("nothing is asked of another host by any screen", async (stage) => {
  const { ben: bens, elsewhere } = await scattered(stage);
  const ben = await stage.seat(bens);
  await ben.chatRow("Picnic").waitFor();
  await isSeen(ben);
  await ben.button("About this chat").click();
  await ben.page.getByText(`The picture is on ${elsewhere.host}.`).waitFor();
  await ben.button("Anna", ben.log).first().click();
  await ben.dialog("Anna").getByText(`The picture is on ${elsewhere.host}.`).waitFor();
  await ben.page.keyboard.press("Escape");
  await ben.place("Contacts").click();
  await ben.page.getByRole("list", { name: "List of contacts" }).getByRole("link").filter({ hasText: "Anna" }).click();
  await ben.page.getByRole("heading", { name: "Anna" }).waitFor();
  // Nor of somebody who is found.
  await ben.button("Add contact").first().click();
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere)).toEqual([]);
});

story("a picture of another host is asked for by a click on it, and nothing moves when it comes", async (stage) => {
  const { ben: bens, elsewhere } = await scattered(stage);
  const ben = await stage.seat(bens);
  await isSeen(ben);
  const articles = ben.log.getByRole("article");
  const heights = (): Promise<number[]> => articles.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  const before = await heights();
  const first = question(ben, "Picture").first();
  await first.getByText("640 × 480 · 52 kB").waitFor();
  await ben.button("Load picture", first).click();
  const shown = ben.log.locator(".body__picture--shown");
  await shown.waitFor();
  expect(await heights()).toEqual(before);
  expect(elsewhere.asked).toEqual(["/large.png"]);

  // The rest by keyboard, and the focus goes on with what came.
  const second = ben.button("Load picture", question(ben, "Picture"));
  await second.focus();
  await ben.page.keyboard.press("Enter");
  await expect.poll(() => shown.count()).toBe(2);
  await expect.poll(() => shown.nth(1).evaluate((button) => button === document.activeElement)).toBe(true);
  await ben.page.keyboard.press("Enter");
  await ben.page.getByRole("dialog", { name: "Picture from Anna" }).waitFor();
  await ben.page.keyboard.press("Escape");
  expect(elsewhere.asked).toEqual(["/large.png", "/small.png"]);

  await ben.button("Load audio", question(ben, "Audio")).press("Enter");
  const sound = ben.log.locator("audio");
  await expect.poll(() => sound.evaluate((player) => player instanceof HTMLAudioElement && player.readyState > 0)).toBe(true);
  expect(await sound.evaluate((player) => player === document.activeElement)).toBe(true);
  await ben.button("Load video", question(ben, "Video")).click();
  await expect.poll(() => elsewhere.asked).toContain("/film.wav");
  await expect.poll(() => elsewhere.asked).toContain("/poster.png");
  expect(await heights()).toEqual(before);
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere)).toEqual(["/film.wav", "/large.png", "/poster.png", "/small.png", "/sound.wav"]);
  expect(elsewhere.referrers).toEqual([]);

  // It was meant once.
  elsewhere.forget();
  await ben.page.reload();
  await isSeen(ben);
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere)).toEqual([]);
});

story("a host and a chat may be allowed for good, and that is taken back in the settings", async (stage) => {
  const { ben: bens, elsewhere } = await scattered(stage);
  const ben = await stage.seat(bens);
  const choose = async (what: string): Promise<void> => {
    await ben.button(`More choices for ${elsewhere.host}`, question(ben, "Picture").first()).click();
    await ben.page.getByRole("menuitem", { name: what }).click();
  };
  const shown = ben.log.locator(".body__picture--shown");
  const takeBack = async (name: string): Promise<void> => {
    await ben.place("Settings").click();
    await ben.page.getByRole("link", { name: "Privacy" }).click();
    await ben.button(`Remove ${name}`).click();
    await ben.page.getByText("Nothing. Where you are asked, you can choose a site or a chat.").waitFor();
    await ben.place("Chats").click();
  };

  await isSeen(ben);
  await choose("Always load in this chat");
  await expect.poll(() => shown.count()).toBe(2);
  await expect.poll(() => elsewhere.asked).toContain("/card.png");
  // The pictures of people are seen in other places as well.
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere).filter((path) => ["/anna.png", "/picnic.png", "/marked.png", "/link"].includes(path))).toEqual([]);
  await ben.page.reload();
  await expect.poll(() => shown.count()).toBe(2);
  await takeBack("Picnic");
  await isSeen(ben);

  await choose(`Always load from ${elsewhere.host}`);
  await expect.poll(() => shown.count()).toBe(2);
  await expect.poll(() => elsewhere.asked).toContain("/anna.png");
  await expect.poll(() => elsewhere.asked).toContain("/picnic.png");
  // Another tab of the same browser knows it, and learns that it was taken back.
  const tab = await stage.tab(ben);
  await tab.openChat("Picnic");
  await expect.poll(() => tab.log.locator(".body__picture--shown").count()).toBe(2);
  await takeBack(elsewhere.host);
  await question(tab, "Picture").first().waitFor();
  await tab.page.close();
  await isSeen(ben);

  // Whoever signs out leaves nothing of it.
  await choose("Always load in this chat");
  await ben.place("Settings").click();
  await ben.button("Sign out").click();
  await ben.button("Sign out", ben.page.getByRole("alertdialog")).click();
  await ben.page.getByRole("heading", { name: "Welcome back" }).waitFor();
  expect(await ben.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("remote")))).toEqual([]);
});

story("the picture of somebody is shown where one asks for it, from then on, and another one is asked about again", async (stage) => {
  const { anna: annas, ben: bens, elsewhere } = await scattered(stage);
  const ben = await stage.seat(bens);
  await ben.openChat("Picnic");
  await ben.button("Anna", ben.log).first().click();
  const card = ben.dialog("Anna");
  await ben.button("Show picture", card).click();
  await card.locator("img.avatar").waitFor();
  await ben.button("Hide picture", card).waitFor();
  await ben.page.keyboard.press("Escape");
  await ben.page.reload();
  await ben.log.locator("img.avatar").first().waitFor();
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere)).toEqual(["/anna.png"]);

  await annas.picture(elsewhere.url("/anna-2.png"));
  await expect.poll(() => ben.log.locator("img.avatar").count()).toBe(0);
  await settles(ben, elsewhere);
  expect(withoutLast(elsewhere)).toEqual(["/anna.png"]);
});

story("where the server forbids it, nothing of another host is offered, and the browser is told so", async (stage) => {
  const rim = await stage.ownRim("--remote-pictures", "never");
  const policy = (await fetch(rim.url)).headers.get("Content-Security-Policy") ?? "";
  expect(policy).toContain("img-src 'self' data: blob:;");
  expect(policy).toMatch(/media-src 'self' blob:$/);
  const { ben: bens, elsewhere } = await scattered(stage);
  const ben = await stage.seat(bens);
  await isSeen(ben);
  const first = question(ben, "Picture").first();
  await first.getByText("This server does not load anything from other sites.").waitFor();
  expect(await first.getByRole("link", { name: "Open in a new tab" }).getAttribute("href")).toBe(elsewhere.url("/large.png"));
  await expect.poll(() => ben.log.getByRole("button", { name: /^Load / }).count()).toBe(0);
  await ben.place("Settings").click();
  await ben.page.getByRole("link", { name: "Privacy" }).click();
  await ben.page.getByRole("main").getByText("This server does not load anything from other sites.").waitFor();
  expect(elsewhere.asked).toEqual([]);
});

story("a notification has no picture of another host before it may be loaded", async (stage) => {
  const { anna: annas, ben: bens, elsewhere } = await scattered(stage);
  const single = await annas.single(bens);
  const ben = await stage.seat(bens, {
    oddity: () => {
      const icons: string[] = [];
      class Told extends EventTarget {
        static readonly permission = "granted";
        constructor(_: string, { icon }: NotificationOptions) {
          super();
          icons.push(icon ?? "");
        }
        close(): void {}
      }
      Object.assign(window, { Notification: Told, icons });
      // The page before the first has no storage.
      if (origin !== "null") localStorage.setItem("rim.preferences", JSON.stringify({ notify: true }));
      document.hasFocus = () => false;
    },
  });
  const icons = (): Promise<string[]> => ben.page.evaluate(() => (window as unknown as { icons: string[] }).icons);
  await annas.send(single, ["Hello"]);
  await expect.poll(icons).toEqual(["icons/icon-192.png"]);
  await ben.openChat("Picnic");
  await ben.button("Anna", ben.log).first().click();
  await ben.button("Show picture", ben.dialog("Anna")).click();
  await annas.send(single, ["Hello again"]);
  await expect.poll(icons).toEqual(["icons/icon-192.png", elsewhere.url("/anna.png")]);
});

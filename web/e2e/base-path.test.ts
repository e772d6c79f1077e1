// Where the server is, and who comes first.

import { expect } from "vitest";

import { attach, pictureOf } from "./support/files";
import { story } from "./support/story";

story("below a path of a proxy everything works, without a word about the root", async (stage) => {
  const { rim, prefix } = await stage.ownPrefixed("/chat");
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await anna.say("from below");
  await ben.openChat("Anna");
  await ben.sees("Hello", "from below");
  await anna.seesState("from below", "Read");

  // A picture that only those may load who see its message.
  await attach(anna, pictureOf("lake.png", 300, 200));
  for (const person of [anna, ben]) {
    const seen = person.log.getByRole("img", { name: /^Picture from / });
    await expect.poll(() => seen.evaluate((img: HTMLImageElement) => (img.src.startsWith("http") ? img.naturalWidth : 0))).toBeGreaterThan(0);
  }

  // A chunk that is loaded late, and a picture of the server's.
  await anna.button("Emoji").click();
  await anna.page.getByLabel("Search emoji").waitFor();
  await anna.page.keyboard.press("Escape");
  await anna.place("Settings").click();
  await anna.page.getByRole("link", { name: "Profile" }).click();
  const picture = await anna.page.screenshot({ clip: { x: 0, y: 0, width: 1000, height: 700 } });
  const choosing = anna.page.waitForEvent("filechooser");
  await anna.button("Change picture").click();
  await (await choosing).setFiles({ name: "me.png", mimeType: "image/png", buffer: picture });
  await anna.button("Use picture", anna.dialog("Choose the part to show")).click();
  const shown = anna.page.getByRole("main").locator("img").first();
  await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(200);

  // What is kept is kept under the path, and starts without a network.
  const kept = await anna.page.evaluate(async () => {
    const { scope } = await navigator.serviceWorker.ready;
    return { scope, caches: await caches.keys(), names: Object.keys(localStorage) };
  });
  expect(new URL(kept.scope).pathname).toBe(`${prefix}/`);
  expect(kept.caches).toEqual([`${prefix}/rim-shell-1`]);
  expect(kept.names).toContain(`${prefix}/rim.session`);
  const manifest = await anna.page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="manifest"]');
    const { start_url, scope } = (await (await fetch(link?.href ?? "")).json()) as Record<string, string>;
    return [start_url, scope].map((path) => new URL(path ?? "", link?.href).pathname);
  });
  expect(manifest).toEqual([`${prefix}/`, `${prefix}/`]);
  stage.expectTrouble();
  await rim.kill();
  await ben.page.reload();
  await ben.chatRow("Anna").waitFor();
});

story("who comes to an empty server first is welcomed and creates the first account", async (stage) => {
  await stage.ownRim();
  const first = await stage.seat(null);
  await first.page.getByRole("heading", { name: "Welcome!" }).waitFor();
  await first.page.getByText("Create the first account of this server.").waitFor();
  expect(await first.page.getByRole("link", { name: "Sign in" }).count()).toBe(0);
  await first.page.getByRole("textbox", { name: "Account" }).fill("anna");
  await first.page.getByRole("textbox", { name: "Name" }).fill("Anna");
  await first.page.getByLabel("Password", { exact: true }).fill("a long secret");
  await first.button("Create account").click();
  await first.isIn();

  const second = await stage.seat(null);
  await second.page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await second.page.getByRole("link", { name: "Create account" }).waitFor();
});

story("where registration is closed nobody is led to it", async (stage) => {
  await stage.ownRim("--registration", "closed");
  const first = await stage.seat(null);
  await first.page.getByText("Whoever runs this server creates the first account").waitFor();
  await first.page.goto(`${stage.url}/#/register`);
  await first.button("Sign in").waitFor();
  expect(await first.page.getByRole("link", { name: "Create account" }).count()).toBe(0);
});

// The pictures of the README, of real people at a real server, into docs/images.

import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

import { Account } from "../support/account";
import type { Person } from "../support/person";
import { type Stage, story } from "../support/story";
import { withPalette } from "./png";

const FOLDER = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const MOST_BYTES = 150 * 1024;
const WIDE = { width: 1200, height: 760 };
const NARROW = { width: 390, height: 780 };
const GROUP = "Saturday in the hills";

async function take(person: Person, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await person.page.evaluate(() => document.fonts.ready.then(() => undefined));
  const path = `${FOLDER}${name}.png`;
  writeFileSync(path, withPalette(await person.page.screenshot({ caret: "hide" })));
  expect(statSync(path).size).toBeLessThan(MOST_BYTES);
}

/** A morning of Mara, who has chats with everybody. */
async function morning(stage: Stage): Promise<Account> {
  const make = (name: string, account: string) => Account.create(stage.url, name, account);
  const mara = await make("Mara", "mara");
  const jonas = await make("Jonas", "jonas");
  const lin = await make("林晓", "linxiao");
  const amelie = await make("Amélie", "amelie");
  const tomas = await make("Tomás", "tomas");
  await mara.befriend(jonas, lin, amelie, tomas);
  await tomas.send(await mara.single(tomas), ["The train leaves at 7:42, platform 3."]);
  await lin.send(await mara.single(lin), ["周末一起去爬山吗？"]);
  const readers = await mara.group("Book club", jonas, amelie);
  await mara.send(readers, ["Chapter six for Tuesday, then?"]);
  await jonas.send(readers, ["I am still in chapter four 🙈"]);
  const amelies = await mara.single(amelie);
  await amelie.send(amelies, ["Did you find the map?"]);
  await mara.send(amelies, ["Yes, it was in the blue jacket"]);

  const group = await mara.group(GROUP, jonas, lin, amelie);
  await jonas.send(group, ["Who comes on Saturday?", "The forecast is good until the evening."]);
  await amelie.send(group, ["Me! I bring bread and cheese 🧀"]);
  await lin.send(group, ["我也来！ I take the early train."]);
  await mara.send(group, ["Then we are four."]);
  await mara.send(
    group,
    ["**Plan**\n\n1. Meet at the station, *8:15*\n2. Up to the lake, about three hours\n3. Swim, if you dare"],
    "RichText",
  );
  await jonas.send(group, ["The way up: https://example.org/lake"]);
  await amelie.send(group, ["👍"]);
  await mara.send(group, ["See you there!"]);
  return mara;
}

story("the pictures of the README", async (stage) => {
  // A server of its own: the accounts have no odd ends there.
  await stage.ownRim();
  const account = await morning(stage);
  const mara = await stage.seat(account, { viewport: WIDE });
  await mara.openChat(GROUP);
  await mara.message("See you there!").waitFor();
  await mara.log.locator("strong").waitFor();
  await mara.page.mouse.move(0, 0);
  await take(mara, "chat-light");

  await mara.page.emulateMedia({ colorScheme: "dark" });
  await mara.page.locator('[data-look="dark"]').waitFor();
  await mara.button("About this chat").click();
  await mara.button("Actions for Jonas").waitFor();
  await mara.composer.focus();
  await mara.page.mouse.move(0, 0);
  await take(mara, "chat-dark");

  const phone = await stage.seat(account, { viewport: NARROW, isMobile: true, hasTouch: true });
  await phone.openChat(GROUP);
  await phone.message("See you there!").waitFor();
  await phone.log.locator("strong").waitFor();
  await take(phone, "narrow");
});

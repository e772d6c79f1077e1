// The pictures of the README in both languages, of real people at a real server, into docs/images and docs/zh/images.

import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect } from "vitest";

import { Account } from "../support/account";
import type { Person } from "../support/person";
import { sendFile, sendPictures, sendVoice } from "../support/media";
import { type Seat, type Stage, story } from "../support/story";
import { WALK } from "./hills";
import { withPalette } from "./png";

const DOCS = fileURLToPath(new URL("../../../docs/", import.meta.url));
const MOST_BYTES = 150 * 1024;
const WIDE = { width: 1200, height: 760 };
const NARROW = { width: 390, height: 780 };

const PLAN = "**Plan**\n\n1. Meet at the station, *8:15*\n2. Up to the lake, about three hours\n3. Swim, if you dare";
const CHINESE_PLAN = "**行程**\n\n1. *8:15* 车站集合\n2. 上山到湖边，大约三小时\n3. 敢的话就下水游泳";

/** Somebody's morning, and how it is shown. */
interface Scene {
  /** Below docs/. */
  readonly folder: string;
  readonly locale: string;
  readonly morning: (stage: Stage) => Promise<{ readonly account: Account; readonly gid: number }>;
  /** The last thing that is said in the group. */
  readonly last: string;
}

/** The message of a chat that says this. */
async function said(reader: Account, gid: number, content: string): Promise<{ gid: number; msgId: number }> {
  const found = (await reader.history(gid)).find((message) => message.content === content);
  expect(found, content).toBeDefined();
  return { gid, msgId: found?.id ?? 0 };
}

/** Pictures of the last walk, something that was said on the way, and a file. */
async function showWalk(gid: number, first: Account, second: Account, third: Account, { caption, file }: { caption: string; file: string }): Promise<void> {
  const [head, ...rest] = WALK;
  if (head !== undefined) await sendPictures(first, gid, [head], { album: "walk", caption });
  await sendPictures(first, gid, rest, { album: "walk" });
  await sendVoice(second, gid, 9);
  await sendFile(third, gid, file, Buffer.alloc(48_200, "<trkpt>"));
}

/** Mara has chats with everybody. */
async function english(stage: Stage): Promise<{ account: Account; gid: number }> {
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

  const group = await mara.group("Saturday in the hills", jonas, lin, amelie);
  await jonas.send(group, ["Who comes on Saturday?", "The forecast is good until the evening."]);
  await amelie.send(group, ["Me! I bring bread and cheese 🧀"]);
  await lin.send(group, ["我也来！ I take the early train."]);
  const bread = await said(mara, group, "Me! I bring bread and cheese 🧀");
  for (const hungry of [mara, jonas, lin]) await hungry.post("message/react", { ...bread, emoji: "❤️" });
  await mara.send(group, ["@Amélie then we are four."], "Text", { mentions: [amelie.uid], replyTo: bread.msgId });
  await mara.send(group, [PLAN], "RichText");
  await mara.post("message/pin", await said(mara, group, PLAN));
  await showWalk(group, jonas, lin, amelie, { caption: "Last year, for those who are new", file: "Lake trail.gpx" });
  await mara.send(group, ["See you there!"]);
  return { account: mara, gid: group };
}

async function chinese(stage: Stage): Promise<{ account: Account; gid: number }> {
  const make = (name: string, account: string) => Account.create(stage.url, name, account);
  const lin = await make("林晓", "linxiao");
  const wang = await make("王磊", "wanglei");
  const chen = await make("陈思雨", "siyu");
  const zhou = await make("周航", "zhouhang");
  const mara = await make("Mara", "mara");
  await lin.befriend(wang, chen, zhou, mara);
  await zhou.send(await lin.single(zhou), ["高铁 7:42 发车，3 号站台"]);
  await mara.send(await lin.single(mara), ["See you on Saturday!"]);
  const readers = await lin.group("读书会", wang, chen);
  await lin.send(readers, ["那周二聊第六章？"]);
  await wang.send(readers, ["我还在看第四章 🙈"]);
  const chens = await lin.single(chen);
  await chen.send(chens, ["地图找到了吗？"]);
  await lin.send(chens, ["找到了，在蓝色外套的口袋里"]);

  const group = await lin.group("周六爬山", wang, chen, mara);
  await wang.send(group, ["周六谁去？", "天气预报说到傍晚都是晴天"]);
  await chen.send(group, ["我去！我带面包和奶酪 🧀"]);
  await mara.send(group, ["Me too! 我坐早班车"]);
  const bread = await said(lin, group, "我去！我带面包和奶酪 🧀");
  for (const hungry of [lin, wang, mara]) await hungry.post("message/react", { ...bread, emoji: "❤️" });
  await lin.send(group, ["@陈思雨 那就是我们四个"], "Text", { mentions: [chen.uid], replyTo: bread.msgId });
  await lin.send(group, [CHINESE_PLAN], "RichText");
  await lin.post("message/pin", await said(lin, group, CHINESE_PLAN));
  await showWalk(group, wang, mara, chen, { caption: "去年拍的，给没去过的人看看", file: "湖边路线.gpx" });
  await lin.send(group, ["到时候见！"]);
  return { account: lin, gid: group };
}

const SCENES: readonly Scene[] = [
  { folder: "images/", locale: "en-GB", morning: english, last: "See you there!" },
  { folder: "zh/images/", locale: "zh-CN", morning: chinese, last: "到时候见！" },
];

async function take(page: Page, folder: string, name: string): Promise<void> {
  mkdirSync(DOCS + folder, { recursive: true });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  const path = `${DOCS}${folder}${name}.png`;
  writeFileSync(path, withPalette(await page.screenshot({ caret: "hide" })));
  expect(statSync(path).size).toBeLessThan(MOST_BYTES);
}

/** In whichever language the page is. */
async function signIn({ page }: Person, { account, password }: Account): Promise<void> {
  await page.locator('input[name="account"]').fill(account);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
  await page.locator('[data-connection="online"]').waitFor({ state: "attached" });
}

for (const { folder, locale, morning, last } of SCENES) {
  story(`the pictures of the README in ${locale}`, async (stage) => {
    // A server of its own: the accounts have no odd ends there.
    await stage.ownRim();
    const { account, gid } = await morning(stage);
    const open = async (options: Seat, place = `#/chat/${gid}`): Promise<Person> => {
      const person = await stage.seat(account, { out: true, locale, ...options });
      await signIn(person, account);
      await person.page.evaluate((hash) => (location.hash = hash), place);
      await person.message(last).waitFor();
      const pictures = person.log.locator(".album img");
      await expect.poll(() => pictures.evaluateAll((all) => all.filter((each) => each instanceof HTMLImageElement && each.naturalWidth > 0).length)).toBe(WALK.length);
      return person;
    };
    const { page } = await open({ viewport: WIDE });
    await page.mouse.move(0, 0);
    await take(page, folder, "chat-light");

    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator('[data-look="dark"]').waitFor();
    await page.evaluate((hash) => (location.hash = hash), `#/chat/${gid}/info`);
    await page.locator(".panel .member").nth(3).waitFor();
    await page.mouse.move(0, 0);
    await take(page, folder, "chat-dark");

    const phone = await open({ viewport: NARROW, isMobile: true, hasTouch: true });
    await take(phone.page, folder, "narrow");
  });
}

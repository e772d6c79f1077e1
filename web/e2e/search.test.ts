// One search over chats, people and messages; from what was found to its place, and back.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import { audit } from "./support/axe";
import type { Person } from "./support/person";
import { story } from "./support/story";

const NARROW = { width: 360, height: 740 };

const field = ({ page }: Person): Locator => page.getByRole("combobox", { name: /^(Search|搜索)$/ });
const options = ({ page }: Person): Locator => page.getByRole("listbox", { name: /^(Search results|搜索结果)$/ }).getByRole("option");
/** What stands out in what was found, one after the other. */
const marks = (person: Person): Promise<string[]> => options(person).locator("mark").allInnerTexts();
const active = (person: Person): Locator => options(person).and(person.page.locator("[aria-selected=true]"));

/** From anywhere, by the key. */
async function search(person: Person, words: string): Promise<void> {
  await person.page.keyboard.press("Control+k");
  await field(person).fill(words);
}

/** So many lines, of which some say more. */
function lines(count: number, others: Readonly<Record<number, string>>): string[] {
  return Array.from({ length: count }, (_, at) => others[at + 1] ?? `Line ${at + 1}`);
}

story("a message is found as soon as it is sent, opens at its place, and Esc leads back to what was found", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const picnic = await annas.group("Picnic", bens);
  await bens.send(picnic, lines(400, { 30: "The needle is in the haystack", 360: "another needle" }));
  await carlas.send(await annas.single(carlas), ["no needles here", "Hello"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  await anna.openChat("Carla");
  await anna.message("Hello").waitFor();
  await search(anna, "needle");
  await expect.poll(() => marks(anna)).toHaveLength(3);
  await bens.send(picnic, ["needle number four"]);
  await field(anna).fill("needle num");
  await expect.poll(() => options(anna).allInnerTexts()).toEqual([expect.stringContaining("Picnic")]);
  await field(anna).fill("needle");
  await expect.poll(() => marks(anna)).toHaveLength(4);
  expect(await options(anna).first().innerText()).toContain("Ben: needle number four");

  // Down to the oldest one; what is open beside it stays until then.
  await anna.message("Hello").waitFor();
  for (let down = 0; down < 3; down++) await page.keyboard.press("ArrowDown");
  expect(await active(anna).innerText()).toContain("The needle is in the haystack");
  await page.keyboard.press("Enter");
  await anna.message("The needle is in the haystack").waitFor();
  await expect.poll(() => anna.inSight()).toContain("The needle is in the haystack");
  // The address is that of the chat again, so coming back later one is where one was.
  await expect.poll(() => new URL(page.url()).hash).toBe(`#/chat/${picnic}`);
  expect(await options(anna).count()).toBe(4);
  await anna.composer.waitFor();
  await page.keyboard.press("Escape");
  await anna.message("Hello").waitFor();
  await expect.poll(() => field(anna).evaluate((input) => input === document.activeElement)).toBe(true);
  expect(await field(anna).inputValue()).toBe("needle");
  expect(await active(anna).innerText()).toContain("The needle is in the haystack");

  // From one to the next, and back by the browser: to what was found, in one step.
  await options(anna).nth(2).click();
  await anna.message("another needle").waitFor();
  await options(anna).nth(3).click();
  await anna.message("The needle is in the haystack").waitFor();
  await page.goBack();
  await anna.message("Hello").waitFor();
  expect(await options(anna).count()).toBe(4);
  await page.keyboard.press("Escape");
  await anna.chatRow("Picnic").waitFor();
  await expect.poll(() => anna.composer.evaluate((composer) => composer === document.activeElement)).toBe(true);

  // Who goes somewhere else meanwhile finds it again by going back.
  await search(anna, "haystack");
  await expect.poll(() => marks(anna)).toEqual(["haystack"]);
  await anna.place("Contacts").click();
  await page.getByRole("heading", { name: "Contacts" }).waitFor();
  await anna.place("Chats").click();
  await anna.chatRow("Picnic").waitFor();
  expect(await field(anna).inputValue()).toBe("");
  await page.goBack();
  await page.goBack();
  await expect.poll(() => marks(anna)).toEqual(["haystack"]);
});

story("chats and people are found by name and account, Chinese ones by their reading, and Enter opens the best", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const wangs = await stage.account("王小明");
  await wangs.befriend(annas);
  await wangs.send(await annas.group("周末徒步", bens, wangs), ["你好"]);
  await bens.send(await annas.single(bens), ["Hello"]);
  const anna = await stage.seat(annas, { locale: "zh-CN", out: true });
  const { page } = anna;
  await page.getByRole("textbox", { name: "账号" }).fill(annas.account);
  await page.getByLabel("密码", { exact: true }).fill(annas.password);
  await anna.button("登录").click();
  await field(anna).click();
  await page.getByRole("group", { name: "最近的聊天" }).waitFor();
  await page.keyboard.type("zmtb");
  await expect.poll(() => options(anna).allInnerTexts()).toEqual([expect.stringContaining("周末徒步")]);
  await field(anna).fill("wangxm");
  await expect.poll(() => options(anna).allInnerTexts()).toEqual([expect.stringContaining("王小明")]);
  await field(anna).fill(`@${bens.account}`);
  await expect.poll(() => options(anna).first().innerText()).toContain("Ben");
  // A friend one has never written to: the chat with them is opened.
  await field(anna).fill("wxm");
  await expect.poll(() => active(anna).allInnerTexts()).toEqual([expect.stringContaining("王小明")]);
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "给王小明发消息" }).waitFor();
  await expect.poll(() => field(anna).inputValue()).toBe("");
  await page.getByRole("list", { name: "聊天列表" }).waitFor();
  // Nothing: what then is offered.
  await search(anna, "zzzz");
  await anna.button("通过账号查找").click();
  await page.getByRole("dialog", { name: "添加联系人" }).waitFor();
});

story("Chinese words are found by one character and by two, and what an input method composes is not looked for", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["周五一起吃饭吗？", "好啊，老地方？", "饭后去看电影"]);
  const anna = await stage.seat(annas);
  const asked: string[] = [];
  anna.page.on("request", (request) => {
    if (request.url().endsWith("/message/search")) asked.push((request.postDataJSON() as { q?: string }).q ?? "");
  });
  await search(anna, "吃饭");
  await expect.poll(() => marks(anna)).toEqual(["吃饭"]);
  await field(anna).fill("饭");
  await expect.poll(() => marks(anna)).toEqual(["饭", "饭"]);
  await field(anna).fill("");
  await field(anna).dispatchEvent("compositionstart");
  await anna.page.keyboard.type("lao");
  await expect.poll(() => field(anna).inputValue()).toBe("lao");
  await field(anna).fill("老地方");
  await field(anna).dispatchEvent("compositionend");
  await expect.poll(() => marks(anna)).toEqual(["老地方"]);
  expect(asked.filter((words) => /[a-z]/.test(words))).toEqual([]);
});

story("filters are chips that narrow a search down, alone as well, and each can be taken away", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const picnic = await annas.group("Picnic", bens, carlas);
  await bens.send(picnic, ["bread from Ben", "see https://example.org/bread"]);
  await carlas.send(picnic, ["bread from Carla"]);
  await bens.send(await annas.single(bens), ["bread for you"]);
  const letter = await bens.upload("bread-recipe.txt", new TextEncoder().encode("flour"));
  await bens.send(picnic, [JSON.stringify({ file: letter.id, caption: "how to bake" })], "File");
  const anna = await stage.seat(annas);
  const { page } = anna;
  await search(anna, "bread");
  const found = (): Promise<string[]> => page.getByRole("group", { name: "Messages" }).getByRole("option").allInnerTexts();
  await expect.poll(found).toHaveLength(5);
  const filters = page.getByRole("group", { name: "Filters" });

  await anna.button("From", filters).click();
  await anna.dialog("From").getByRole("searchbox").fill("carl");
  await page.keyboard.press("Enter");
  await expect.poll(found).toEqual([expect.stringContaining("bread from Carla")]);
  await anna.button("Remove filter “From Carla”", filters).click();
  await expect.poll(found).toHaveLength(5);

  await anna.button("In", filters).click();
  await anna.dialog("In").getByRole("button", { name: "Ben" }).click();
  await expect.poll(found).toEqual([expect.stringContaining("bread for you")]);
  await anna.button("Remove filter “In Ben”", filters).click();

  await anna.button("Has", filters).click();
  await anna.dialog("Has").getByRole("checkbox", { name: "Files" }).click();
  await anna.button("Done", anna.dialog("Has")).click();
  await expect.poll(found).toEqual([expect.stringContaining("bread-recipe.txt")]);
  // A filter alone is a question, too.
  await field(anna).fill("");
  await expect.poll(found).toEqual([expect.stringContaining("[File] bread-recipe.txt")]);

  await anna.button("Date", filters).click();
  await anna.dialog("Date").getByLabel("Last day").fill("2020-01-01");
  await anna.button("Save", anna.dialog("Date")).click();
  await page.getByText("There is no such message.").waitFor();
  await anna.button("Remove filters").click();
  await page.getByRole("group", { name: "Recent chats" }).waitFor();
});

story("in an open chat one goes from one that was found to the next, and sees how many there are", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await bens.send(gid, lines(300, { 10: "first cake", 150: "second cake", 290: "third cake" }));
  await bens.send(await annas.single(bens), ["cake elsewhere"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  await anna.openChat("Picnic");
  await page.keyboard.press("Control+Shift+F");
  const bar = page.getByRole("search", { name: "Search in this chat" });
  await bar.getByRole("searchbox").fill("cake");
  await bar.getByText("1 of 3", { exact: true }).waitFor();
  await expect.poll(() => anna.inSight()).toContain("third cake");
  await page.keyboard.press("Enter");
  await bar.getByText("2 of 3", { exact: true }).waitFor();
  await expect.poll(() => anna.inSight()).toContain("second cake");
  await anna.button("Older result", bar).click();
  await expect.poll(() => anna.inSight()).toContain("first cake");
  expect(await anna.button("Older result", bar).isDisabled()).toBe(true);
  await anna.button("Newer result", bar).click();
  await expect.poll(() => anna.inSight()).toContain("second cake");
  expect(await audit(page)).toEqual([]);
  await bar.getByRole("searchbox").fill("no such cake");
  await bar.getByText("Nothing found").waitFor();
  await bar.getByRole("searchbox").press("Escape");
  await bar.waitFor({ state: "detached" });
  await expect.poll(() => anna.composer.evaluate((composer) => composer === document.activeElement)).toBe(true);
});

story("a link leads to a message for who may see it, also from a message, and says so to who may not", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const gid = await annas.group("Picnic", bens);
  await bens.send(gid, lines(300, { 40: "here it is" }));
  const anna = await stage.seat(annas, { permissions: ["clipboard-read", "clipboard-write"] });
  await anna.openChat("Picnic");
  await anna.act("Line 2", "Copy link");
  const copied = await anna.page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(`${stage.url}/#/chat/${gid}/2`);
  const link = copied.replace(/2$/, "40");

  // In a browser that knows nothing of it yet.
  const ben = await stage.seat(bens, { out: true });
  await ben.page.goto(link);
  await ben.page.getByRole("textbox", { name: "Account" }).fill(bens.account);
  await ben.page.getByLabel("Password", { exact: true }).fill(bens.password);
  await ben.button("Sign in").click();
  await ben.message("here it is").waitFor();
  await expect.poll(() => ben.inSight()).toContain("here it is");

  // One that somebody wrote opens here, and nothing else does.
  await bens.send(await annas.single(bens), [`look: ${link}`]);
  await anna.chatRow("look:").click();
  await anna.log.getByRole("link", { name: link }).click();
  await anna.page.getByRole("log", { name: "Picnic" }).waitFor();
  await expect.poll(() => anna.inSight()).toContain("here it is");
  expect(anna.page.context().pages()).toHaveLength(1);

  // Who came later does not see it; who is no member has no such chat.
  await annas.add(gid, carlas);
  const carla = await stage.seat(carlas);
  await carla.openChat("Picnic");
  await carla.page.evaluate((to) => (location.hash = to), `#/chat/${gid}/40`);
  await carla.page.getByText("This message is not available.").waitFor();
});

story("on a phone the search is a screen of its own, to which one comes back where one was", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await bens.send(gid, lines(300, Object.fromEntries(Array.from({ length: 40 }, (_, at) => [7 * at + 1, `needle ${at}`]))));
  const anna = await stage.seat(annas, { viewport: NARROW, hasTouch: true, isMobile: true });
  const { page } = anna;
  await field(anna).tap();
  await expect.poll(() => new URL(page.url()).hash).toBe("#/search");
  expect(await page.getByRole("navigation", { name: "Main" }).isVisible()).toBe(false);
  await field(anna).fill("needle");
  await expect.poll(() => options(anna).count()).toBeGreaterThanOrEqual(40);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const last = options(anna).filter({ hasText: /needle 2$/ });
  await last.scrollIntoViewIfNeeded();
  const place = async (): Promise<number> => Math.round((await last.boundingBox())?.y ?? -1);
  const before = await place();
  await last.tap();
  await anna.message("needle 2").waitFor();
  expect(await field(anna).isVisible()).toBe(false);
  await page.goBack();
  await expect.poll(place).toBe(before);
  expect(await audit(page)).toEqual([]);
  await last.tap();
  await anna.message("needle 2").waitFor();
  await anna.button("Back").tap();
  await expect.poll(place).toBe(before);
  await anna.button("Back").tap();
  await anna.chatRow("Picnic").waitFor();
});

story("where the server does not look for messages, chats and people are found, and nothing else is offered", async (stage) => {
  await stage.ownRim("--search", "off");
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Hello from Ben"]);
  const anna = await stage.seat(annas);
  await search(anna, "ben");
  await expect.poll(() => options(anna).allInnerTexts()).toEqual([expect.stringContaining("Ben")]);
  expect(await anna.page.getByRole("group", { name: "Filters" }).count()).toBe(0);
  await field(anna).fill("hello");
  await anna.page.getByText("No chat or person is called “hello”.").waitFor();
  await anna.page.keyboard.press("Escape");
  await anna.openChat("Ben");
  await anna.message("Hello from Ben").waitFor();
  expect(await anna.button("Search in this chat").count()).toBe(0);
});

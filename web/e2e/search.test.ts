// One search over chats, people and messages; from what was found to its place, and back.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import type { Account } from "./support/account";
import { audit } from "./support/axe";
import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

const NARROW = { width: 360, height: 740 };

const field = ({ page }: Person): Locator => page.getByRole("combobox", { name: /^(Search|搜索)$/ });
const options = ({ page }: Person): Locator => page.getByRole("listbox", { name: /^(Search results|搜索结果)$/ }).getByRole("option");
/** What stands out in what was found, one after the other. */
const marks = (person: Person): Promise<string[]> => options(person).locator("mark").allInnerTexts();
const active = (person: Person): Locator => options(person).and(person.page.locator("[aria-selected=true]"));

const hasFocus = (element: Locator): Promise<boolean> => element.evaluate((one) => one === document.activeElement);

/** From anywhere, by the key. */
async function search(person: Person, words: string): Promise<void> {
  await person.page.keyboard.press("Control+k");
  await field(person).fill(words);
}

/** So many lines, of which some say more. */
function lines(count: number, others: Readonly<Record<number, string>>): string[] {
  return Array.from({ length: count }, (_, at) => others[at + 1] ?? `Line ${at + 1}`);
}

/** At a browser in Chinese. */
async function chinese(stage: Stage, account: Account): Promise<Person> {
  const person = await stage.seat(account, { locale: "zh-CN", out: true });
  const { page } = person;
  await page.getByRole("textbox", { name: "账号" }).fill(account.account);
  await page.getByLabel("密码", { exact: true }).fill(account.password);
  await person.button("登录").click();
  await field(person).waitFor();
  return person;
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
  const anna = await chinese(stage, annas);
  const { page } = anna;
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
  await anna.openChat("Picnic");
  await search(anna, "bread");
  const found = (): Promise<string[]> => page.getByRole("group", { name: "Messages" }).getByRole("option").allInnerTexts();
  await expect.poll(found).toHaveLength(5);
  const filters = page.getByRole("group", { name: "Filters" });

  await anna.button("From", filters).click();
  await anna.dialog("From").getByRole("searchbox").fill("carl");
  await page.keyboard.press("Enter");
  await expect.poll(found).toEqual([expect.stringContaining("bread from Carla")]);
  // One goes on typing there, not in the chat that is open.
  expect(await hasFocus(field(anna))).toBe(true);
  await anna.button("Remove filter “From Carla”", filters).click();
  await expect.poll(found).toHaveLength(5);

  await anna.button("In", filters).click();
  await anna.dialog("In").getByRole("button", { name: "Ben" }).click();
  await expect.poll(found).toEqual([expect.stringContaining("bread for you")]);
  await anna.button("Remove filter “In Ben”", filters).click();

  await anna.button("Has", filters).click();
  await anna.dialog("Has").getByRole("checkbox", { name: "Files" }).click();
  await anna.button("Done", anna.dialog("Has")).click();
  expect(await hasFocus(field(anna))).toBe(true);
  await expect.poll(found).toEqual([expect.stringContaining("bread-recipe.txt")]);
  // A filter alone is a question, too.
  await field(anna).fill("");
  await expect.poll(found).toEqual([expect.stringContaining("[File] bread-recipe.txt")]);
  // With all that there is nothing is left to choose.
  await anna.button("Has", filters).click();
  for (const name of ["Links", "Pictures", "Videos", "Audio"]) await anna.dialog("Has").getByRole("checkbox", { name }).click();
  await anna.button("Done", anna.dialog("Has")).click();
  expect(await hasFocus(field(anna))).toBe(true);
  expect(await anna.button("Has", filters).count()).toBe(0);
  await expect.poll(found).toEqual([expect.stringContaining("[File] bread-recipe.txt"), expect.stringContaining("see https://example.org/bread")]);

  await anna.button("Date", filters).click();
  await anna.dialog("Date").getByLabel("Last day").fill("2020-01-01");
  await anna.button("Save", anna.dialog("Date")).click();
  await page.getByText("There is no such message.").waitFor();
  await anna.button("Remove filters").click();
  await page.getByRole("group", { name: "Recent chats" }).waitFor();
});

story("operators that are typed become chips once they are whole, and are taken away again, by keys alone", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const picnic = await annas.group("Picnic", bens, carlas);
  await bens.send(picnic, ["bread from Ben", "bread at https://example.org/bread"]);
  await carlas.send(picnic, ["bread from Carla"]);
  await bens.send(await annas.single(bens), ["bread for you"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  const messages = (): Promise<string[]> => page.getByRole("group", { name: "Messages" }).getByRole("option").allInnerTexts();
  const chips = (): Promise<string[]> => page.getByRole("button", { name: /^Remove filter / }).allInnerTexts();
  await search(anna, "bread");
  await expect.poll(messages).toHaveLength(4);

  // While one is typed, those whom it may mean are offered; the rest is looked for.
  await page.keyboard.type(" from:");
  await page.getByRole("group", { name: "From" }).getByRole("option", { name: "Anna (you)" }).waitFor();
  await page.keyboard.type("carl");
  await expect.poll(() => active(anna).allInnerTexts()).toEqual([expect.stringContaining("Carla")]);
  expect(await audit(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect.poll(chips).toEqual(["From Carla"]);
  await expect.poll(messages).toEqual([expect.stringContaining("bread from Carla")]);
  expect((await field(anna).inputValue()).trim()).toBe("bread");

  // A blank behind it, or a quote, is enough.
  await page.keyboard.type(`from:${bens.account} `);
  await expect.poll(chips).toEqual(["From Ben"]);
  await page.keyboard.type('in:"Picnic" has:link after:2020-01-01 ');
  await expect.poll(chips).toEqual(["From Ben", "In Picnic", "Links", "Since 1 Jan 2020"]);
  await expect.poll(messages).toEqual([expect.stringContaining("example.org")]);
  await expect.poll(async () => (await field(anna).inputValue()).trim()).toBe("bread");
  // At the start of the text the last one is taken away, one after the other.
  await page.keyboard.press("Home");
  await page.keyboard.press("Backspace");
  await expect.poll(chips).toEqual(["From Ben", "In Picnic", "Links"]);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await expect.poll(chips).toEqual(["From Ben"]);
  await expect.poll(messages).toHaveLength(3);
  expect((await field(anna).inputValue()).trim()).toBe("bread");
  await page.keyboard.press("Backspace");
  await expect.poll(messages).toHaveLength(4);

  // What nobody knows stays a word of the search.
  await field(anna).fill("from:nobody-at-all bread");
  await page.getByText("No chat, person or message matches").waitFor();
  expect(await chips()).toEqual([]);
  await page.keyboard.press("Escape");

});

story("operators have Chinese names, and become chips there as well", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.group("周末徒步", bens), ["面包", "面包 https://example.org/bread"]);
  const anna = await chinese(stage, annas);
  const { page } = anna;
  const messages = (): Promise<string[]> => page.getByRole("group", { name: "消息" }).getByRole("option").allInnerTexts();
  const chips = (): Promise<string[]> => page.getByRole("button", { name: /^移除筛选条件/ }).allInnerTexts();
  await search(anna, "发自:我 ");
  await expect.poll(chips).toEqual(["来自我"]);
  await page.getByText("没有符合条件的消息。").waitFor();
  await page.keyboard.press("Backspace");
  await expect.poll(chips).toEqual([]);
  await field(anna).fill("来自：Ben 包含：链接 面包");
  await expect.poll(chips).toEqual(["来自Ben", "链接"]);
  await expect.poll(messages).toEqual([expect.stringContaining("example.org")]);
  await page.keyboard.type(" 在:zmtb");
  await page.getByRole("group", { name: "聊天" }).getByRole("option", { name: "周末徒步" }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(chips).toEqual(["来自Ben", "在“周末徒步”中", "链接"]);
  await page.keyboard.type("是:");
  await page.getByRole("group", { name: "状态" }).getByRole("option", { name: "已收藏" }).click();
  await expect.poll(chips).toEqual(["来自Ben", "在“周末徒步”中", "链接", "已收藏"]);
  await page.getByText("没有符合条件的消息。").waitFor();
  expect(await audit(page)).toEqual([]);
});

story("what one looks for outlives a reload, with its filters and its place, and ends with the session", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await bens.send(gid, lines(300, Object.fromEntries(Array.from({ length: 120 }, (_, at) => [2 * at + 1, `needle ${at}`]))));
  await annas.send(gid, ["my own needle"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  await search(anna, "from:Ben needle");
  const filters = page.getByRole("group", { name: "Filters" });
  await anna.button("Remove filter “From Ben”", filters).waitFor();
  await expect.poll(() => options(anna).count()).toBeGreaterThanOrEqual(50);
  const one = options(anna).filter({ hasText: /needle 30$/ });
  await options(anna).last().scrollIntoViewIfNeeded();
  await expect.poll(() => options(anna).count()).toBeGreaterThanOrEqual(100);
  await one.scrollIntoViewIfNeeded();
  const place = async (): Promise<number> => Math.round((await one.boundingBox())?.y ?? -1);
  const before = await place();

  await page.reload();
  await anna.isIn();
  await anna.button("Remove filter “From Ben”", filters).waitFor();
  expect(await field(anna).inputValue()).toBe("needle");
  await expect.poll(place).toBe(before);

  // Also of what was opened from it.
  await one.click();
  await anna.message("needle 30").waitFor();
  await page.reload();
  await anna.isIn();
  await expect.poll(place).toBe(before);
  await page.goBack();
  await expect.poll(() => new URL(page.url()).hash).toBe("#/search");
  await expect.poll(place).toBe(before);

  await anna.place("Settings").click();
  await anna.button("Sign out").click();
  await anna.confirm("Sign out");
  await page.getByRole("textbox", { name: "Account" }).waitFor();
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
});

/** The words that stand out in the open chat, from the top: those of what was found, and of the one that one is at. */
function standOut({ page }: Person): Promise<Record<string, string[]>> {
  return page.evaluate(() =>
    Object.fromEntries(["found", "found-now"].map((name) => [name, [...(CSS.highlights.get(name) ?? [])].map(String)])),
  );
}

story("the words that were found stand out in the message that is opened, also where it is folded, for a while", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  const long = [...lines(60, {}), "at the end a **golden** needle"].join("\n\n");
  await bens.send(gid, [long], "RichText");
  await bens.send(gid, lines(100, { 90: "a needle, and another Needle" }));
  const anna = await stage.seat(annas);
  const { page } = anna;
  await page.clock.install();
  await search(anna, '"golden needle"');
  await options(anna).filter({ hasText: "golden" }).click();
  await expect.poll(() => standOut(anna)).toEqual({ found: [], "found-now": ["golden needle"] });
  await expect
    .poll(() =>
      page.evaluate(() => {
        const [range] = CSS.highlights.get("found-now") ?? [];
        const log = document.querySelector("[role=log]")?.getBoundingClientRect();
        const word = range instanceof Range ? range.getBoundingClientRect() : undefined;
        return log !== undefined && word !== undefined && word.top >= log.top && word.bottom <= log.bottom;
      }),
    )
    .toBe(true);

  await field(anna).fill("needle");
  await options(anna).filter({ hasText: "another" }).click();
  await expect.poll(() => standOut(anna)).toEqual({ found: [], "found-now": ["needle", "Needle"] });
  await page.clock.runFor(7_000);
  await expect.poll(() => standOut(anna)).toEqual({ found: [], "found-now": [] });
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
  await expect.poll(() => standOut(anna)).toEqual({ found: [], "found-now": ["cake"] });
  // At the end of the way the focus stays where it is.
  await anna.button("Newer result", bar).press("Enter");
  await bar.getByText("1 of 3", { exact: true }).waitFor();
  expect(await anna.button("Newer result", bar).isDisabled()).toBe(true);
  expect(await hasFocus(anna.button("Newer result", bar))).toBe(true);
  await bens.send(gid, ["pie, pie and pie", "one more pie"]);
  await bar.getByRole("searchbox").fill("pie");
  await bar.getByText("1 of 2", { exact: true }).waitFor();
  await expect.poll(() => standOut(anna)).toEqual({ found: ["pie", "pie", "pie"], "found-now": ["pie"] });
  await bar.getByRole("searchbox").fill("no such cake");
  await bar.getByText("Nothing found").waitFor();
  await bar.getByRole("searchbox").press("Escape");
  await bar.waitFor({ state: "detached" });
  expect(await standOut(anna)).toEqual({ found: [], "found-now": [] });
  await expect.poll(() => anna.composer.evaluate((composer) => composer === document.activeElement)).toBe(true);
  // How many there are is told as soon as that is known, also of several pages.
  await page.keyboard.press("Control+Shift+F");
  await bar.getByRole("searchbox").fill("Line");
  await bar.getByText("1 of 200+", { exact: true }).waitFor();
  await bar.getByRole("searchbox").fill("Line 1");
  await bar.getByText("1 of 109", { exact: true }).waitFor();
});

story("in an open chat nobody is told that there is nothing where not everything was looked at", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["a cake", "another cake"]);
  const anna = await stage.seat(annas, { viewport: NARROW });
  const { page } = anna;
  await anna.openChat("Ben");
  await page.route("**/api/message/search", async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { data: object };
    await route.fulfill({ response, json: { ...answer, data: { ...answer.data, partial: true } } });
  });
  await page.keyboard.press("Control+Shift+F");
  const bar = page.getByRole("search", { name: "Search in this chat" });
  await bar.getByRole("searchbox").fill("cake");
  await bar.getByText("1 of 2+", { exact: true }).waitFor();
  await bar.getByRole("searchbox").fill("no such cake");
  await anna.button("Try again", bar).waitFor();
  expect(await audit(page)).toEqual([]);
  await page.unroute("**/api/message/search");
  await anna.button("Try again", bar).press("Enter");
  await bar.getByText("Nothing found").waitFor();
  expect(await hasFocus(bar.getByRole("searchbox"))).toBe(true);
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

story("of several nodes any may end: what was said before and what is said now is found at once", async (stage) => {
  const cluster = await stage.ownCluster(2);
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const picnic = await annas.group("Picnic", bens);
  await bens.send(picnic, ["明天几点出发？"]);
  const anna = await stage.seat(annas);
  const finds = async (count: number): Promise<void> => {
    await search(anna, "");
    await field(anna).fill("出发");
    await expect.poll(() => marks(anna)).toEqual(Array.from({ length: count }, () => "出发"));
  };
  await finds(1);
  stage.expectTrouble();
  for (const [number, node] of cluster.nodes.entries()) {
    await node.sendAway();
    await bens.send(picnic, [`没有 ${number} 也出发`]);
    await anna.isOnline();
    await finds(number + 2);
    await node.startAgain();
  }
  await options(anna).first().click();
  await anna.message("没有 1 也出发").waitFor();
});

// What is written, as it is read, folded, copied and translated; and parts of the client that cannot be had.

import { expect } from "vitest";

import { audit } from "./support/axe";
import { story } from "./support/story";

const SIZE = 60_000;

story("hostile texts are read like any other", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Hi"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  const hostile = [
    `https://a.example/${")".repeat(SIZE)}`,
    ">".repeat(SIZE),
    "1. ".repeat(SIZE / 3),
    "[".repeat(SIZE / 2) + "]".repeat(SIZE / 2),
    "*a_ ".repeat(SIZE / 4),
    `${"|a".repeat(3000)}\n${"|-".repeat(3000)}\n${"|\n".repeat(10_000)}`,
    "a\n".repeat(SIZE / 2),
  ];
  await annas.send(gid, hostile);
  // The server refuses a RichText that goes further than these.
  const rich = [
    `${"> ".repeat(100)}x\n\n`.repeat(SIZE / 210),
    `${"- ".repeat(100)}x\n\n`.repeat(SIZE / 210),
    `${"[".repeat(1000)}${"]".repeat(1000)}\n\n`.repeat(SIZE / 2010),
    `${"*".repeat(1000)}a\n\n`.repeat(SIZE / 1010),
    "*a_ ".repeat(SIZE / 4),
    `${"|a".repeat(99)}\n${"|-".repeat(99)}\n${"|\n".repeat(10_000)}`,
  ];
  await annas.send(gid, rich, "RichText");
  await annas.send(gid, ["still there"]);
  await ben.message("still there").waitFor();
  await ben.button("Show more").last().click();
  await ben.say("and so am I");
  await ben.seesState("and so am I", "Sent");
});

story("a long message is folded, and can be unfolded and folded by keyboard where one is", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["before", Array.from({ length: 900 }, (_, at) => `line ${at + 1}`).join("\n"), "after"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  const long = ben.log.getByRole("article").filter({ hasText: "line 1" });
  const height = async (): Promise<number> => (await long.boundingBox())?.height ?? 0;
  await long.waitFor();
  expect(await height()).toBeLessThan(600);
  expect(await long.innerText()).not.toContain("line 100");

  await ben.button("Show more").focus();
  await ben.page.keyboard.press("Enter");
  await expect.poll(height).toBeGreaterThan(15_000);
  expect(await long.innerText()).toContain("line 900");
  // Far down in it, and back: the message is where it was read, not somewhere else.
  await ben.button("Show less").scrollIntoViewIfNeeded();
  await ben.button("Show less").press("Enter");
  await expect.poll(height).toBeLessThan(600);
  await expect.poll(() => ben.button("Show more").evaluate((button) => {
    const { top, bottom } = button.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && document.activeElement === button;
  })).toBe(true);
});

story("several messages are copied with who, when and what, also those that have scrolled away", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  const all = Array.from({ length: 120 }, (_, at) => `message ${at + 1}`);
  await annas.send(gid, all);
  await bens.send(gid, ["**the end**"], "RichText");
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.log.locator("strong", { hasText: "the end" }).waitFor();

  // From the last, upwards, as a mouse does it; most of them leave the page on the way.
  const last = await ben.log.locator("strong", { hasText: "the end" }).boundingBox();
  if (last === null) throw new Error("the last message has no place");
  await ben.page.mouse.move(last.x + last.width - 2, last.y + last.height / 2);
  await ben.page.mouse.down();
  await ben.page.mouse.move(last.x - 40, last.y - 200);
  while (!(await ben.said()).includes("message 20")) {
    const first = (await ben.said())[0];
    await ben.page.mouse.wheel(0, -700);
    await expect.poll(async () => (await ben.said())[0] !== first).toBe(true);
  }
  expect(await ben.said()).not.toContain("message 100");
  const target = ben.message("message 20");
  await target.scrollIntoViewIfNeeded();
  const text = await target.locator(".body__text").boundingBox();
  if (text === null) throw new Error("message 20 has no place");
  await ben.page.mouse.move(text.x + 3, text.y + text.height / 2, { steps: 4 });
  await ben.page.mouse.up();

  const copied = await ben.page.evaluate(() => {
    const clipboardData = new DataTransfer();
    document.body.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
    return { text: clipboardData.getData("text/plain"), html: clipboardData.getData("text/html") };
  });
  const lines = copied.text.split("\n").filter((line) => line !== "");
  expect(lines.filter((_, at) => at % 2 === 1)).toEqual([...all.slice(19), "the end"]);
  expect(lines[0]).toMatch(/^Anna, .*\d\d:\d\d/);
  expect(lines.at(-2)).toMatch(/^Ben, /);
  expect(copied.text).not.toMatch(/Delivered|Sent|Read/);
  expect(copied.html).toContain("<strong>the end</strong>");
});

story("code has its language, colours and a button that copies it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  const code = 'fn main() {\n    println!("hi"); // <b>\n}';
  await annas.send(gid, [`\`\`\`rust\n${code}\n\`\`\``], "RichText");
  const ben = await stage.seat(bens, { permissions: ["clipboard-read", "clipboard-write"] });
  await ben.openChat("Anna");
  await ben.log.locator(".code__word", { hasText: "fn" }).waitFor();
  expect(await ben.log.locator(".code pre").innerText()).toBe(code);
  await ben.button("Copy", ben.log).click();
  await expect.poll(() => ben.page.evaluate(() => navigator.clipboard.readText())).toBe(code);
});

for (const look of ["light", "dark"] as const) {
  story(`tables, tasks, code and folds have no grave fault in accessibility, ${look}`, async (stage) => {
    const [annas, bens] = await stage.friends("Anna", "Ben");
    const gid = await annas.single(bens);
    const all = [
      "- [x] a\n- [ ] b\n\n| c | d |\n|---|--:|\n| 1 | 2 |",
      '```rust\n/// a\nfn f() -> u64 { let s = "b"; 42 } // c\n```',
      "```diff\n-a\n+b\n```\n\n> quoted `code` and [a link](https://a.example/)",
      "line\n\n".repeat(60),
    ];
    for (const account of [annas, bens]) await account.send(gid, all, "RichText");
    const ben = await stage.seat(bens, { colorScheme: look });
    await ben.openChat("Anna");
    await ben.log.locator(".code__added").last().waitFor();
    await ben.button("Show more").last().waitFor();
    expect(await audit(ben.page)).toEqual([]);
    await ben.composer.fill("**a**");
    await ben.button("Send as typed").waitFor();
    expect(await audit(ben.page)).toEqual([]);
  });
}

story("what a page translator replaces does not break the page", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Guten Morgen", "Kommst du?"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.message("Kommst du?").waitFor();
  const translate = (): Promise<number> =>
    ben.page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Node[] = [];
      while (walker.nextNode() !== null) texts.push(walker.currentNode);
      const allowed = texts.filter((text) => text.parentElement?.closest("[translate]")?.getAttribute("translate") === "yes");
      for (const text of allowed) {
        const font = document.createElement("font");
        font.append(Object.assign(document.createElement("font"), { textContent: "translated" }));
        text.parentNode?.replaceChild(font, text);
      }
      return allowed.length;
    });
  expect(await translate()).toBe(2);
  await ben.say("Yes");
  await ben.seesState("Yes", "Sent");
  await translate();
  await annas.send(gid, ["Gut"]);
  await ben.message("Gut").waitFor();
  await translate();
  await ben.place("Contacts").click();
  await ben.place("Chats").click();
  await ben.openChat("Anna");
  await ben.say("Bye");
  await ben.seesState("Bye", "Sent");
});

story("what was never asked for can be had without a network", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hi"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await expect
    .poll(() =>
      ben.page.evaluate(async () => {
        await navigator.serviceWorker.ready;
        const kept = await (await caches.open("rim-shell-1")).keys();
        return kept.filter(({ url }) => url.includes("/EmojiPicker-")).length;
      }),
    )
    .toBe(2);
  stage.expectTrouble();
  await ben.page.context().setOffline(true);
  await ben.button("Emoji").click();
  await ben.page.getByRole("combobox", { name: "Search emoji" }).waitFor();
});

story("where a part is gone with its version, the page is loaded anew once, and the draft is kept", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hi"]);
  stage.expectTrouble();
  const ben = await stage.seat(bens, { serviceWorkers: "block" });
  // An old version, whose page begins by another script.
  const { page } = ben;
  let script = "";
  const isPage = ({ pathname }: URL): boolean => pathname === "/";
  await page.route(isPage, async (route) => {
    const answer = await route.fetch();
    const body = await answer.text();
    script = /\/assets\/index-[^"]+\.js/.exec(body)?.[0] ?? "";
    await route.fulfill({ response: answer, body: body.replace(script, "/assets/old.js") });
  });
  await page.route("**/assets/old.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: `import ${JSON.stringify(script)};` }),
  );
  await page.reload();
  await ben.openChat("Anna");
  await ben.composer.fill("half a sentence");

  // The server is another one from here on, and the parts of the old one are gone.
  await page.unroute(isPage);
  let loads = 0;
  page.on("request", (request) => void (request.isNavigationRequest() && loads++));
  await page.route("**/assets/EmojiPicker-*.js", (route) =>
    loads === 0 ? route.fulfill({ status: 404, body: "gone" }) : route.continue(),
  );
  await ben.button("Emoji").click();
  await expect.poll(() => loads).toBe(1);
  await ben.composer.waitFor();
  await expect.poll(() => ben.composer.inputValue()).toBe("half a sentence");
  await ben.button("Emoji").click();
  await ben.page.getByRole("combobox", { name: "Search emoji" }).waitFor();
  expect(loads).toBe(1);
});

story("a part that the server does not give can be asked for again, and the rest goes on", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hi"]);
  stage.expectTrouble();
  const ben = await stage.seat(bens, { serviceWorkers: "block" });
  await ben.openChat("Anna");
  const parts = "**/assets/EmojiPicker-*.js";
  await ben.page.route(parts, (route) => route.fulfill({ status: 503, body: "busy" }));
  await ben.button("Emoji").click();
  await ben.page.getByRole("alert").getByText("This part cannot be shown.").waitFor();
  await ben.say("still here");
  await ben.seesState("still here", "Sent");
  await ben.page.unroute(parts);
  await ben.button("Try again").click();
  await ben.page.getByRole("combobox", { name: "Search emoji" }).waitFor();
});

story("an override turns neither a message nor what stands around it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["evil\u202egpj.exe"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.message("evilgpj.exe").waitFor();
  expect(await ben.page.evaluate(() => /[\u202a-\u202e]/.test(document.body.innerText + document.title))).toBe(false);
});

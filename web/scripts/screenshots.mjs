// Pictures of every screen into web/screenshots, with made-up people: wide and narrow, light and dark, two languages.
//
//   node scripts/screenshots.mjs [part of a name]

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build, preview } from "vite";

import { launch } from "./browser.mjs";

const only = process.argv[2] ?? "";
const folder = fileURLToPath(new URL("../screenshots/", import.meta.url));
mkdirSync(folder, { recursive: true });

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
const NOW = new Date(2026, 10, 22, 14, 32);

/** A message, and beside its words. */
const bubble = (page, words) => page.locator("article").filter({ hasText: words }).first().locator(".bubble");
const BESIDE = { button: "right", position: { x: 6, y: 6 } };
const act = async (page, words, entry) => {
  await bubble(page, words).click(BESIDE);
  await page.getByRole("menuitem", { name: entry }).click();
};

/** Searches, and waits for what is found. */
const seek = (words) => async (page) => {
  await page.getByRole("combobox").click();
  await page.getByRole("combobox").fill(words);
  await page.locator(".search-pane").waitFor();
  await page.waitForTimeout(700);
};

/** In the chat with files: to its middle, where voice messages are. */
const toVoice = async (page) => {
  const voice = page.locator(".voice");
  for (let up = 0; up < 12 && (await voice.count()) < 3; up++) await page.locator(".log").evaluate((log) => log.scrollBy(0, -300));
  await voice.last().evaluate((last) => last.scrollIntoView({ block: "center" }));
};

/** Name, address, what to do before the picture. */
const SCREENS = [
  ["sign-in", "demo.html?still&out#/sign-in"],
  ["sign-in-error", "demo.html?still&out#/sign-in", async (page) => {
    await page.getByLabel("Account", { exact: true }).fill("mara");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.locator("button[type=submit]").click();
    await page.getByRole("alert").waitFor();
  }],
  ["register", "demo.html?still&out#/register", async (page) => {
    await page.getByLabel("Account", { exact: true }).fill("anna");
    await page.getByLabel("Name", { exact: true }).fill("Anna");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.locator("button[type=submit]").click();
    await page.getByRole("alert").waitFor();
  }],
  ["chats", "demo.html?still#/chats"],
  ["chats-empty", "demo.html?still&empty#/chats"],
  ["search-begun", "demo.html?still#/search", seek("")],
  ["search", "demo.html?still#/chats", seek("a")],
  ["search-messages", "demo.html?still#/search", seek("the")],
  ["search-chinese", "demo.html?still#/search", seek("xm")],
  ["search-words", "demo.html?still#/search", seek("吃饭")],
  ["search-none", "demo.html?still#/search", seek("zebra")],
  ["search-fault", "demo.html?still#/search", seek("fault")],
  ["search-offline", "demo.html?still&offline#/search", seek("the")],
  ["search-partly", "demo.html?still&partly#/search", seek("老地方")],
  ["search-unsearched", "demo.html?still&unsearched#/search", seek("an")],
  ["search-from", "demo.html?still#/search", async (page) => {
    await seek("")(page);
    await page.locator(".filters__chip").nth(0).click();
    await page.locator("dialog .people__row").first().waitFor();
  }],
  ["search-has", "demo.html?still#/search", async (page) => {
    await seek("")(page);
    await page.locator(".filters__chip").nth(2).click();
    await page.locator(".filters__choice").nth(1).click();
  }],
  ["search-date", "demo.html?still#/search", async (page) => {
    await seek("")(page);
    await page.locator(".filters__chip").nth(3).click();
    await page.locator(".filters__periods").waitFor();
  }],
  ["search-filtered", "demo.html?still#/search", async (page) => {
    await seek("")(page);
    await page.locator(".filters__chip").nth(0).click();
    await page.locator("dialog .people__row").nth(1).click();
    await page.locator(".filters__chip").nth(2).click();
    await page.locator(".filters__choice").nth(0).click();
    await page.keyboard.press("Escape");
    await page.locator(".filters__chip").nth(4).click();
    await page.locator(".filters__periods button").nth(1).click();
    await page.waitForTimeout(700);
  }],
  ["search-opened", "demo.html?still#/search", async (page) => {
    await seek("retry")(page);
    await page.locator(".search-pane__option").last().click();
    await page.locator("#main article").first().waitFor();
    await page.waitForTimeout(400);
  }],
  ["new-chat", "demo.html?still#/chats", (page) => page.getByRole("button", { name: "New chat" }).first().click()],
  ["new-group", "demo.html?still#/chats", async (page) => {
    await page.getByRole("button", { name: "New chat" }).first().click();
    await page.getByRole("button", { name: "New group" }).click();
    await page.getByRole("checkbox").nth(0).click();
    await page.getByRole("checkbox").nth(2).click();
  }],
  ["chat-group", "demo.html?still#/chat/100"],
  ["chat-group-top", "demo.html?still#/chat/100", (page) => page.locator(".log").evaluate((log) => log.scrollBy(0, -700))],
  ["chat-single", "demo.html?still#/chat/101"],
  ["chat-chinese", "demo.html?still#/chat/102"],
  ["chat-kinds", "demo.html?still#/chat/103"],
  ["chat-marks", "demo.html?still#/chat/103", async (page) => {
    await page.locator(".log").evaluate((log) => log.scrollBy(0, -560));
    await page.locator(".code__word").first().waitFor();
  }],
  ["chat-left", "demo.html?still#/chat/110"],
  ["chat-left-panel", "demo.html?still#/chat/110/info"],
  ["chat-left-delete", "demo.html?still#/chat/110/info", (page) => page.locator(".panel__leave").click()],
  ["chat-offline", "demo.html?still&offline#/chat/101", (page) => page.locator(".connection__bar").waitFor()],
  ["chat-emoji", "demo.html?still#/chat/101", async (page) => {
    await page.getByRole("button", { name: "Emoji" }).click();
    await page.locator(".emoji__cell").first().waitFor();
  }],
  ["chat-emoji-search", "demo.html?still#/chat/101", async (page) => {
    await page.getByRole("button", { name: "Emoji" }).click();
    await page.getByRole("combobox", { name: "Search emoji" }).fill("heart");
  }],
  ["chat-remote", "demo.html?still#/chat/113"],
  ["chat-remote-top", "demo.html?still#/chat/113", (page) => page.locator(".log").evaluate((log) => log.scrollTo(0, 0))],
  ["chat-remote-menu", "demo.html?still#/chat/113", (page) => page.getByRole("button", { name: /^More choices|更多选项$/ }).first().click()],
  ["chat-remote-never", "demo.html?still&never#/chat/113"],
  ["panel-remote", "demo.html?still#/chat/113/info"],
  ["person", "demo.html?still#/chat/100", (page) => page.locator(".message .person-face").last().click()],
  ["keys", "demo.html?still#/chat/100", async (page) => {
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog").waitFor();
  }],
  ["chat-rich", "demo.html?still#/chat/101", async (page) => {
    await page.getByRole("button", { name: "Formatting" }).click();
    await page.locator("textarea").fill("**Plan** for tomorrow\n- bread\n- cheese\n- *no* olives");
  }],
  ["chat-lightbox", "demo.html?still#/chat/100", (page) => page.getByRole("button", { name: "Open the picture" }).click()],
  ["media", "demo.html?still#/chat/115", (page) => page.locator(".log").evaluate((log) => log.scrollTo(0, 0))],
  ["media-middle", "demo.html?still#/chat/115", toVoice],
  ["media-end", "demo.html?still#/chat/115"],
  ["media-voice", "demo.html?still#/chat/115", async (page) => {
    await toVoice(page);
    await page.locator(".voice__play").first().click();
    await page.getByRole("slider").first().press("ArrowRight");
    await page.locator(".voice__play").first().click();
  }],
  ["media-playing", "demo.html?still#/chat/115", async (page) => {
    await toVoice(page);
    await page.locator(".voice__play").first().click();
    await page.locator(".log").evaluate((log) => log.scrollTo(0, log.scrollHeight));
    await page.locator(".playing").waitFor();
  }],
  ["media-lightbox", "demo.html?still#/chat/115", async (page) => {
    await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
    await page.locator("article .tile").first().click();
    await page.locator(".stage__picture").waitFor();
  }],
  ["media-zoom", "demo.html?still#/chat/115", async (page) => {
    await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
    await page.locator("article .tile").first().click();
    await page.locator(".stage__picture").waitFor();
    await page.keyboard.press("+");
    await page.keyboard.press("+");
  }],
  ["media-film", "demo.html?still#/chat/115", async (page) => {
    await toVoice(page);
    await page.getByRole("button", { name: /^Play the video/ }).click();
  }],
  ["media-gallery", "demo.html?still#/chat/115/media", (page) => page.locator(".gallery__tile").first().waitFor()],
  ["media-gallery-files", "demo.html?still#/chat/115/media", (page) => page.getByRole("tab").nth(1).click()],
  ["media-gallery-links", "demo.html?still#/chat/115/media", (page) => page.getByRole("tab").nth(2).click()],
  ["media-gallery-voice", "demo.html?still#/chat/115/media", (page) => page.getByRole("tab").nth(3).click()],
  ["panel-group", "demo.html?still#/chat/100/info"],
  ["panel-large", "demo.html?still&large#/chat/100/info"],
  ["panel-large-nobody", "demo.html?still&large#/chat/100/info", async (page) => {
    await page.getByLabel("Search members").fill("nobody is called so");
    await page.getByText("No member is called").waitFor();
  }],
  ["panel-menu", "demo.html?still#/chat/100/info", (page) => page.getByRole("button", { name: /^Actions for/ }).first().click()],
  ["panel-single", "demo.html?still#/chat/101/info"],
  ["panel-leave", "demo.html?still#/chat/100/info", (page) => page.getByRole("button", { name: "Leave group" }).click()],
  ["panel-add", "demo.html?still#/chat/103/info", async (page) => {
    await page.evaluate(() => (location.hash = "#/chat/100/info"));
    await page.getByRole("button", { name: "Add members" }).click();
  }],
  ["live", "demo.html?still#/chat/114"],
  ["live-top", "demo.html?still#/chat/114", async (page) => {
    await page.locator(".log").evaluate((log) => log.scrollBy(0, -700));
    await bubble(page, "Was that about me").hover();
  }],
  ["live-menu", "demo.html?still#/chat/114", (page) => bubble(page, "gone in a day").click(BESIDE)],
  ["live-reply", "demo.html?still#/chat/114", async (page) => {
    await act(page, "who brings the rope", /^Reply/);
    await page.locator(".composer__text").fill("I do");
  }],
  ["live-edit", "demo.html?still#/chat/114", (page) => page.locator(".composer__text").press("ArrowUp")],
  ["live-naming", "demo.html?still#/chat/114", async (page) => {
    await page.locator(".composer__text").pressSequentially("hello @wxm");
    await page.getByRole("option").waitFor();
  }],
  ["live-choose", "demo.html?still#/chat/114", async (page) => {
    await act(page, "gone in a day", /^Select/);
    await bubble(page, "who brings the rope").click();
  }],
  ["live-recall", "demo.html?still#/chat/114", (page) => act(page, "gone in a day", /^Recall/)],
  ["live-forward", "demo.html?still#/chat/114", (page) => act(page, "who brings the rope", /^Forward/)],
  ["live-schedule", "demo.html?still#/chat/114", async (page) => {
    await page.locator(".composer__text").fill("Good morning");
    await page.getByRole("button", { name: "Send later" }).click();
  }],
  ["live-scheduled", "demo.html?still#/chat/114", (page) => page.locator(".chat-bar--low button").click()],
  ["live-pins", "demo.html?still#/chat/114", (page) => page.getByRole("button", { name: "All pinned messages" }).click()],
  ["live-readers", "demo.html?still#/chat/114", (page) => act(page, "gone in a day", /^Read by/)],
  ["live-reactors", "demo.html?still#/chat/114", (page) => page.locator(".reaction[data-emoji]").last().click({ button: "right" })],
  ["live-thread", "demo.html?still#/chat/114", async (page) => {
    await page.locator(".log").evaluate((log) => log.scrollBy(0, -1100));
    await act(page, "Where do we meet on Saturday", /^Show replies/);
  }],
  ["live-info", "demo.html?still#/chat/114/info"],
  ["stars", "demo.html?still#/stars"],
  ["contacts", "demo.html?still#/contacts"],
  ["contact", "demo.html?still#/contacts/5"],
  ["contact-add", "demo.html?still#/contacts", async (page) => {
    await page.getByRole("button", { name: "Add contact" }).first().click();
    await page.getByLabel("Account").fill("olga");
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator(".found").waitFor();
  }],
  ["settings", "demo.html?still#/settings"],
  ["settings-profile", "demo.html?still#/settings/profile"],
  ["settings-security", "demo.html?still#/settings/security"],
  ["settings-look", "demo.html?still#/settings/look"],
  ["settings-notifications", "demo.html?still#/settings/notifications"],
  ["settings-privacy", "demo.html?still#/settings/privacy"],
  ["settings-privacy-some", "demo.html?still#/settings/privacy", async (page) => {
    await page.evaluate(() => {
      const some = { hosts: ["photos.example.org", "cdn.example.net:8443"], chats: ["..0.100"], pictures: ["https://photos.example.org/a.png"] };
      localStorage.setItem("rim.remote.1", JSON.stringify(some));
      dispatchEvent(new StorageEvent("storage", { key: "rim.remote.1" }));
    });
    await page.locator(".device").first().waitFor();
  }],
  ["settings-privacy-never", "demo.html?still&never#/settings/privacy"],
];
/** Screens that are worth a look in Chinese as well; nothing is clicked there. */
const CHINESE = ["search-begun", "search", "search-none", "search-date", "search-filtered", "media", "media-end", "media-gallery", "live", "live-info", "stars", "sign-in", "chats", "chat-group", "panel-group", "contacts", "settings-security", "chat-left-panel", "chat-remote", "panel-remote", "settings-privacy"];

// Built, as it is served for real and with the headers it gets there: a style or script they forbid shows.
const root = fileURLToPath(new URL("..", import.meta.url));
const outDir = mkdtempSync(join(tmpdir(), "rim-demo-"));
await build({ root, logLevel: "error", build: { outDir, emptyOutDir: true, rollupOptions: { input: `${root}demo.html` } } });
const server = await preview({
  root,
  logLevel: "error",
  build: { outDir },
  preview: {
    port: 0,
    headers: {
      "Content-Security-Policy":
        // Made-up files are in their addresses.
        "default-src 'self'; connect-src 'self' data:; img-src 'self' https: http: data: blob:; media-src 'self' https: http: data: blob:; base-uri 'none'; " +
        "object-src 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  },
});
const base = server.resolvedUrls.local[0];
const browser = await launch();

const problems = [];

/** One context a kind of window: its cache makes the second page quick. */
async function shootAll({ viewport, look, language }, suffix, screens) {
  const context = await browser.newContext({
    viewport,
    colorScheme: look,
    locale: language,
    deviceScaleFactor: 1,
    reducedMotion: "reduce",
  });
  await context.addInitScript(() => localStorage.clear());
  for (const [name, address, act] of screens) {
    const page = await context.newPage();
    page.setDefaultTimeout(6000);
    const note = (text) => problems.push(`${name}-${suffix}: ${text.split("\n")[0]}`);
    page.on("pageerror", (error) => note(error.message));
    page.on("console", (message) => message.type() === "error" && note(message.text()));
    try {
      await page.clock.setFixedTime(NOW);
      await page.goto(base + address);
      await page.locator(".shell, .sign-in").waitFor();
      await page.waitForLoadState("networkidle");
      if (act !== undefined) await act(page);
      await page.waitForTimeout(250);
    } catch (cause) {
      note(cause.message);
    }
    await page.screenshot({ path: `${folder}${name}-${suffix}.png` });
    await page.close();
  }
  await context.close();
}

const wanted = SCREENS.filter(([name]) => name.includes(only));
const chinese = wanted.filter(([name]) => CHINESE.includes(name)).map(([name, address]) => [name, address]);
try {
  const en = "en-GB";
  await shootAll({ viewport: WIDE, look: "light", language: en }, "wide-light", wanted);
  await shootAll({ viewport: NARROW, look: "dark", language: en }, "narrow-dark", wanted);
  await shootAll({ viewport: WIDE, look: "dark", language: en }, "wide-dark", wanted);
  await shootAll({ viewport: NARROW, look: "light", language: en }, "narrow-light", wanted);
  await shootAll({ viewport: WIDE, look: "light", language: "zh-CN" }, "wide-zh", chinese);
  await shootAll({ viewport: NARROW, look: "dark", language: "zh-CN" }, "narrow-zh", chinese);
} finally {
  await browser.close();
  await server.close();
  rmSync(outDir, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

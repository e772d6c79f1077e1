import { expect } from "vitest";

import { story } from "./support/story";

const NARROW = { width: 360, height: 740 };

story("the browser's language is taken, and another can be chosen for good", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["你好"]);
  const anna = await stage.seat(annas, { locale: "zh-CN", out: true });
  const { page } = anna;
  await page.getByRole("heading", { name: "欢迎回来" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-CN");
  await page.getByRole("textbox", { name: "账号" }).fill(annas.account);
  await page.getByLabel("密码", { exact: true }).fill("guess");
  await anna.button("登录").click();
  await page.getByRole("alert").filter({ hasText: "密码错误。" }).waitFor();
  await page.getByLabel("密码", { exact: true }).fill(annas.password);
  await anna.button("登录").click();
  const chats = page.getByRole("list", { name: "聊天列表" });
  await chats.getByRole("link").filter({ hasText: "Ben" }).getByText("1 条未读消息").waitFor();
  await chats.getByRole("link").filter({ hasText: "Ben" }).click();
  await page.getByRole("textbox", { name: "给Ben发消息" }).fill("早上好");
  await anna.button("发送").click();
  await anna.sees("你好", "早上好");

  const main = page.getByRole("navigation", { name: "主导航" });
  await main.getByRole("link", { name: "设置" }).click();
  await page.getByRole("link", { name: "语言与外观" }).click();
  await page.getByRole("radio", { name: "English" }).check();
  await page.getByRole("heading", { name: "Language and look" }).waitFor();
  await page.reload();
  await anna.isIn();
  await page.getByRole("heading", { name: "Language and look" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  await page.getByRole("radio", { name: "Same as the browser" }).check();
  await page.getByRole("heading", { name: "语言与外观" }).waitFor();
});

story("light or dark is as the system says, or as was chosen", async (stage) => {
  const anna = await stage.seat(await stage.account("Anna"), { colorScheme: "dark" });
  const { page } = anna;
  const ground = (): Promise<number> =>
    page.evaluate(() => {
      const [red = 0] = /\d+/.exec(getComputedStyle(document.body).backgroundColor) ?? [];
      return Number(red);
    });
  await expect.poll(ground).toBeLessThan(64);
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(ground).toBeGreaterThan(192);
  await anna.place("Settings").click();
  await page.getByRole("link", { name: "Language and look" }).click();
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(ground).toBeLessThan(64);
  await page.reload();
  await expect.poll(ground).toBeLessThan(64);
});

story("on a narrow screen everything can be reached and nothing is cut off", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const long = `https://example.org/${"very-long-".repeat(30)}`;
  const group = await annas.group("A picnic with a name that is longer than most of them are", bens, carlas);
  await bens.send(group, ["Hello", long, "word ".repeat(80).trim()]);
  const anna = await stage.seat(annas, { viewport: NARROW, hasTouch: true, isMobile: true, out: true });
  const { page } = anna;
  const cut: string[] = [];
  /** Nothing is wider than the screen. */
  const fits = async (where: string): Promise<void> => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > 360) cut.push(`${where}: ${wide} px`);
  };
  await page.getByRole("textbox", { name: "Account" }).waitFor();
  await fits("sign in");
  await anna.signIn();
  await fits("chats");
  await anna.seesUnread("A picnic", 3);
  await anna.chatRow("A picnic").tap();
  await anna.log.getByRole("link", { name: long }).waitFor();
  await fits("chat");
  // The list is behind the chat, for fingers and for screen readers.
  expect(await anna.place("Contacts").count()).toBe(0);
  await anna.composer.fill("from a phone");
  await anna.button("Send").tap();
  await anna.message("from a phone").waitFor();
  await anna.button("About this chat").tap();
  const panel = page.getByRole("complementary", { name: "About this chat" });
  await panel.getByText("Carla").first().waitFor();
  await fits("panel");
  await anna.button("Close", panel).tap();
  await panel.waitFor({ state: "detached" });
  await anna.button("Back").tap();
  await anna.place("Contacts").tap();
  await fits("contacts");
  await page.getByRole("list", { name: "List of contacts" }).getByRole("link").filter({ hasText: "Ben" }).tap();
  await page.getByRole("heading", { name: "Ben" }).waitFor();
  await fits("contact");
  await anna.button("Send message").tap();
  await anna.composer.waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Ben" }).waitFor();
  await page.goBack();
  await anna.place("Settings").tap();
  for (const section of ["Profile", "Password and devices", "Language and look", "Notifications", "Privacy"]) {
    await page.getByRole("link", { name: section }).tap();
    await page.getByRole("heading", { name: section }).waitFor();
    await fits(section);
    await anna.button("Back").tap();
  }
  expect(cut).toEqual([]);
});

story("the page comes with a strict policy, is small, and starts without a network", async (stage) => {
  const response = await fetch(stage.url);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe-(inline|eval)/);
  const anna = await stage.seat(await stage.account("Anna"), { out: true });
  /** As they came, compressed. What the service worker fetches for later is not asked for by the page. */
  const scriptBytes = (): Promise<number> =>
    anna.page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming)
        .filter(({ name }) => name.endsWith(".js"))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    );
  expect(await scriptBytes()).toBeGreaterThan(10 * 1024);
  expect(await scriptBytes()).toBeLessThan(178 * 1024);

  await anna.signIn();
  await anna.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await anna.page.reload();
  await anna.isIn();
  stage.expectTrouble();
  await anna.page.context().setOffline(true);
  await anna.page.reload();
  await anna.page.getByText("Offline. Messages will be sent later.").waitFor();
  await anna.page.getByText("No chats yet").waitFor();
});

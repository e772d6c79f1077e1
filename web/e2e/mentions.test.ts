// Naming people.

import { expect } from "vitest";

import { story } from "./support/story";

story("somebody is named by the letters of their name, sees it at once, and finds every mention", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "王小明");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Hello"]);
  const [anna, ming] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  await annas.send(gid, Array.from({ length: 40 }, (_, at) => `before ${at + 1}`));
  await anna.composer.fill("");
  await anna.page.keyboard.type("can you come, @wxm");
  await anna.page.getByRole("option", { name: /王小明/ }).waitFor();
  await anna.page.keyboard.press("Enter");
  await anna.page.keyboard.press("Enter");
  await anna.log.getByRole("button", { name: "@王小明" }).waitFor();
  await ming.chatRow("Picnic").getByText("Mentions you 1 time").waitFor();
  await annas.send(gid, Array.from({ length: 40 }, (_, at) => `after ${at + 1}`));
  await ming.openChat("Picnic");
  await ming.button(/mentions you, go to it/).click();
  await expect.poll(() => ming.inSight()).toContain("can you come, @王小明");
  await ming.chatRow("Picnic").getByText(/Mentions you/).waitFor({ state: "detached" });
});

story("everybody is mentioned by admins, and by members where the group allows it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await ben.openChat("Picnic");
  await ben.composer.fill("");
  await ben.page.keyboard.type("@al");
  expect(await ben.page.getByRole("option", { name: /Everybody/ }).count()).toBe(0);
  await ben.composer.fill("");

  await anna.openChat("Picnic");
  await anna.button("About this chat").click();
  await anna.button("Chat settings").click();
  await anna.page.getByLabel("Who can mention everybody").selectOption("all");
  await expect
    .poll(async () => {
      await ben.composer.fill("");
      await ben.page.keyboard.type("@al");
      return ben.page.getByRole("option", { name: /Everybody/ }).count();
    })
    .toBe(1);
  await ben.page.keyboard.press("Enter");
  await ben.page.keyboard.type("wake up");
  await ben.page.keyboard.press("Enter");
  await anna.message("wake up").or(anna.log.locator(".mention--me", { hasText: "@all" })).first().waitFor();
});

story("what is typed by hand rings whom it names, and looks like a mention only where it is one", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  await ben.openChat("Picnic");
  const mentions = (who: typeof anna): Promise<string[]> => who.log.locator(".mention").allInnerTexts();
  await ben.composer.fill("@all @everyone hear me");
  await ben.composer.press("Enter");
  await anna.message("@all @everyone hear me").waitFor();
  await ben.composer.fill("@anna, are you there?");
  await ben.composer.press("Enter");
  await anna.message("@anna, are you there?").waitFor();
  for (const person of [anna, ben]) expect(await mentions(person)).toEqual(["@anna"]);
  await anna.composer.fill("@all come");
  await anna.composer.press("Enter");
  await ben.message("@all come").waitFor();
  for (const person of [anna, ben]) expect(await mentions(person)).toEqual(["@anna", "@all"]);
});

story("all mentions of oneself are on one page, newest first, and lead to their places", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const [picnic, football] = [await annas.group("Picnic", bens), await annas.group("Football", bens)];
  const mention = { mentions: [bens.uid] };
  await annas.send(picnic, ["@Ben bring the cake"], "Text", mention);
  await annas.send(picnic, Array.from({ length: 60 }, (_, at) => `later ${at + 1}`));
  await annas.send(football, ["@all we play at nine"], "Text", { mentionAll: true });
  const [anna, ben] = await stage.seats(annas, bens);
  const { page } = ben;
  await page.getByRole("link", { name: "Mentions, Mentions you 2 times" }).click();
  await page.getByRole("heading", { name: "Mentions" }).waitFor();
  const words = page.locator(".found-lines__words");
  await expect.poll(() => words.allInnerTexts()).toEqual(["@all we play at nine", "@Ben bring the cake"]);

  // What comes, changes or goes meanwhile is seen there.
  await annas.send(football, ["@Ben you are the keeper"], "Text", mention);
  await expect.poll(() => words.allInnerTexts()).toEqual(["@Ben you are the keeper", "@all we play at nine", "@Ben bring the cake"]);
  await anna.openChat("Football");
  await anna.act("@all we play at nine", "Edit");
  await anna.composer.fill("@all we play at ten");
  await anna.composer.press("Enter");
  await anna.act("@Ben you are the keeper", "Recall");
  await anna.confirm("Recall");
  await expect.poll(() => words.allInnerTexts()).toEqual(["Recalled message", "@all we play at ten", "@Ben bring the cake"]);

  await page.getByRole("button", { name: /bring the cake/ }).press("Enter");
  await expect.poll(() => ben.inSight()).toContain("@Ben bring the cake");
  await page.goBack();
  await page.getByRole("heading", { name: "Mentions" }).waitFor();
  await expect.poll(() => words.count()).toBe(2);
});

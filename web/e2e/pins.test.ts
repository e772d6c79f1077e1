// Pins, for everybody in the chat, and stars, for oneself.

import { expect } from "vitest";

import { story } from "./support/story";

story("pins stand above the chat for everybody, one after the other, and lead to their messages", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["the address", ...Array.from({ length: 60 }, (_, at) => `message ${at + 1}`), "the time"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.act("the time", "Pin");
  const bar = ben.page.getByRole("region", { name: "Pinned messages" });
  await bar.getByText("the time").waitFor();
  await anna.log.evaluate((log) => log.scrollTo(0, 0));
  await anna.act("the address", "Pin");
  await bar.getByText("the address").waitFor();
  await bar.getByText("Pinned message 2 of 2").click();
  await expect.poll(() => ben.inSight()).toContain("the address");
  await bar.getByText("the time").waitFor();

  await ben.button("All pinned messages", bar).click();
  await ben.button("Unpin", ben.dialog("All pinned messages")).first().click();
  const left = anna.page.getByRole("region", { name: "Pinned messages" });
  await left.getByText("Pinned message", { exact: true }).waitFor();
  await left.getByText("the time").waitFor();
});

story("in a group members see who may pin, and an admin lets them", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Saturday at nine"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await ben.openChat("Picnic");
  const menu = await ben.menuOf("Saturday at nine");
  expect(await menu.getByRole("menuitem", { name: "Pin", exact: true }).count()).toBe(0);
  await ben.page.keyboard.press("Escape");
  await anna.openChat("Picnic");
  await anna.button("About this chat").click();
  await anna.button("Chat settings").click();
  await anna.page.getByLabel("Who can pin messages").selectOption("all");
  await ben.button("About this chat").click();
  await ben.button("Chat settings").click();
  await ben.page.getByText("All members").first().waitFor();
  await ben.act("Saturday at nine", "Pin");
  await anna.page.getByRole("region", { name: "Pinned messages" }).getByText("Saturday at nine").waitFor();
});

story("stars are found again on a page of their own, on every device", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["my new address is Hill Street 4", ...Array.from({ length: 150 }, (_, at) => `message ${at + 1}`)]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.log.evaluate(async (log) => {
    for (let turn = 0; turn < 40 && !log.textContent?.includes("Hill Street"); turn++) {
      log.scrollTo(0, 0);
      await new Promise(requestAnimationFrame);
    }
  });
  await anna.message("my new address is Hill Street 4").waitFor();
  await anna.act("my new address is Hill Street 4", "Star");
  const other = await stage.seat(annas);
  await other.page.getByRole("link", { name: "Starred messages" }).click();
  await other.button(/Hill Street/).click();
  await expect.poll(() => other.inSight()).toContain("my new address is Hill Street 4");
  await other.page.goBack();
  await other.button("Remove star").click();
  await other.page.getByText("Nothing is starred yet").waitFor();
});

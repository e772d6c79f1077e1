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

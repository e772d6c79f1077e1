// A group of more people than are synced: they come in pages, the server searches them, and whoever writes has a name.

import { expect } from "vitest";

import { Account } from "./support/account";
import { story } from "./support/story";

const CROWD = 1010;

story("a group of a thousand is scrolled and searched, and its owner does there what they do in any", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const crowd = await Account.crowd(stage.url, Array.from({ length: CROWD }, (_, at) => `Member ${at}`));
  const gid = await annas.groupOf("Town", [...crowd, bens.uid]);
  await annas.send(gid, ["Welcome"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Town");
  await anna.button("About this chat").click();
  const panel = anna.page.getByRole("complementary", { name: "About this chat" });
  await panel.getByText("1,012 members").waitFor();
  const list = panel.getByRole("list", { name: "Members" });
  await list.getByText("Member 5", { exact: true }).waitFor();

  // To the end, page by page.
  const last = list.getByText(`Member ${CROWD - 1}`, { exact: true });
  await expect
    .poll(async () => {
      await panel.evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
      return last.count();
    })
    .toBe(1);

  const search = panel.getByRole("searchbox", { name: "Search members" });
  await search.fill("member 77");
  await expect.poll(() => list.getByRole("listitem").count()).toBe(11);
  await search.fill("nobody is called so");
  await panel.getByText("No member is called “nobody is called so”.").waitFor();
  await search.fill("ben");
  await anna.button("Actions for Ben", panel).click();
  await anna.page.getByRole("menuitem", { name: "Make admin" }).click();
  await list.getByText("Admin", { exact: true }).waitFor();

  // Ben is one of a thousand to Anna's browser, and has a name when they write.
  const ben = await stage.seat(bens);
  await ben.openChat("Town");
  await ben.say("Hello, all");
  await anna.message("Hello, all").waitFor();
  await anna.button("Ben", anna.log).waitFor();
  // Ben may do what admins may, and sees how many members there are.
  await ben.button("About this chat").click();
  const bensPanel = ben.page.getByRole("complementary", { name: "About this chat" });
  await ben.button("Add members", bensPanel).waitFor();
  await bensPanel.getByRole("searchbox", { name: "Search members" }).fill("member 770");
  await ben.button("Actions for Member 770", bensPanel).click();
  await ben.page.getByRole("menuitem", { name: "Remove from group" }).click();
  await ben.button("Remove from group", ben.page.getByRole("alertdialog")).click();
  await bensPanel.getByText("No member is called “member 770”.").waitFor();
  await bensPanel.getByText("1,011 members").waitFor();
  await panel.getByText("1,011 members").waitFor();
});

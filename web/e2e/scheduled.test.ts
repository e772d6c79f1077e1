// What is sent later.

import { expect } from "vitest";

import { story } from "./support/story";

story("a message is scheduled, changed, and sent now", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.composer.fill("good morning");
  await anna.button("Send later").click();
  const dialog = anna.dialog("Send later");
  await anna.button("Tomorrow morning", dialog).click();
  await anna.button("Schedule", dialog).click();
  await expect.poll(() => anna.composer.inputValue()).toBe("");
  await anna.button("1 message is sent later").click();
  const list = anna.dialog("Scheduled messages");
  await list.getByText("good morning").waitFor();
  await anna.button("Edit", list).click();
  await anna.page.getByRole("textbox", { name: "Text of the message" }).fill("good evening");
  await anna.button("Save").click();
  await list.getByText("good evening").waitFor();
  expect(await ben.message("good evening").count()).toBe(0);
  await anna.button("Send now", list).click();
  await ben.message("good evening").waitFor();
  await list.getByText("Nothing is scheduled in this chat.").waitFor();
});

story("a scheduled message is seen on all devices, and can be cancelled from another", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Hello"]);
  const [anna, other] = [await stage.seat(annas), await stage.seat(annas)];
  for (const person of [anna, other]) await person.openChat("Ben");
  await anna.composer.fill("never");
  await anna.button("Send later").click();
  await anna.button("Schedule", anna.dialog("Send later")).click();
  await other.page.reload();
  await other.button("1 message is sent later").click();
  await other.button("Cancel", other.dialog("Scheduled messages")).click();
  await other.dialog("Scheduled messages").getByText("Nothing is scheduled in this chat.").waitFor();
});

story("who was removed meanwhile is told that a scheduled message cannot be sent, and keeps its words", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await bens.group("Picnic", annas);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Picnic");
  await anna.composer.fill("I bring the cake");
  await anna.button("Send later").click();
  await anna.button("Schedule", anna.dialog("Send later")).click();
  await anna.button("1 message is sent later").waitFor();
  // That is said before the server has it.
  await expect.poll(() => annas.post("message/schedule/list", {})).toHaveLength(1);
  await bens.remove(gid, annas);
  await anna.page.getByText("You are no longer a member of this group.").waitFor();
  await anna.button("1 message is sent later").click();
  const list = anna.dialog("Scheduled messages");
  await anna.button("Send now", list).click();
  await list.getByRole("alert").getByText("You are not a member of this group.").first().waitFor();
  await list.getByText("I bring the cake").waitFor();
});

story("who is named in the new text of a scheduled message is mentioned by it, and who is not is not", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  for (const [before, after] of [["good morning", "@Ben good morning"], ["@Ben good night", "good night"]] as const) {
    await anna.composer.fill(before);
    await anna.button("Send later").click();
    await anna.button("Schedule", anna.dialog("Send later")).click();
    await anna.button("1 message is sent later").click();
    const list = anna.dialog("Scheduled messages");
    await anna.button("Edit", list).click();
    await anna.page.getByRole("textbox", { name: "Text of the message" }).fill(after);
    await anna.button("Save").click();
    await list.getByText(after, { exact: true }).waitFor();
    await anna.button("Send now", list).click();
    await list.getByText("Nothing is scheduled in this chat.").waitFor();
    await anna.page.keyboard.press("Escape");
  }
  await ben.chatRow("Picnic").getByText("Mentions you 1 time").waitFor();
  await ben.openChat("Picnic");
  await ben.message("good night").waitFor();
  expect(await ben.log.locator(".mention").allInnerTexts()).toEqual(["@Ben"]);
});

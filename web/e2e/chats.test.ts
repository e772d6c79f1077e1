import { expect } from "vitest";

import { story } from "./support/story";

story("three people chat in a group, in one order, each seen with their name", async (stage) => {
  const accounts = await stage.friends("Anna", "Ben", "Carla");
  const [anna, ben, carla] = await stage.seats(...accounts);

  await anna.button("New chat").first().click();
  await anna.button("New group", anna.dialog("New chat")).click();
  const dialog = anna.dialog("New group");
  await dialog.getByRole("textbox", { name: "Name of the group" }).fill("Picnic");
  await dialog.getByRole("checkbox", { name: "Ben" }).click();
  await dialog.getByRole("checkbox", { name: "Carla" }).click();
  await anna.button("Create group", dialog).click();
  await anna.page.getByText("3 members").first().waitFor();
  await anna.say("Saturday?");

  for (const person of [ben, carla]) {
    await person.seesUnread("Picnic", 1);
    await person.openChat("Picnic");
  }
  await anna.seesState("Saturday?", "Read by 2");
  await ben.say("I bring bread");
  await carla.sees("Saturday?", "I bring bread");
  await carla.say("And I the cheese");
  for (const person of [anna, ben, carla]) await person.sees("Saturday?", "I bring bread", "And I the cheese");
  await anna.log.getByRole("article", { name: /^Ben,/ }).waitFor();
  await ben.log.getByRole("article", { name: /^Carla,/ }).waitFor();
  await carla.log.getByRole("article", { name: /^You,/ }).waitFor();
  await ben.seesState("I bring bread", "Read by 2");
});

story("what the owner does to a group everybody sees at once", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const gid = await annas.group("Picnic", bens);
  await bens.send(gid, ["Hello"]);
  const [anna, ben, carla] = await stage.seats(annas, bens, carlas);
  await ben.openChat("Picnic");
  await anna.openChat("Picnic");
  await anna.button("About this chat").click();
  const panel = anna.page.getByRole("complementary", { name: "About this chat" });

  await anna.button("Rename", panel).click();
  const naming = anna.dialog("Rename");
  await naming.getByRole("textbox", { name: "Name of the group" }).fill("Dinner");
  await anna.button("Save", naming).click();
  await naming.waitFor({ state: "detached" });
  await ben.chatRow("Dinner").waitFor();

  await anna.button("Add members", panel).click();
  const adding = anna.dialog("Add members");
  await adding.getByRole("checkbox", { name: "Carla" }).click();
  await anna.button("Add 1 person", adding).click();
  await carla.openChat("Dinner");
  await ben.page.getByText("3 members").waitFor();
  await carla.say("Nice to be here");
  await ben.message("Nice to be here").waitFor();

  await anna.button("Actions for Carla", panel).click();
  await anna.page.getByRole("menuitem", { name: "Make admin" }).click();
  await panel.getByText("Admin", { exact: true }).waitFor();

  await anna.button("Actions for Ben", panel).click();
  await anna.page.getByRole("menuitem", { name: "Remove from group" }).click();
  await anna.button("Remove from group", anna.page.getByRole("alertdialog")).click();
  await ben.page.getByText("You are no longer a member of this group.").waitFor();
  await ben.composer.waitFor({ state: "detached" });
  await anna.say("Ben is gone");
  await carla.message("Ben is gone").waitFor();
  expect(await ben.said()).toEqual(["Hello", "Nice to be here"]);
});

story("unread is counted exactly, marked by a divider, and gone once it is seen", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const single = await annas.single(bens);
  const group = await annas.group("Picnic", bens, carlas);
  await annas.send(single, ["one", "two"]);
  await carlas.send(group, ["three", "four", "five"]);

  const ben = await stage.seat(bens);
  await ben.seesUnread("Anna", 2);
  await ben.seesUnread("Picnic", 3);
  await ben.place("Chats").getByText("5 unread messages").waitFor();
  await expect.poll(() => ben.page.title()).toBe("(5) rim");

  // Live, and newest first.
  await annas.send(single, ["six"]);
  await ben.seesUnread("Anna", 3);
  const titles = ben.page.getByRole("list", { name: "List of chats" }).getByRole("link");
  await expect.poll(() => titles.first().innerText()).toContain("Anna");

  await ben.openChat("Picnic");
  await ben.log.getByRole("separator", { name: "New messages" }).waitFor();
  await ben.seesUnread("Picnic", 0);
  await expect.poll(() => ben.page.title()).toBe("(3) Picnic · rim");
  // What one writes oneself is not unread; what arrives in sight is read.
  await ben.say("seven");
  await ben.seesState("seven", "Sent");
  await carlas.send(group, ["eight"]);
  await ben.sees("three", "four", "five", "seven", "eight");
  await ben.seesUnread("Picnic", 0);
  await ben.openChat("Anna");
  await ben.seesUnread("Anna", 0);
  await expect.poll(() => ben.page.title()).toBe("Anna · rim");

  // Nobody looks: what arrives stays unread until somebody does.
  await ben.page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event("blur"));
  });
  await annas.send(single, ["nine"]);
  await ben.message("nine").waitFor();
  await ben.seesUnread("Anna", 1);
  await expect.poll(() => ben.page.title()).toBe("(1) Anna · rim");
  await ben.page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  await ben.seesUnread("Anna", 0);
  await expect.poll(() => ben.page.title()).toBe("Anna · rim");
});

story("a message is sent, then delivered, then read, as it is", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.single(bens);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.say("Are you there?");
  await anna.seesState("Are you there?", "Sent");
  const ben = await stage.seat(bens);
  await anna.seesState("Are you there?", "Delivered");
  await ben.openChat("Anna");
  await anna.seesState("Are you there?", "Read");
});

story("what is written is shown as it was meant and does nothing else", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Look at this:"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await ben.openChat("Anna");
  const evil = `<img src=x onerror="document.title='evil'"><script>document.title='evil'</script>`;
  await annas.send(gid, [evil, "see https://example.org/a?b=c."]);
  await ben.message(evil).waitFor();
  const link = ben.log.getByRole("link", { name: "https://example.org/a?b=c" });
  expect(await link.getAttribute("rel")).toContain("noopener");

  await anna.openChat("Ben");
  await anna.composer.fill("**Plan**");
  await anna.composer.press("Shift+Enter");
  await anna.composer.pressSequentially("- bread");
  await anna.composer.press("Enter");
  await ben.log.locator("strong", { hasText: "Plan" }).waitFor();
  await ben.log.getByRole("listitem").filter({ hasText: "bread" }).waitFor();
  await anna.composer.fill("**as typed**");
  await anna.button("Send as typed").click();
  await anna.composer.press("Enter");
  await ben.message("**as typed**").waitFor();

  await annas.send(gid, [`[click](javascript:document.title='evil') <b onclick="x()">raw</b>`], "RichText");
  await ben.log.getByText("click").waitFor();
  expect(await ben.log.getByRole("link", { name: "click" }).count()).toBe(0);
  expect(await ben.page.title()).toBe("Anna · rim");

  await anna.button("Emoji").click();
  await anna.page.getByRole("combobox", { name: "Search emoji" }).fill("cheese");
  await anna.page.getByRole("option", { name: "cheese wedge" }).click();
  await anna.composer.press("Enter");
  await ben.message("🧀").waitFor();
});

story("a group is handed over, left by its old owner, and dissolved by the new one", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const gid = await annas.group("Picnic", bens, carlas);
  await annas.send(gid, ["Hello"]);
  const [anna, ben, carla] = await stage.seats(annas, bens, carlas);
  for (const person of [anna, ben, carla]) {
    await person.openChat("Picnic");
    await person.message("Hello").waitFor();
  }
  const about = "About this chat";
  const gone = "You are no longer a member of this group.";

  await anna.button(about).click();
  const annasPanel = anna.page.getByRole("complementary", { name: about });
  await anna.button("Actions for Ben", annasPanel).click();
  await anna.page.getByRole("menuitem", { name: "Hand the group over" }).click();
  await anna.button("Hand the group over", anna.page.getByRole("alertdialog")).click();
  await anna.button("Dissolve group", annasPanel).waitFor({ state: "detached" });
  await anna.button("Leave group", annasPanel).click();
  await anna.button("Leave group", anna.page.getByRole("alertdialog")).click();
  await carla.page.getByText("2 members").waitFor();

  await ben.button(about).click();
  const bensPanel = ben.page.getByRole("complementary", { name: about });
  await ben.button("Dissolve group", bensPanel).click();
  await ben.button("Dissolve group", ben.page.getByRole("alertdialog")).click();
  await carla.page.getByText(gone).waitFor();
  await carla.composer.waitFor({ state: "detached" });
  expect(await carla.said()).toEqual(["Hello"]);
});

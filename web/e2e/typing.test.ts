// Who is writing, who has read, and what disappears by itself.

import { expect } from "vitest";

import { story } from "./support/story";

story("that somebody writes is seen in the chat and in the list, and ends", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.page.keyboard.type("I thi");
  const header = ben.page.locator(".chat__header");
  await header.getByText("is typing…").waitFor();
  await ben.chatRow("Anna").getByText("is typing…").waitFor();
  await anna.page.keyboard.type("nk so");
  await anna.page.keyboard.press("Enter");
  await ben.message("I think so").waitFor();
  await header.getByText("is typing…").waitFor({ state: "detached" });
});

story("in a group one sees who has read one's message", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  const gid = await annas.group("Picnic", bens, carlas);
  await annas.send(gid, ["Saturday at nine"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await ben.openChat("Picnic");
  await ben.message("Saturday at nine").waitFor();
  await anna.openChat("Picnic");
  await anna.seesState("Saturday at nine", "Read by 1");
  await anna.act("Saturday at nine", "Read by…");
  const readers = anna.dialog("Read by");
  await readers.getByText("Read by 1 of 2").waitFor();
  await readers.getByText("Ben").waitFor();
  expect(await readers.getByText("Carla").count()).toBe(0);
});

story("messages disappear from everybody after the time of the group", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.group("Picnic", bens);
  await annas.send(gid, ["this one stays"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Picnic");
  await ben.openChat("Picnic");
  await annas.post("group/settings", { gid, expireSeconds: 3_600 });
  await anna.say("this one goes in an hour");
  await ben.message("this one goes in an hour").getByRole("img", { name: /^Disappears/ }).waitFor();
  await annas.post("group/settings", { gid, expireSeconds: 5 });
  // On a busy machine it is gone before anybody has seen it.
  await annas.send(gid, ["this one goes now"]);
  await annas.post("group/settings", { gid, expireSeconds: 0 });
  await annas.send(gid, ["the last"]);
  for (const person of [anna, ben]) await person.sees("this one stays", "this one goes in an hour", "the last");
});

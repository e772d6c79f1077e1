// Answering a message: what it answers is seen as it is now, and leads there, however far away it is.

import { expect } from "vitest";

import { story } from "./support/story";

story("an answer shows the message it answers as it is now: edited, then recalled", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Where do we meet?"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.act("Where do we meet?", "Reply");
  await anna.page.locator(".answer-bar").getByText("Where do we meet?").waitFor();
  await anna.say("At the station");
  await ben.quoteIn("At the station").getByText("Where do we meet?").waitFor();
  expect(await anna.page.locator(".answer-bar").count()).toBe(0);

  await ben.act("Where do we meet?", "Edit");
  await ben.say("When do we meet?");
  for (const person of [anna, ben]) await person.quoteIn("At the station").getByText("When do we meet?").waitFor();

  await ben.act("When do we meet?", "Recall");
  await ben.confirm("Recall");
  for (const person of [anna, ben]) await person.quoteIn("At the station").getByText("Recalled message").waitFor();
  expect(await anna.page.getByText("When do we meet?").count()).toBe(0);
});

story("a quote leads to its message far above, and from there one comes back to the newest", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["the very first"]);
  const [first] = await bens.history(gid);
  await bens.send(gid, Array.from({ length: 600 }, (_, at) => `message ${at + 1}`));
  await annas.send(gid, ["I have read them"]);
  await bens.send(gid, ["about that"], "Text", { replyTo: first?.id });
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  const quote = anna.quoteIn("about that");
  await quote.getByText("the very first").waitFor();
  await quote.click();
  await anna.message("the very first").waitFor();
  await expect.poll(() => anna.inSight()).toContain("the very first");
  await anna.button(/go to the newest|^Go to the newest message$/).click();
  await expect.poll(() => anna.inSight()).toContain("about that");
});

story("an answer is written by keys alone, left by Esc, and waits in the draft", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["one", "two"]);
  const anna = await stage.seat(annas);
  const { keyboard } = anna.page;
  await anna.openChat("Ben");
  await anna.message("two").waitFor();
  await anna.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await keyboard.press("r");
  const bar = anna.page.locator(".answer-bar");
  await bar.getByText("one").waitFor();
  await keyboard.press("Escape");
  await bar.waitFor({ state: "detached" });

  await anna.act("two", "Reply");
  await keyboard.type("half an answer");
  await anna.page.reload();
  await bar.getByText("two").waitFor();
  await expect.poll(() => anna.composer.inputValue()).toBe("half an answer");
  await anna.composer.press("Enter");
  await anna.quoteIn("half an answer").getByText("two").waitFor();
});

story("the answers of a message are shown beside the chat, and grow", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Who comes?"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.act("Who comes?", "Reply");
  await anna.say("I do");
  await ben.message("I do").waitFor();
  await ben.act("Who comes?", "Show replies");
  const beside = ben.page.getByRole("complementary", { name: "Replies" });
  await beside.getByText("1 reply").waitFor();
  await anna.act("I do", "Reply");
  await anna.say("with a cake");
  await beside.getByText("2 replies").waitFor();
  await beside.getByText("with a cake").waitFor();
});

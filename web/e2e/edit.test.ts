// Changing what one has said.

import { expect } from "vitest";

import { story } from "./support/story";

story("an edit is seen by everybody, marked, and what it said before can be read", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.single(bens);
  await bens.send(await annas.single(bens), ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await anna.say("see you at nin");
  await ben.message("see you at nin").waitFor();
  await anna.composer.press("ArrowUp");
  await expect.poll(() => anna.composer.inputValue()).toBe("see you at nin");
  await anna.composer.fill("see you at **nine**");
  await anna.composer.press("Enter");
  await ben.log.locator("strong", { hasText: "nine" }).waitFor();
  await ben.button(/^edited$/).click();
  const edits = ben.dialog("Edits");
  await edits.getByText("see you at nin", { exact: true }).waitFor();
  await edits.locator("strong", { hasText: "nine" }).waitFor();
});

story("two devices that edit at once end in one state, and a draft outlives an edit", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["draft one"]);
  const [first, second, ben] = [await stage.seat(annas), await stage.seat(annas), await stage.seat(bens)];
  for (const person of [first, second]) await person.openChat("Ben");
  await ben.openChat("Anna");
  await first.composer.fill("something else");
  await first.act("draft one", "Edit");
  await second.act("draft one", "Edit");
  await first.composer.fill("as the first has it");
  await second.composer.fill("as the second has it");
  await first.composer.press("Enter");
  await second.composer.press("Enter");
  await expect.poll(() => first.composer.inputValue()).toBe("something else");
  await expect
    .poll(async () => new Set(await Promise.all([first, second, ben].map(async (person) => (await person.said()).join())))
      .size)
    .toBe(1);
  expect(["as the first has it", "as the second has it"]).toContain((await ben.said()).join());
});

story("an edit that is made offline is shown at once, and sent when the network is back", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["before"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  stage.expectTrouble();
  await anna.page.context().setOffline(true);
  await anna.act("before", "Edit");
  await anna.composer.fill("after");
  await anna.composer.press("Enter");
  await anna.message("after").waitFor();
  await anna.react("after", "👍");
  await expect.poll(() => anna.reactions("after")).toEqual(["👍 1"]);
  await anna.page.context().setOffline(false);
  await ben.message("after").waitFor();
  await expect.poll(() => ben.reactions("after")).toEqual(["👍 1"]);
});

story("of a file the caption is changed in its place, and nothing else of it", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ['{"url":"https://example.org/plan.pdf","name":"plan.pdf","size":20480,"pages":1.0}'], "File");
  const [anna, ben] = await stage.seats(annas, bens);
  await anna.openChat("Ben");
  await ben.openChat("Anna");
  await ben.log.getByText("plan.pdf").waitFor();
  const caption = anna.page.getByRole("textbox", { name: "Caption" });
  await anna.composer.press("ArrowUp");
  await caption.fill("the *second* floor");
  await caption.press("Enter");
  await ben.log.getByText("the *second* floor").waitFor();
  await ben.log.getByText("plan.pdf").waitFor();
  await ben.chatRow("Anna").getByText("[File] plan.pdf the *second* floor").waitFor();
  await ben.button(/^edited$/).waitFor();
  await anna.composer.press("ArrowUp");
  await expect.poll(() => caption.inputValue()).toBe("the *second* floor");
  await caption.fill("");
  await caption.press("Enter");
  await ben.log.getByText("the *second* floor").waitFor({ state: "detached" });
  await ben.log.getByText("plan.pdf").waitFor();
});

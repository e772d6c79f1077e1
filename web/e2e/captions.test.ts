// The words below pictures: what one has begun to write, and whom they mention.

import { expect } from "vitest";

import { audit } from "./support/axe";
import { paste, picture } from "./support/giving";
import { story } from "./support/story";

story("what one has begun to write becomes the caption, and is a draft again where nothing is sent", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  const { page } = anna;
  await anna.openChat("Ben");
  await anna.message("Hello").waitFor();
  const caption = anna.dialog("Send to Ben").getByRole("textbox", { name: "Add a caption" });
  await anna.composer.fill("From the");
  await paste(anna, [await picture(anna, "lake.png", 90, 60)]);
  await expect.poll(() => caption.inputValue()).toBe("From the");
  await page.keyboard.type(" lake");
  await page.keyboard.press("Escape");
  await caption.waitFor({ state: "detached" });
  await expect.poll(() => anna.composer.inputValue()).toBe("From the lake");

  await anna.act("Hello", "Reply");
  await paste(anna, [await picture(anna, "lake.png", 90, 60)]);
  await caption.waitFor();
  await page.keyboard.press("Enter");
  await anna.quoteIn("From the lake").waitFor();
  await expect.poll(() => anna.composer.inputValue()).toBe("");
  await expect.poll(async () => (await annas.history(gid)).length).toBe(2);
  // It is no draft elsewhere, either.
  await page.reload();
  await anna.message("From the lake").waitFor();
  await expect.poll(() => anna.composer.inputValue()).toBe("");

  // What is longer than a caption is a message of its own.
  await anna.composer.fill("long ".repeat(1000));
  await paste(anna, [await picture(anna, "lake.png", 90, 60)]);
  await expect.poll(() => caption.inputValue()).toBe("");
  await page.keyboard.press("Escape");
  await caption.waitFor({ state: "detached" });
  expect(await anna.composer.inputValue()).toBe("long ".repeat(1000));
});

story("a caption names people by the list of the composer, and an album mentions them once", async (stage) => {
  const [annas, bens, lins] = await stage.friends("Anna", "Ben", "王小明");
  const gid = await annas.group("Picnic", bens, lins);
  await annas.send(gid, ["Hello"]);
  const [anna, ming] = await stage.seats(annas, lins);
  const { page } = anna;
  await anna.openChat("Picnic");
  await anna.composer.focus();
  await page.keyboard.type("For @");
  const offered = page.getByRole("option");
  await expect.poll(() => offered.count()).toBeGreaterThan(1);
  await page.keyboard.press("Escape");
  await paste(anna, [await picture(anna, "a.png", 90, 60), await picture(anna, "bb.png", 90, 60), await picture(anna, "ccc.png", 90, 60)]);
  const about = anna.dialog("Send to Picnic");
  const caption = about.getByRole("textbox", { name: "Add a caption" });
  await caption.waitFor();
  await page.keyboard.type("wxm");
  await about.getByRole("option", { name: /王小明/ }).waitFor();
  expect(await audit(page)).toEqual([]);
  // The list goes first, then the dialog.
  await page.keyboard.press("Escape");
  await expect.poll(() => about.getByRole("option").count()).toBe(0);
  await caption.waitFor();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("@wxm");
  await about.getByRole("option", { name: /王小明/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await about.waitFor({ state: "detached" });
  await anna.log.getByRole("button", { name: "@王小明" }).waitFor();
  await ming.chatRow("Picnic").getByText("Mentions you 1 time").waitFor();
});

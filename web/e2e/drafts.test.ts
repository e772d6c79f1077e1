import { expect } from "vitest";

import { story } from "./support/story";

story("a reload right after Enter, or in mid-word, neither loses nor doubles what was written", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.sees("Hello");

  // The very moment after: the page has no turn of its own any more.
  const write = (text: string, enter: boolean): Promise<void> =>
    anna.composer.evaluate(
      (area, { text, enter }) => {
        (area as HTMLTextAreaElement).focus();
        document.execCommand("selectAll");
        document.execCommand("insertText", false, text);
        if (enter) area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
        location.reload();
      },
      { text, enter },
    );
  const written = ["Hello"];
  for (let times = 0; times < 4; times++) {
    const text = `sent ${times}`;
    await write(text, true);
    written.push(text);
    await anna.isIn();
    await anna.sees(...written);
    expect(await anna.composer.inputValue()).toBe("");
    await anna.seesState(text, "Sent");
  }
  expect((await annas.history(gid)).map(({ content }) => content)).toEqual(written);

  for (const text of ["half a", "half a sentence", "half a sentence more"]) {
    await write(text, false);
    await anna.isIn();
    await anna.sees(...written);
    await expect.poll(() => anna.composer.inputValue()).toBe(text);
  }
  // Enter sends what was there before the reload, once.
  await anna.composer.press("Enter");
  await anna.sees(...written, "half a sentence more");
  await anna.page.reload();
  await anna.isIn();
  await anna.sees(...written, "half a sentence more");
  expect(await anna.composer.inputValue()).toBe("");
});

import { expect } from "vitest";

import { story } from "./support/story";

const COUNT = 600;

story("scrolling up shows the whole of a long chat, without a gap and in order", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  const all = Array.from({ length: COUNT }, (_, at) => `message ${at + 1}${at % 7 === 0 ? "\nof two lines" : ""}`);
  await annas.send(gid, all);
  await bens.send(gid, ["I have read it all"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.message("I have read it all").waitFor();

  // Whatever is near the sight is a piece of the whole, and the pieces overlap.
  const whole = [...all, "I have read it all"];
  let top = whole.indexOf((await ben.said())[0] ?? "");
  await ben.log.hover();
  while (top > 0) {
    await ben.page.mouse.wheel(0, -900);
    await expect
      .poll(async () => {
        const seen = await ben.said();
        const at = whole.indexOf(seen[0] ?? "");
        expect(seen).toEqual(whole.slice(at, at + seen.length));
        expect(at + seen.length).toBeGreaterThanOrEqual(top);
        const higher = at < top;
        top = at;
        return higher;
      })
      .toBe(true);
  }
  // What stands above the first message is drawn when it is near, too.
  await expect
    .poll(async () => {
      await ben.page.mouse.wheel(0, -900);
      return ben.log.getByText("This is where the conversation begins.").isVisible();
    })
    .toBe(true);

  await annas.send(gid, ["and one more"]);
  await ben.button("1 new message, go to the newest").click();
  await ben.message("and one more").waitFor();
  await ben.seesUnread("Anna", 0);
});

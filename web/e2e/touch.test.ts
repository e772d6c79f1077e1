// On a phone: a long press opens the menu of a message, and a swipe answers it.

import type { Locator } from "playwright-core";
import { expect } from "vitest";

import type { Person } from "./support/person";
import { type Stage, story } from "./support/story";

const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true } as const;

class Finger {
  private constructor(private readonly tell: (type: string, points: readonly { x: number; y: number }[]) => Promise<unknown>) {}

  static async of({ page }: Person): Promise<Finger> {
    const session = await page.context().newCDPSession(page);
    return new Finger((type, touchPoints) =>
      session.send("Input.dispatchTouchEvent", { type: type as "touchStart", touchPoints: [...touchPoints] }),
    );
  }

  async press(on: Locator, meanwhile: () => Promise<void>): Promise<void> {
    const { x, y } = await middle(on);
    await this.tell("touchStart", [{ x, y }]);
    await meanwhile();
    await this.tell("touchEnd", []);
  }

  async swipe(on: Locator, by: number): Promise<void> {
    const { x, y } = await middle(on);
    // All at once: a finger that rests where it began, for as long as a busy machine takes, presses long.
    const told = [this.tell("touchStart", [{ x, y }])];
    for (let part = 1; part <= 8; part++) told.push(this.tell("touchMove", [{ x: x + (by * part) / 8, y }]));
    told.push(this.tell("touchEnd", []));
    await Promise.all(told);
  }
}

async function middle(on: Locator): Promise<{ x: number; y: number }> {
  const box = await on.boundingBox();
  if (box === null) throw new Error("it is not shown");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function atThePhone(stage: Stage): Promise<{ anna: Person; finger: Finger }> {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await bens.send(await annas.single(bens), ["Where do we meet on Saturday?"]);
  const anna = await stage.seat(annas, PHONE);
  await anna.openChat("Ben");
  await anna.message("Where do we meet on Saturday?").waitFor();
  return { anna, finger: await Finger.of(anna) };
}

story("a swipe to the side answers a message, and one that stops halfway does not", async (stage) => {
  const { anna, finger } = await atThePhone(stage);
  const bubble = anna.message("Where do we meet on Saturday?").locator(".bubble");
  const bar = anna.page.locator(".answer-bar");
  await finger.swipe(bubble, -40);
  expect(await bar.count()).toBe(0);
  await finger.swipe(bubble, 120);
  expect(await bar.count()).toBe(0);
  await finger.swipe(bubble, -120);
  await bar.getByText("Where do we meet on Saturday?").waitFor();
  expect(await anna.message("Where do we meet on Saturday?").evaluate((article) => article.style.translate)).toBe("");
});

story("a long press opens the menu of a message, which stays when the finger is lifted", async (stage) => {
  const { anna, finger } = await atThePhone(stage);
  const menu = anna.page.getByRole("menu", { name: "What to do with the message" });
  await finger.press(anna.message("Where do we meet on Saturday?").locator(".body__text"), () => menu.waitFor());
  await menu.getByRole("menuitem", { name: "Reply", exact: true }).tap();
  await anna.page.locator(".answer-bar").waitFor();
  expect(await menu.count()).toBe(0);
});

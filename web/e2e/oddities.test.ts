// Browsers that are not as one wishes: clocks that are wrong, and stores that keep nothing.

import { expect } from "vitest";

import { story } from "./support/story";

/** The clock of the device is off by what `setClock` says, over reloads. */
function wrongClock(): void {
  // Not yet a page of the client.
  if (location.protocol === "about:") return;
  const real = Date;
  const state = { offMs: Number(sessionStorage.getItem("offMs") ?? 0) };
  class Shifted extends real {
    constructor(...given: readonly unknown[]) {
      if (given.length === 0) super(real.now() + state.offMs);
      else super(...(given as []));
    }
    static override now(): number {
      return real.now() + state.offMs;
    }
  }
  Object.assign(globalThis, {
    Date: Shifted,
    setClock(offMs: number) {
      state.offMs = offMs;
      sessionStorage.setItem("offMs", `${offMs}`);
    },
  });
}

declare function setClock(offMs: number): void;

for (const hours of [-29, 29]) {
  story(`a device whose clock is ${Math.abs(hours)} hours ${hours < 0 ? "slow" : "fast"} shows what others see`, async (stage) => {
    const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
    const gid = await annas.single(bens);
    const other = await annas.single(carlas);
    await bens.send(gid, ["Hello"]);
    const anna = await stage.seat(annas, { oddity: wrongClock });
    await anna.page.evaluate((offMs) => setClock(offMs), hours * 3_600_000);
    await anna.page.reload();
    await anna.isIn();
    await anna.openChat("Ben");
    await anna.sees("Hello");

    // What is not sent yet has no time of the server's.
    stage.expectTrouble();
    await anna.page.context().setOffline(true);
    await anna.page.locator('[data-connection="offline"]').waitFor({ state: "attached" });
    await anna.say("one");
    await anna.page.evaluate(() => setClock(0));
    await anna.say("two");
    await anna.page.evaluate((offMs) => setClock(offMs), hours * 3_600_000);
    await anna.say("three");
    await anna.seesState("three", "Sending");
    await anna.page.context().setOffline(false);
    await anna.seesState("three", "Sent");
    await anna.sees("Hello", "one", "two", "three");
    expect((await annas.history(gid)).map(({ content }) => content)).toEqual(["Hello", "one", "two", "three"]);

    // One day, and that is today.
    expect(await anna.log.locator(".log__day").allInnerTexts()).toEqual(["Today"]);
    // The list goes by what happened last, and the receipts go on.
    const titles = anna.page.getByRole("list", { name: "List of chats" }).getByRole("link");
    await expect.poll(async () => (await titles.allInnerTexts()).map((text) => text.includes("Ben"))).toEqual([true, false]);
    await carlas.send(other, ["and I"]);
    await expect.poll(async () => (await titles.allInnerTexts()).map((text) => text.includes("Ben"))).toEqual([false, true]);
    const ben = await stage.seat(bens);
    await ben.openChat("Anna");
    await ben.say("read it");
    await anna.seesState("three", "Read");
    await ben.seesState("read it", "Read");
  });
}

story("a store that never answers keeps nobody from their messages, and the page says so", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas, {
    oddity: () => {
      // A request to which nothing ever happens.
      IDBFactory.prototype.open = () =>
        Object.setPrototypeOf(new EventTarget(), IDBOpenDBRequest.prototype) as IDBOpenDBRequest;
    },
  });
  await anna.page.getByRole("status").filter({ hasText: "This browser does not store your messages" }).waitFor();
  await anna.openChat("Ben");
  await anna.sees("Hello");
  await anna.say("I can hear you");
  await anna.seesState("I can hear you", "Sent");
  await anna.composer.fill("half a");
  await anna.page.reload();
  await anna.isIn();
  await anna.sees("Hello", "I can hear you");
  expect(await anna.composer.inputValue()).toBe("half a");
  await anna.button("Close").click();
  await anna.page.getByText("This browser does not store").waitFor({ state: "detached" });
});

story("a store that a newer client has taken over is left to it, and the page says what to do", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.sees("Hello");
  await anna.page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name ?? "", 9_999);
        opening.onsuccess = resolve;
        opening.onerror = reject;
      });
    }
  });
  await anna.page.getByRole("status").filter({ hasText: "A newer version of rim is open in another tab" }).waitFor();
  await anna.isOnline();
  await anna.say("still here");
  await anna.seesState("still here", "Sent");
  await anna.sees("Hello", "still here");
});

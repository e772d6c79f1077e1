import { expect } from "vitest";

import type { Account } from "./support/account";
import type { Person } from "./support/person";
import { story, type Stage } from "./support/story";

const PHONE = { viewport: { width: 390, height: 760 } };
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `message ${from + at}\nof two lines`);

/** Ben has read the first thirty messages of Anna's, and not the next hundred and twenty. */
async function unread(stage: Stage): Promise<{ annas: Account; bens: Account; gid: number }> {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  const other = await bens.group("Picnic", annas);
  await bens.send(other, ["elsewhere"]);
  await annas.send(gid, numbered(1, 30));
  await bens.send(gid, ["I have read them"]);
  await annas.send(gid, numbered(31, 150));
  return { annas, bens, gid };
}

async function goElsewhere(ben: Person): Promise<void> {
  if (await ben.button("Back").isVisible()) {
    await ben.button("Back").click();
    await ben.log.waitFor({ state: "detached" });
  } else {
    await ben.openChat("Picnic");
    await ben.message("elsewhere").waitFor();
  }
}

/** A store that keeps whoever reads messages waiting until `answer` is called. */
function slowStore(): void {
  const waiting: (() => void)[] = [];
  let answers = false;
  const { getAll } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.getAll = function (this: IDBObjectStore, ...given: Parameters<typeof getAll>) {
    const request = getAll.apply(this, given);
    if (this.name !== "messages") return request;
    const listen = request.addEventListener.bind(request);
    request.addEventListener = (type: string, listener: EventListenerOrEventListenerObject): void => {
      const tell = (event: Event): void => (typeof listener === "function" ? listener(event) : listener.handleEvent(event));
      listen(type, (event) => void (answers ? tell(event) : waiting.push(() => tell(event))));
    };
    return request;
  };
  Object.assign(globalThis, {
    answer() {
      answers = true;
      for (const tell of waiting.splice(0)) tell();
    },
  });
}

declare function answer(): void;

const divider = (ben: Person) => ben.log.getByRole("separator", { name: "New messages" });

for (const [screen, options] of [
  ["wide", {}],
  ["narrow", PHONE],
] as const) {
  story(`a chat that is opened again stands at the divider, on a ${screen} screen`, async (stage) => {
    const { bens } = await unread(stage);
    const ben = await stage.seat(bens, options);
    await ben.openChat("Anna");
    await divider(ben).waitFor();
    await expect.poll(() => ben.inSight()).toContain("message 31\nof two lines");
    await expect.poll(() => ben.inSight()).toContain("I have read them");
    await expect.poll(() => ben.page.title()).toMatch(/^\((10\d|11[0-9])\) /);
    // Nothing was scrolled; what was in sight is read by now, and the divider stands below it.
    for (let times = 0; times < 3; times++) {
      await goElsewhere(ben);
      await ben.openChat("Anna");
      await divider(ben).waitFor();
      const seen = await ben.inSight();
      expect(seen).not.toContain("message 1\nof two lines");
      const box = await divider(ben).boundingBox();
      const log = await ben.log.boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(log?.y ?? Infinity);
      expect(box?.y).toBeLessThan((log?.y ?? 0) + (log?.height ?? 0));
    }
  });

  story(`a chat that was left far in the past is opened again there, on a ${screen} screen`, async (stage) => {
    const { annas, bens, gid } = await unread(stage);
    await annas.send(gid, numbered(151, 700));
    await bens.send(gid, ["I have read all of it"]);
    const ben = await stage.seat(bens, options);
    await ben.openChat("Anna");
    await ben.message("I have read all of it").waitFor();
    await ben.log.hover();
    const wanted = /^message (3[0-9][0-9])/;
    for (let times = 0; times < 200 && !wanted.test((await ben.inSight())[1] ?? ""); times++) {
      const at = await ben.inSight();
      await ben.page.mouse.wheel(0, -900);
      await expect.poll(() => ben.inSight()).not.toEqual(at);
    }
    const before = await ben.inSight();
    expect(before[1]).toMatch(wanted);
    await goElsewhere(ben);
    await ben.openChat("Anna");
    await expect.poll(() => ben.inSight()).toEqual(before);
  });
}

story("what comes while nobody looks at the open chat waits below a divider, in sight, until somebody does", async (stage) => {
  const { annas, bens, gid } = await unread(stage);
  await bens.send(gid, ["All read"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.message("All read").waitFor();
  expect(await divider(ben).count()).toBe(0);

  await ben.page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event("blur"));
  });
  await annas.send(gid, numbered(1000, 1060));
  await ben.seesUnread("Anna", 61);
  await divider(ben).waitFor();
  await expect.poll(() => ben.inSight()).toContain("message 1000\nof two lines");
  expect(await ben.inSight()).toContain("All read");
  expect(await ben.inSight()).not.toContain("message 1060\nof two lines");

  await ben.page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  // Only what is in sight is read; what comes now does not move it.
  await ben.chatRow("Anna").getByText(/^5[0-9] unread messages$/).waitFor({ state: "attached" });
  await annas.send(gid, ["one more"]);
  expect(await ben.inSight()).toContain("All read");
  await ben.button(/go to the newest/).click();
  await ben.message("one more").waitFor();
  await ben.seesUnread("Anna", 0);
  // Whoever is at the newest sees what comes.
  await annas.send(gid, ["and another"]);
  await expect.poll(() => ben.inSight()).toContain("and another");
});

story("what comes while a chat opens is begun at its first, and what comes then is followed to its last", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Hi"]);
  const ben = await stage.seat(bens, { oddity: slowStore });
  let isOpen = false;
  const opening = ben.openChat("Anna").then(() => (isOpen = true));
  await ben.composer.waitFor();
  await annas.send(gid, numbered(1, 60));
  await ben.seesUnread("Anna", 61);
  expect(isOpen).toBe(false);
  await ben.page.evaluate(() => answer());
  await opening;
  await divider(ben).waitFor();
  await expect.poll(() => ben.inSight()).toContain("message 1\nof two lines");
  expect(await ben.inSight()).toContain("Hi");
  expect(await ben.said()).not.toContain("message 60\nof two lines");
  await ben.button(/^[45]\d new messages, go to the newest$/).click();
  await expect.poll(() => ben.inSight()).toContain("message 60\nof two lines");
  await ben.seesUnread("Anna", 0);

  // At the end of it, however slow the device, whatever comes at once and however high it turns out to be.
  const device = await ben.page.context().newCDPSession(ben.page);
  await device.send("Emulation.setCPUThrottlingRate", { rate: 8 });
  for (const round of ["first", "second", "third"]) {
    await annas.send(gid, Array.from({ length: 12 }, (_, at) => `${round} ${at}\n${"word ".repeat(40 * at)}${"\n".repeat(at)}.`));
    await annas.send(gid, Array.from({ length: 3 }, () => "> - *a* `b`\n\n```\nc\n```\n\n".repeat(200)), "RichText");
    await annas.send(gid, [`${round} end`]);
    await expect.poll(() => ben.inSight()).toContain(`${round} end`);
  }
  await ben.seesUnread("Anna", 0);
});

// Files on their way: without a network, while the server is killed, and when the tab that sends them is closed.

import { expect } from "vitest";

import { attach, blobOf, type Given, hashOf, pictureOf } from "./support/files";
import type { Account } from "./support/account";
import type { Person } from "./support/person";
import { story } from "./support/story";

const MIB = 1024 * 1024;

/** What is said in a chat: texts as they are, files by their bytes, as somebody fetches them who may see them. */
async function told(account: Account, gid: number): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { kind, content } of await account.history(gid)) {
    if (kind === "Text") said.push(content);
    else said.push(hashOf(await account.file((JSON.parse(content) as { file: string }).file)));
  }
  return said;
}

/** So slow that something can happen on the way. */
async function slow(person: Person, bytesPerSecond: number): Promise<void> {
  const devtools = await person.page.context().newCDPSession(person.page);
  const how = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
  await devtools.send("Network.emulateNetworkConditions", how);
}

/** What a page asks of uploads, by method and where it goes on. */
function requestsOf(person: Person): readonly string[] {
  const asked: string[] = [];
  person.page.on("request", (request) => {
    if (!request.url().includes("/api/file/tus")) return;
    const offset = request.headers()["upload-offset"];
    asked.push(offset === undefined ? request.method() : `${request.method()} ${offset}`);
  });
  return asked;
}

const hashes = (...files: readonly Given[]): readonly string[] => files.map(({ buffer }) => hashOf(buffer));

story("a picture that is sent without a network arrives once, before what was written behind it, also after a reload", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await Promise.all([anna.openChat("Ben"), ben.openChat("Anna")]);
  await anna.sees("Hello");
  const picture = pictureOf("lake.png", 900, 600);

  stage.expectTrouble();
  await anna.page.context().setOffline(true);
  await anna.page.locator('[data-connection="offline"]').waitFor({ state: "attached" });
  await attach(anna, picture);
  await anna.say("what do you think?");
  await anna.log.getByRole("img", { name: /^Picture from / }).waitFor();
  await anna.page.reload();
  await anna.sees("Hello", "what do you think?");
  // It is drawn from what this device has.
  await anna.log.getByRole("img", { name: /^Picture from / }).waitFor();

  await anna.page.context().setOffline(false);
  await anna.isOnline();
  await anna.seesState("what do you think?", "Read");
  await ben.sees("Hello", "what do you think?");
  await ben.log.getByRole("img", { name: /^Picture from Anna/ }).waitFor();
  expect(await told(bens, gid)).toEqual(["Hello", ...hashes(picture), "what do you think?"]);
});

story("a file goes on where it was when the server is killed, and keeps its place among the texts", async (stage) => {
  const rim = await stage.ownRim();
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.sees("Hello");
  const [large, small] = [blobOf("large.bin", 20 * MIB), blobOf("small.bin", 10_000)];
  const asked = requestsOf(anna);
  await slow(anna, 4 * MIB);

  stage.expectTrouble();
  await anna.say("before");
  await attach(anna, large);
  await attach(anna, small);
  await anna.say("behind");
  await expect.poll(() => asked.includes(`PATCH ${8 * MIB}`)).toBe(true);
  await rim.kill();
  await anna.page.locator('[data-connection="offline"]').waitFor({ state: "attached" });
  await slow(anna, -1);
  await rim.startAgain();
  await anna.seesState("behind", "Sent");

  expect(await told(bens, gid)).toEqual(["Hello", "before", ...hashes(large, small), "behind"]);
  // One beginning each; and nothing that the server had made sure of was sent again.
  expect(asked.filter((one) => one.startsWith("POST")).length).toBeLessThanOrEqual(3);
  expect(asked.filter((one) => one === "PATCH 0")).toHaveLength(1);
  expect(asked.filter((one) => one.startsWith("HEAD")).length).toBeGreaterThanOrEqual(1);
});

story("a file goes on in another tab when the one that sends it is closed", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  await anna.sees("Hello");
  const other = await stage.tab(anna);
  await other.openChat("Ben");
  const large = blobOf("large.bin", 20 * MIB);
  // Either may lead, and sends it.
  const tabs = [anna, other].map((person) => ({ person, asked: requestsOf(person) }));
  for (const { person } of tabs) await slow(person, 4 * MIB);
  const midway = (): (typeof tabs)[number] | undefined => tabs.find(({ asked }) => asked.includes(`PATCH ${8 * MIB}`));

  stage.expectTrouble();
  await attach(anna, large);
  await expect.poll(() => midway() !== undefined).toBe(true);
  const sender = midway();
  const left = tabs.find((tab) => tab !== sender);
  const before = left?.asked.length ?? 0;
  await sender?.person.page.close();
  await expect.poll(async () => (await bens.history(gid)).length).toBe(2);
  expect(await told(bens, gid)).toEqual(["Hello", ...hashes(large)]);
  const since = left?.asked.slice(before) ?? [];
  expect(since[0]).toBe("HEAD");
  expect(since).not.toContain("PATCH 0");
});

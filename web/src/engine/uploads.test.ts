// Files on their way: shown at once, sent once, in order, whatever breaks off; and what becomes of those that cannot be sent.

import { describe, expect, it } from "vitest";
import { attachedIn } from "./attached";
import type { Attachment, Message } from "./contract";
import { MemoryStore } from "./memory";
import { type Browser, type Tab, World } from "./testing/browser";
import type { TransferFate } from "./testing/transfers";
import type { TransferRequest } from "./uploading";
import { BROKEN, LOST } from "./uploads";

interface Scene {
  readonly world: World;
  readonly anna: number;
  readonly gid: number;
  /** Another chat of hers. */
  readonly beside: number;
  readonly browser: Browser;
  readonly tab: Tab;
}

/** Anna, online in one tab, looks at two chats. */
async function scene(locks = true): Promise<Scene> {
  const world = new World();
  const anna = world.server.user("anna");
  const bob = world.server.user("bob");
  const gid = world.server.group([anna, bob]);
  const beside = world.server.group([anna, bob]);
  const browser = world.browser(anna, { locks });
  const tab = await open(browser, gid, beside);
  return { world, anna, gid, beside, browser, tab };
}

async function open(browser: Browser, ...gids: readonly number[]): Promise<Tab> {
  const tab = await browser.open();
  for (const gid of gids) tab.watch(gid);
  await browser.world.pass();
  return tab;
}

/** Bytes that are not the same anywhere. */
function bytes(size: number): string {
  return Array.from({ length: Math.ceil(size / 8) }, (_, at) => `${at}`.padStart(8, ".")).join("").slice(0, size);
}

function picture(size: number, more: Partial<Attachment> = {}): Attachment {
  return { kind: "Image", blob: new Blob([bytes(size)], { type: "image/jpeg" }), name: "lake.jpg", asFile: false, caption: "", width: 4, height: 3, ...more };
}

/** What the server has of a chat: texts as they are, files by how many bytes they have. */
function told({ world: { server } }: Scene, gid: number): readonly string[] {
  return server.at(gid).messages.map(({ kind, content }) => {
    const attached = attachedIn(kind, content);
    return attached === null ? content : `${kind} of ${attached.sizeBytes}`;
  });
}

async function arrivedWhole({ world: { server } }: Scene, gid: number): Promise<boolean> {
  for (const { kind, content } of server.at(gid).messages) {
    const id = attachedIn(kind, content)?.file;
    if (id === undefined || id === null) continue;
    const file = server.transfers.files.get(id);
    if ((await file?.bytes.text()) !== bytes(file?.bytes.size ?? -1)) return false;
  }
  return true;
}

function requests({ world: { server } }: Scene): readonly string[] {
  return server.transfers.requests.map(({ method, path, headers }) => {
    const offset = headers["Upload-Offset"];
    return `${method} ${path.split("/").slice(3).join("/")}${offset === undefined ? "" : ` ${offset}`}`;
  });
}

function only(tab: Tab, gid: number): Message {
  const [message, ...others] = tab.view(gid).messages;
  if (message === undefined || others.length > 0) throw new Error(`${others.length + 1} messages`);
  return message;
}

function stored({ browser, anna }: Scene): Promise<readonly string[]> {
  return browser.store(anna).fileNames();
}

/** These fates, one for each request, and no others. */
function fates(world: World, ...all: readonly (TransferFate | null)[]): void {
  const left = [...all];
  world.server.transfers.fate = () => left.shift() ?? null;
}

describe("a file", () => {
  it("is shown at once with its bytes and how far it is, and arrives with what the server says of it", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(2_400, { caption: "The lake" })]);
    await world.pass(0);
    const { key, state, content } = only(tab, gid);
    expect(state).toEqual({ is: "sending" });
    expect(attachedIn("Image", content)).toMatchObject({ file: null, name: "lake.jpg", sizeBytes: 2_400, width: 4 });
    expect(await (await tab.engine.localFile(gid, key, "file"))?.text()).toBe(bytes(2_400));
    const seen: string[] = [];
    const upload = tab.engine.upload(gid, key);
    upload.subscribe(() => {
      const now = upload.get();
      seen.push(now === null ? "-" : `${now.is} ${now.sentBytes}/${now.sizeBytes}`);
    });
    await world.pass(60_000);
    expect(seen[0]).toMatch(/^running /);
    expect(seen.at(-2)).toBe("done 2400/2400");
    expect(seen.at(-1)).toBe("-");
    expect(requests(all)).toEqual(["POST tus", "PATCH tus/t1 0", "PATCH tus/t1 1000", "PATCH tus/t1 2000", "GET get?id=file_2"]);
    const arrived = only(tab, gid);
    expect(arrived.key).toBe(key);
    expect(JSON.parse(arrived.content)).toEqual({ file: "file_2", name: "lake.jpg", size: 2_400, mime: "image/jpeg", width: 640, height: 480, caption: "The lake" });
    expect(await arrivedWhole(all, gid)).toBe(true);
    // The device need not keep it; whoever still draws it from here may go on.
    expect(await stored(all)).toEqual([]);
    expect(await (await tab.engine.localFile(gid, key, "file"))?.text()).toBe(bytes(2_400));
  });

  it("goes by one request if it is small", async () => {
    const all = await scene();
    all.tab.engine.attach(all.gid, [picture(300, { kind: "File", name: "Übersicht 1.txt" })]);
    await all.world.pass(10_000);
    expect(requests(all)).toEqual(["POST tus"]);
    expect([...all.world.server.transfers.files.values()].map(({ name }) => name)).toEqual(["Übersicht 1.txt"]);
    expect(told(all, all.gid)).toEqual(["File of 300"]);
  });

  it("goes in larger pieces where they go quickly, and in smaller ones where they do not", async () => {
    const all = await scene();
    all.world.sizes = { whole: 500, piece: 1_000, most: 4_000 };
    all.tab.engine.attach(all.gid, [picture(12_000)]);
    await all.world.pass(60_000);
    const offsets = (): readonly string[] => requests(all).filter((request) => request.startsWith("PATCH")).map((request) => request.split(" ")[2] ?? "");
    expect(offsets()).toEqual(["0", "1000", "3000", "7000", "11000"]);
    all.world.server.transfers.requests.length = 0;
    // The larger ones take a second.
    all.world.sizes = { whole: 500, piece: 10_000, most: 80_000 };
    all.tab.crash();
    const again = await open(all.browser, all.gid);
    again.engine.attach(all.gid, [picture(75_000)]);
    await all.world.pass(60_000);
    expect(offsets()).toEqual(["0", "10000", "30000", "40000", "60000", "70000"]);
    expect(told(all, all.gid)).toEqual(["Image of 12000", "Image of 75000"]);
    expect(await arrivedWhole(all, all.gid)).toBe(true);
  });

  it.each([
    { is: "status", status: 413, text: "<html>too large</html>" },
    { is: "lost" },
  ] as const)("goes in small pieces behind a proxy that lets no large ones through: $is", async (fate) => {
    const all = await scene();
    all.world.sizes = { whole: 500, piece: 1_000, most: 4_000 };
    all.world.server.transfers.fate = ({ body }) => ((body?.size ?? 0) > 1_000 ? fate : null);
    all.tab.engine.attach(all.gid, [picture(20_000)]);
    await all.world.pass(60_000);
    expect(told(all, all.gid)).toEqual(["Image of 20000"]);
    expect(await arrivedWhole(all, all.gid)).toBe(true);
    expect(requests(all).filter((request) => request.startsWith("HEAD"))).toHaveLength(1);
  });

  it("fails with what the server says of it, also where a large piece is refused", async () => {
    const all = await scene();
    all.world.sizes = { whole: 500, piece: 1_000, most: 4_000 };
    all.world.server.transfers.fate = ({ method, headers }) =>
      method === "PATCH" && headers["Upload-Offset"] !== "0" ? { is: "status", status: 507, text: "the server's disk is nearly full" } : null;
    all.tab.engine.attach(all.gid, [picture(20_000)]);
    await all.world.pass(60_000);
    expect(only(all.tab, all.gid).state).toEqual({ is: "failed", reason: "the server's disk is nearly full" });
  });

  it("holds back what is written behind it, in its chat and in no other", async () => {
    const all = await scene();
    const { world, gid, beside, tab } = all;
    tab.engine.send(gid, "Text", "before");
    tab.engine.attach(gid, [picture(3_000), picture(2_500)], { album: true });
    tab.engine.send(gid, "Text", "behind");
    tab.engine.send(beside, "Text", "elsewhere");
    await world.pass(60);
    expect([told(all, gid), told(all, beside)]).toEqual([["before"], ["elsewhere"]]);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["before", "Image of 3000", "Image of 2500", "behind"]);
    const albums = world.server.at(gid).messages.map(({ kind, content }) => attachedIn(kind, content)?.album);
    expect(albums[1]).toMatch(/^id-/);
    expect(albums[2]).toBe(albums[1]);
  });

  it("holds back nothing that is done to other messages, but what is forwarded behind it", async () => {
    const { world, gid, beside, tab, ...rest } = await scene();
    const all = { world, gid, beside, tab, ...rest };
    const bob = [...world.server.at(gid).members.keys()].at(-1) ?? 0;
    world.server.say(bob, beside, "forward me");
    world.server.say(bob, gid, "look at this");
    await world.pass();
    const key = tab.view(gid).messages[0]?.key ?? "";
    tab.engine.attach(gid, [picture(5_000)]);
    tab.engine.forward(beside, [tab.view(beside).messages[0]?.key ?? ""], [gid], { merged: false, origin: true });
    tab.engine.send(gid, "Text", "behind");
    tab.engine.react(gid, key, "👍", true);
    tab.engine.send(beside, "Text", "elsewhere");
    await world.pass(100);
    expect(world.server.at(gid).messages.map((message) => world.server.living.of(message, null).noted?.reactions?.length ?? 0)).toEqual([1]);
    expect(told(all, beside)).toEqual(["forward me", "elsewhere"]);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["look at this", "Image of 5000", "forward me", "behind"]);
  });

  it("leaves room for other chats, and all together for other devices", async () => {
    const all = await scene();
    const { world, gid, beside, tab } = all;
    tab.engine.attach(gid, Array.from({ length: 6 }, () => picture(5_000)));
    tab.engine.attach(beside, [picture(600)]);
    await world.pass(200);
    expect(told(all, beside)).toEqual(["Image of 600"]);
    expect(told(all, gid)).toEqual([]);
    tab.engine.attach(beside, Array.from({ length: 6 }, () => picture(5_000)));
    await world.pass(100_000);
    expect([told(all, gid).length, told(all, beside).length]).toEqual([6, 7]);
    expect(world.server.transfers.most).toBeLessThanOrEqual(4);
  });

  it("that is attached without a network arrives once when there is one, also after a reload", async () => {
    const all = await scene();
    const { world, gid, browser, tab } = all;
    world.server.reachable = false;
    world.server.cut(1006);
    await world.pass(1_000);
    tab.engine.attach(gid, [picture(2_400)]);
    tab.engine.send(gid, "Text", "behind");
    await world.pass(60_000);
    expect(tab.view(gid).messages.map(({ state }) => state.is)).toEqual(["sending", "sending"]);
    tab.crash();
    const again = await open(browser, gid);
    expect(again.engine.files.get()).toEqual({ maxBytes: 1_000_000 });
    expect(await (await again.engine.localFile(gid, again.view(gid).messages[0]?.key ?? "", "file"))?.text()).toBe(bytes(2_400));
    world.server.reachable = true;
    await world.pass(120_000);
    expect(told(all, gid)).toEqual(["Image of 2400", "behind"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
    expect(await stored(all)).toEqual([]);
  });

  it("goes on where the server has got to, after a reload and after the server was killed", async () => {
    const all = await scene();
    const { world, gid, browser, tab } = all;
    tab.engine.attach(gid, [picture(9_000)]);
    while (requests(all).length < 4) await world.pass(5);
    tab.crash();
    const again = await open(browser, gid);
    while (requests(all).length < 7) await world.pass(5);
    world.server.transfers.kill();
    world.server.cut(1006);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 9000"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
    expect(only(again, gid).state.is).not.toBe("failed");
    const asked = requests(all);
    expect(asked.filter((one) => one.startsWith("POST"))).toEqual(["POST tus"]);
    expect(asked.filter((one) => one.startsWith("HEAD")).length).toBeGreaterThanOrEqual(2);
    // Nothing was sent twice but what was on its way when it broke off.
    expect(asked.filter((one) => one.startsWith("PATCH")).length).toBeLessThanOrEqual(9 + 4);
  });

  it("is taken over by another tab when the one that sends it is gone, and sent by the leader wherever it was attached", async () => {
    const all = await scene();
    const { world, gid, beside, browser, tab } = all;
    const other = await open(browser, gid, beside);
    other.engine.attach(gid, [picture(6_000)]);
    const upload = other.engine.upload(gid, other.view(gid).messages[0]?.key ?? "");
    while (requests(all).length < 3) await world.pass(5);
    await world.pass(0);
    expect(tab.view(gid).messages.length).toBe(1);
    tab.crash();
    await world.pass(0);
    await world.pass(60_000);
    expect(upload.get()).toBeNull();
    expect(told(all, gid)).toEqual(["Image of 6000"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
    expect(requests(all).filter((one) => one.startsWith("POST"))).toEqual(["POST tus"]);
  });

  it("arrives once and whole where the store takes nothing, as long as the page lives", async () => {
    const all = await scene();
    all.browser.full = true;
    all.tab.engine.attach(all.gid, [picture(2_400)]);
    await all.world.pass(60_000);
    expect(told(all, all.gid)).toEqual(["Image of 2400"]);
    expect(await arrivedWhole(all, all.gid)).toBe(true);
  });

  it("that this device did not keep in time fails and says so", async () => {
    const all = await scene();
    const { world, gid, browser, tab } = all;
    world.server.transfers.fate = () => ({ is: "lost" });
    tab.beforeKeeping = () => {
      throw new Error("not yet");
    };
    tab.engine.attach(gid, [picture(2_400)]);
    await world.pass(50);
    tab.crash();
    const again = await open(browser, gid);
    await world.pass(5_000);
    expect(only(again, gid).state).toEqual({ is: "failed", reason: LOST });
    again.engine.discard(gid, only(again, gid).key);
    await world.pass();
    expect(again.view(gid).messages).toEqual([]);
  });

  it("that the browser's store does not give back now is asked for again", async () => {
    const all = await scene();
    const { world, gid, browser, anna, tab } = all;
    world.server.transfers.fate = () => ({ is: "lost" });
    tab.engine.attach(gid, [picture(2_400)]);
    await world.pass();
    tab.crash();
    world.server.transfers.fate = () => null;
    const store = browser.store(anna);
    let times = 2;
    store.file = async (name) => {
      if (times-- > 0) throw new Error("not now");
      return MemoryStore.prototype.file.call(store, name);
    };
    await open(browser, gid);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 2400"]);
  });

  it("of which the page did not live to write the message goes from the store after a while", async () => {
    const all = await scene();
    const { world, gid, browser, anna, tab } = all;
    for (const clientMsgId of ["an orphan", "voice 1 a 000000"]) await browser.store(anna).keepFile({ clientMsgId, file: new Blob(["x"]), poster: null });
    world.server.transfers.fate = () => ({ is: "lost" });
    tab.engine.attach(gid, [picture(2_400)]);
    await world.pass();
    tab.crash();
    await open(browser, gid);
    expect((await stored(all)).length).toBe(3);
    await world.pass(100_000);
    expect(await stored(all)).not.toContain("an orphan");
    // What was said into a microphone waits for its message.
    expect(await stored(all)).toContain("voice 1 a 000000");
    expect((await stored(all)).length).toBe(2);
  });
});

describe("a request of an upload", () => {
  const FATES: readonly (readonly [string, TransferFate])[] = [
    ["is lost", { is: "lost" }],
    ["is torn in the middle", { is: "torn", part: 0.4 }],
    ["is not answered", { is: "unanswered" }],
    ["meets a busy server", { is: "status", status: 503, retryAfter: 2 }],
    ["meets a proxy without a server", { is: "status", status: 502, text: "<html>Bad gateway</html>" }],
    ["comes too fast", { is: "status", status: 429, retryAfter: 2 }],
    ["meets a fault", { is: "status", status: 500, text: "system error" }],
    ["meets another one that goes on with it", { is: "status", status: 423 }],
    ["is damaged on its way", { is: "status", status: 460 }],
  ];
  for (const [what, fate] of FATES) {
    it(`may be the one that ${what}, whichever it is: the file arrives once and whole`, async () => {
      for (let which = 0; which < 9; which++) {
        const all = await scene();
        const { world, gid, tab } = all;
        let count = 0;
        world.server.transfers.fate = () => (count++ === which ? fate : null);
        tab.engine.attach(gid, [picture(3_400, { kind: "Video", blob: new Blob([bytes(3_400)], { type: "video/mp4" }), poster: new Blob(["poster"], { type: "image/jpeg" }) })]);
        tab.engine.send(gid, "Text", "behind");
        await world.pass(120_000);
        expect(told(all, gid), `${which}`).toEqual(["Video of 3400", "behind"]);
        expect(await arrivedWhole(all, gid)).toBe(true);
      }
    });
  }

  it("may find that the server has forgotten the upload, which is begun anew then", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(6_000)]);
    while (requests(all).length < 3) await world.pass(5);
    world.server.transfers.transfers.clear();
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 6000"]);
    expect(requests(all).filter((one) => one.startsWith("POST")).length).toBe(2);
  });

  it("that is broken off each time fails in the end, and no other file with it", async () => {
    const all = await scene();
    const { world, gid, beside, tab } = all;
    world.server.transfers.fate = ({ method, body }: TransferRequest) => (method === "PATCH" && (body?.size ?? 0) > 900 ? { is: "lost" } : null);
    tab.engine.attach(gid, [picture(3_000)]);
    tab.engine.send(gid, "Text", "behind");
    tab.engine.attach(beside, [picture(700)]);
    await world.pass(10 * 60_000);
    const failed = tab.view(gid).messages.find(({ kind }) => kind === "Image");
    expect(failed?.state).toEqual({ is: "failed", reason: BROKEN });
    expect([told(all, gid), told(all, beside)]).toEqual([["behind"], ["Image of 700"]]);
    world.server.transfers.fate = () => null;
    tab.engine.resend(gid, failed?.key ?? "");
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["behind", "Image of 3000"]);
  });

  it("that a server fails at again and again fails the message", async () => {
    const all = await scene();
    all.world.server.transfers.fate = () => ({ is: "status", status: 500 });
    all.tab.engine.attach(all.gid, [picture(3_000)]);
    await all.world.pass(60_000);
    expect(only(all.tab, all.gid).state).toEqual({ is: "failed", reason: "system error" });
    expect(requests(all).length).toBe(3);
  });

  it("that is refused fails the message with the server's words; what is behind goes on", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    fates(world, { is: "status", status: 413, text: "you have 10 GiB of files, and can have no more" });
    tab.engine.attach(gid, [picture(3_000)]);
    tab.engine.send(gid, "Text", "behind");
    await world.pass(60_000);
    expect(tab.view(gid).messages.find(({ kind }) => kind === "Image")?.state).toEqual({ is: "failed", reason: "you have 10 GiB of files, and can have no more" });
    expect(told(all, gid)).toEqual(["behind"]);
  });

  it("is not begun for a file that is larger than the server takes", async () => {
    const all = await scene();
    all.world.server.maxFileBytes = 1_000_000;
    all.tab.engine.attach(all.gid, [picture(1_000_001)]);
    await all.world.pass(10_000);
    expect(only(all.tab, all.gid).state).toEqual({ is: "failed", reason: "a file: at most 1000000 bytes" });
    expect(requests(all)).toEqual([]);
  });

  it("of a session that has ended is not repeated, and the file waits for its user", async () => {
    const all = await scene();
    const { world, gid, browser, anna, tab } = all;
    tab.engine.attach(gid, [picture(6_000)]);
    while (requests(all).length < 3) await world.pass(5);
    world.server.revoke(browser.token);
    await world.pass(60_000);
    expect(tab.engine.account.get().is).toBe("out");
    tab.crash();
    browser.logIn(anna);
    await open(browser, gid);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 6000"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
  });
});

describe("a message with a file", () => {
  it("that is taken back on its way is not sent, nor kept by the server; what is behind goes on", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(9_000)]);
    tab.engine.send(gid, "Text", "behind");
    while (requests(all).length < 3) await world.pass(5);
    const [message] = tab.view(gid).messages;
    tab.engine.recall(gid, message?.key ?? "");
    await world.pass(10_000);
    expect(told(all, gid)).toEqual(["behind"]);
    expect(requests(all).at(-1)).toBe("DELETE tus/t1");
    expect([world.server.transfers.transfers.size, world.server.transfers.files.size]).toEqual([0, 0]);
    expect(await stored(all)).toEqual([]);
  });

  it("whose caption is changed on its way says the new one, and nothing was ever edited", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(3_000, { caption: "The see" })]);
    await world.pass(20);
    const { key, kind, content } = only(tab, gid);
    tab.engine.edit(gid, key, { kind: kind as "Image", content: content.replace("The see", "The lake") });
    await world.pass(60_000);
    expect(JSON.parse(only(tab, gid).content)).toMatchObject({ caption: "The lake", size: 3_000 });
    expect(only(tab, gid)).toMatchObject({ editedAt: null, change: null });
    expect(world.server.heard.filter(({ event }) => event === "Edit")).toEqual([]);
  });

  it("whose caption is changed between its Ack and itself keeps its file", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(300, { caption: "The see" })]);
    await world.pass(20);
    const { key, kind, content } = only(tab, gid);
    while (!world.server.heard.some(({ event }) => event === "Msg")) await world.pass(1);
    tab.engine.edit(gid, key, { kind: kind as "Image", content: content.replace("The see", "The lake") });
    await world.pass(60_000);
    expect(JSON.parse(only(tab, gid).content)).toMatchObject({ file: "file_2", caption: "The lake" });
    expect(only(tab, gid).change).toBeNull();
  });

  it("is sent as what the server takes it for", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    const heic = new Blob([bytes(300)], { type: "image/jpeg" });
    tab.engine.attach(gid, [picture(0, { blob: heic, name: "lake.heic" }), picture(0, { kind: "Audio", blob: new Blob([bytes(300)], { type: "audio/webm" }), name: "voice.webm", durationMs: 1_234.5, waveform: [0, 31, 99, -1] })]);
    await world.pass(60_000);
    const [file, voice] = world.server.at(gid).messages;
    expect([file?.kind, voice?.kind]).toEqual(["File", "Audio"]);
    expect(attachedIn("Audio", voice?.content ?? "")).toMatchObject({ durationMs: 1_235, waveform: [0, 31, 31, 0] });
  });

  it("of a film has its poster before anybody sees it, and is sent without one where that is refused", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    const film = picture(0, { kind: "Video", blob: new Blob([bytes(300)], { type: "video/mp4" }), name: "film.mp4", poster: new Blob(["poster"], { type: "image/jpeg" }) });
    tab.engine.attach(gid, [film]);
    await world.pass(10_000);
    const [first] = world.server.transfers.files.values();
    expect(await first?.poster?.text()).toBe("poster");
    world.server.transfers.fate = ({ path }) => (path.startsWith("/api/file/poster") ? { is: "status", status: 413, text: "too large" } : null);
    tab.engine.attach(gid, [film]);
    await world.pass(10_000);
    expect(told(all, gid)).toEqual(["Video of 300", "Video of 300"]);
  });

  it("whose file the server has let go meanwhile sends it once more", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    // The file is there when the connection ends, and for a day nobody comes back.
    world.server.fate = ({ event }) => (event === "Msg" ? { is: "lost" } : null);
    tab.engine.attach(gid, [picture(300)]);
    while (world.server.transfers.files.size === 0) await world.pass(5);
    world.server.reachable = false;
    await world.pass(1_000);
    world.server.transfers.expire();
    world.server.fate = () => null;
    world.server.reachable = true;
    await world.pass(120_000);
    expect(told(all, gid)).toEqual(["Image of 300"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
  });

  it("that failed can be taken away, with its bytes", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    fates(world, { is: "status", status: 413, text: "no" });
    tab.engine.attach(gid, [picture(3_000)]);
    await world.pass(10_000);
    expect((await stored(all)).length).toBe(1);
    tab.engine.discard(gid, only(tab, gid).key);
    await world.pass();
    expect([tab.view(gid).messages, await stored(all)]).toEqual([[], []]);
  });

  it("arrives once where each tab works alone", async () => {
    const all = await scene(false);
    const { world, gid, browser, tab } = all;
    await open(browser, gid);
    tab.engine.attach(gid, [picture(3_000)]);
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 3000"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
  });

  it("goes on from memory where the browser takes the store away", async () => {
    const all = await scene();
    const { world, gid, tab } = all;
    tab.engine.attach(gid, [picture(9_000)]);
    while (requests(all).length < 4) await world.pass(5);
    tab.loseStore("memory");
    await world.pass(60_000);
    expect(told(all, gid)).toEqual(["Image of 9000"]);
    expect(await arrivedWhole(all, gid)).toBe(true);
  });
});

describe("the gallery of a chat", () => {
  it("has what was sent by what it is, the newest first, and passes over what one does not see", async () => {
    const { world, gid, tab } = await scene();
    const bob = [...world.server.at(gid).members.keys()].at(-1) ?? 0;
    const say = (kind: "Image" | "Video" | "Audio" | "Text", content: string): void => void world.server.say(bob, gid, content, undefined, {}, kind);
    say("Text", "see https://example.org");
    for (let at = 0; at < 120; at++) say(at % 2 === 0 ? "Image" : "Video", `picture ${at}`);
    say("Audio", "voice");
    await world.pass(1_000);
    const ask = async (what: "picture" | "voice" | "file" | "link", before: number | null): Promise<readonly [readonly string[], boolean, number | null]> => {
      const asked = tab.engine.gallery(gid, what, before);
      await world.pass(500);
      const outcome = await asked;
      if (!outcome.ok) throw new Error("refused");
      const { found, more } = outcome.value;
      return [found.map(({ message }) => message.content), more, found.at(-1)?.message.seq ?? null];
    };
    const [first, more, last] = await ask("picture", null);
    expect([first[0], first.length, more]).toEqual(["picture 119", 50, true]);
    // Those in the middle are of no page any more.
    world.server.living.expire(gid, 10, 71);
    await world.pass(1_000);
    expect((await ask("picture", last)).slice(0, 2)).toEqual([[7, 6, 5, 4, 3, 2, 1, 0].map((at) => `picture ${at}`), false]);
    expect((await ask("voice", null))[0]).toEqual(["voice"]);
    expect((await ask("link", null))[0]).toEqual(["see https://example.org"]);
    expect((await ask("file", null))[0]).toEqual([]);
  });
});

describe("the cookie for files", () => {
  it("is asked for at the start, and again when something cannot be loaded, but not for each", async () => {
    const { world, tab } = await scene();
    const asked = (): number => world.server.requests.filter(({ path }) => path === "/api/file/cookie").length;
    expect(asked()).toBe(1);
    const soon = tab.engine.reopenFiles();
    await world.pass(100);
    expect(await soon).toBe(false);
    await world.pass(60_000);
    const answers = Promise.all([tab.engine.reopenFiles(), tab.engine.reopenFiles()]);
    await world.pass(100);
    expect(await answers).toEqual([true, true]);
    expect(asked()).toBe(2);
  });

  it("leads to addresses that need nothing else", async () => {
    const { tab } = await scene();
    expect(tab.engine.fileUrl("abc")).toBe("https://rim.example/media/files/abc");
    expect(tab.engine.fileUrl("abc", 320)).toBe("https://rim.example/media/files/abc/320");
    expect(tab.engine.downloadUrl("abc")).toBe("https://rim.example/media/files/abc?download");
  });
});

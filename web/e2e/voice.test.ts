// Voice messages, said into a microphone that is made up: it beeps.

import { expect } from "vitest";

import { audit } from "./support/axe";
import type { Person } from "./support/person";
import { type Seat, type Stage, story } from "./support/story";

declare global {
  interface Window {
    /** What the page was given of the microphone. */
    tracks: MediaStreamTrack[];
    /** What the page has made in CAF. */
    made: Blob[];
  }
}

async function scene(stage: Stage, seat: Seat = { permissions: ["microphone"] }) {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await bens.send(gid, ["Hello"]);
  const anna = await stage.seat(annas, seat);
  await anna.openChat("Ben");
  await anna.message("Hello").waitFor();
  const sent = async () => (await annas.history(gid)).slice(1);
  return { annas, bens, anna, sent };
}

const recording = (anna: Person) => anna.page.getByRole("group", { name: "Voice message", exact: true });
const microphone = (anna: Person) => anna.button("Record a voice message");

/** What of the files that this device keeps was said into a microphone. */
function kept({ page }: Person): Promise<string[]> {
  return page.evaluate(async () => {
    const answer = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const names: string[] = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name ?? ""));
      if (database.objectStoreNames.contains("files")) names.push(...(await answer(database.transaction("files").objectStore("files").getAllKeys())).map(String));
      database.close();
    }
    return names.filter((name) => name.startsWith("voice "));
  });
}

async function hold(anna: Person): Promise<void> {
  await microphone(anna).hover();
  await anna.page.mouse.down();
  await recording(anna).getByText("0:01").waitFor();
}

story("what is said while the button is held is heard by the other one", async (stage) => {
  const { bens, anna, sent } = await scene(stage);
  await hold(anna);
  await anna.page.getByText("Slide to cancel").waitFor();
  expect(await audit(anna.page)).toEqual([]);
  await anna.page.mouse.up();
  await recording(anna).waitFor({ state: "detached" });
  await expect.poll(sent).toHaveLength(1);
  const [{ kind, content } = { kind: "", content: "{}" }] = await sent();
  const said = JSON.parse(content) as { mime: string; durationMs: number; waveform: string; name: string };
  expect(kind).toBe("Audio");
  expect(said.mime).toMatch(/^audio\//);
  expect(said.name).toMatch(/^voice-\d{4}-\d\d-\d\d-\d{6}\.\w+$/);
  expect(said.durationMs).toBeGreaterThan(999);
  const bars = [...Buffer.from(said.waveform, "base64")];
  expect(bars.length).toBeGreaterThan(10);
  // It beeps.
  expect(Math.max(...bars)).toBeGreaterThan(Math.min(...bars) + 5);

  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  const voice = ben.log.getByRole("group", { name: "Voice message from Anna" });
  await ben.button("Play", voice).click();
  await ben.button("Pause", voice).waitFor();
});

story("who slides away, or presses Esc, has said nothing; who presses a key has their hands free", async (stage) => {
  const { anna, sent } = await scene(stage);
  const { page } = anna;
  await hold(anna);
  const box = await anna.button("Send the voice message").boundingBox();
  if (box === null) throw new Error("there is no button");
  await page.mouse.move(box.x - 200, box.y, { steps: 10 });
  await recording(anna).waitFor({ state: "detached" });
  await page.mouse.up();
  await anna.say("not by voice");

  await microphone(anna).focus();
  await page.keyboard.press("Enter");
  await recording(anna).getByText("0:01").waitFor();
  expect(await audit(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await recording(anna).waitFor({ state: "detached" });
  await expect.poll(() => anna.composer.evaluate((field) => field === document.activeElement)).toBe(true);

  await microphone(anna).focus();
  await page.keyboard.press("Enter");
  await recording(anna).getByText("0:01").waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await sent()).map(({ kind }) => kind)).toEqual(["Text", "Audio"]);
});

story("who goes to another chat leaves no microphone open, and finds what they have said", async (stage) => {
  const { annas, anna, sent } = await scene(stage, {
    permissions: ["microphone"],
    oddity: () => {
      window.tracks = [];
      const devices = navigator.mediaDevices as MediaDevices | undefined;
      // The empty page that comes before has none.
      if (devices === undefined) return;
      const ask = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        window.tracks.push(...stream.getTracks());
        return stream;
      };
    },
  });
  const states = (): Promise<string[]> => anna.page.evaluate(() => window.tracks.map(({ readyState }) => readyState));
  const carlas = await stage.account("Carla");
  await annas.befriend(carlas);
  await carlas.send(await carlas.single(annas), ["Here"]);
  await microphone(anna).click();
  await recording(anna).getByText("0:01").waitFor();
  expect(await states()).toEqual(["live"]);
  await anna.openChat("Carla");
  await anna.message("Here").waitFor();
  await expect.poll(states).toEqual(["ended"]);
  expect(await recording(anna).count()).toBe(0);
  await anna.openChat("Ben");
  await anna.button("Listen").click();
  await anna.button("Pause").waitFor();
  await anna.button("Send the voice message").click();
  await expect.poll(sent).toHaveLength(1);
  // Of the other chat nothing was said.
  await recording(anna).waitFor({ state: "detached" });
});

story("what was said is there after a reload in the middle of it, to be listened to and sent once", async (stage) => {
  const { anna, sent } = await scene(stage);
  const { page } = anna;
  await microphone(anna).click();
  await recording(anna).getByText("0:03").waitFor();
  // Another page does not take it while this one has it.
  const other = await anna.page.context().newPage();
  await other.goto(page.url());
  await other.getByText("Hello").first().waitFor();
  await other.getByRole("button", { name: "Record a voice message" }).waitFor();
  await page.bringToFront();
  await page.reload();
  await anna.button("Listen").waitFor();
  expect(await audit(page)).toEqual([]);
  await other.reload();
  await other.getByRole("button", { name: "Record a voice message" }).waitFor();
  await other.close();
  await anna.button("Listen").click();
  await anna.button("Pause").waitFor();
  await anna.button("Send the voice message").click();
  await expect.poll(sent).toHaveLength(1);
  const [{ content } = { content: "{}" }] = await sent();
  const said = JSON.parse(content) as { durationMs: number; waveform: string };
  expect(said.durationMs).toBeGreaterThan(1_500);
  expect(Buffer.from(said.waveform, "base64").length).toBeGreaterThan(20);
  await expect.poll(() => kept(anna)).toEqual([]);

  // What is deleted stays so.
  await microphone(anna).click();
  await recording(anna).getByText("0:02").waitFor();
  await page.reload();
  expect(await kept(anna)).not.toEqual([]);
  await anna.button("Delete the recording").click();
  await expect.poll(() => kept(anna)).toEqual([]);
  expect(await sent()).toHaveLength(1);
});

story("what a browser of Apple does not play is there in a form that it does, sound for sound", async (stage) => {
  const { bens, anna, sent } = await scene(stage);
  await hold(anna);
  await anna.page.mouse.up();
  await expect.poll(sent).toHaveLength(1);
  const [{ content } = { content: "{}" }] = await sent();
  const { mime, durationMs } = JSON.parse(content) as { mime: string; durationMs: number };
  expect(mime).toBe("audio/webm");
  const ben = await stage.seat(bens, {
    oddity: () => {
      window.made = [];
      const { createObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        if (blob instanceof Blob && blob.type === "audio/x-caf") window.made.push(blob);
        return createObjectURL.call(URL, blob);
      };
      const { canPlayType } = HTMLMediaElement.prototype;
      HTMLMediaElement.prototype.canPlayType = function (form) {
        return form.startsWith("audio/x-caf") ? "maybe" : canPlayType.call(this, form);
      };
    },
  });
  stage.expectTrouble();
  await ben.openChat("Anna");
  await ben.button("Play", ben.log.getByRole("group", { name: "Voice message from Anna" })).click();
  const lasts = (): Promise<number> =>
    ben.page.evaluate(async () => {
      const [blob] = window.made;
      if (blob === undefined) return 0;
      const view = new DataView(await blob.arrayBuffer());
      const chunks = new Map<string, DataView>();
      for (let at = 8; at < view.byteLength; ) {
        const size = Number(view.getBigInt64(at + 4));
        chunks.set(String.fromCharCode(...new Uint8Array(view.buffer, at, 4)), new DataView(view.buffer, at + 12, size));
        at += 12 + size;
      }
      const [pakt, data] = [chunks.get("pakt"), chunks.get("data")];
      if (pakt === undefined || data === undefined) return -1;
      let samples = 0;
      let fault: Error | null = null;
      const decoder = new AudioDecoder({
        output: (sound) => {
          samples += sound.numberOfFrames;
          sound.close();
        },
        error: (error) => (fault = error),
      });
      decoder.configure({ codec: "opus", sampleRate: 48_000, numberOfChannels: 1 });
      let at = 4;
      for (let row = 24; row < pakt.byteLength; ) {
        let size = 0;
        for (let more = true; more; row++) {
          size = size * 128 + (pakt.getUint8(row) & 127);
          more = pakt.getUint8(row) > 127;
        }
        decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: 0, data: new Uint8Array(data.buffer, data.byteOffset + at, size) }));
        at += size;
      }
      await decoder.flush();
      if (fault !== null || at !== data.byteLength) return -1;
      return samples / 48;
    });
  await expect.poll(lasts).toBeGreaterThan(durationMs - 300);
  expect(await lasts()).toBeLessThan(durationMs + 300);
  // This browser does not, and is given it as it is.
  await ben.button("Pause", ben.log.getByRole("group", { name: "Voice message from Anna" })).waitFor();
});

story("where the microphone is refused, that is said, and one writes on", async (stage) => {
  const { anna, sent } = await scene(stage, { permissions: [] });
  await microphone(anna).click();
  await anna.page.getByText("The browser does not let this page use the microphone.").waitFor();
  await recording(anna).waitFor({ state: "detached" });
  await anna.say("by hand");
  await anna.sees("Hello", "by hand");
  expect(await sent()).toHaveLength(1);
});

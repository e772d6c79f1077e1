// @vitest-environment happy-dom

import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Engine, Message } from "../../../engine/contract";
import { PLAIN } from "../../../engine/plain";
import { Cell } from "../../base/cell";
import { voiceIn, type Voiced } from "./nextVoice";
import { Player, type Sound } from "./player";
import { playing, position } from "./playing";

/** A sound that does what the test says. */
class Fake {
  src = "";
  currentTime = 0;
  duration = Infinity;
  playbackRate = 1;
  preservesPitch = false;
  paused = true;
  readonly #heard = new Map<string, () => void>();
  addEventListener(name: string, heard: () => void): void {
    this.#heard.set(name, heard);
  }
  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }
  pause(): void {
    if (!this.paused) {
      this.paused = true;
      this.tell("pause");
    }
  }
  load(): void {}
  /** What it says that it plays. */
  plays = /mp4|webm/;
  canPlayType(form: string): string {
    return this.plays.test(form) ? "probably" : "";
  }
  removeAttribute(): void {
    this.src = "";
  }
  tell(name: string): void {
    this.#heard.get(name)?.();
  }
  begins(duration: number): void {
    this.duration = duration;
    this.playbackRate = 1;
    this.tell("loadedmetadata");
    this.tell("playing");
  }
}

function voice(seq: number, uid = 2, mime = "audio/mp4"): Voiced {
  const content = JSON.stringify({ file: `v${seq}`, mime, durationMs: 4000, waveform: btoa("\x05") });
  const message: Message = { key: `k${seq}`, gid: 1, uid, kind: "Audio", content, at: seq, id: seq, seq, state: { is: "stored" }, ...PLAIN };
  const voiced = voiceIn(message);
  if (voiced === null) throw new Error("it is no voice message");
  return voiced;
}

let sound: Fake;
let player: Player;
let engine: Engine;
let listened: string[];
let reopened: boolean;
let fetched: string[];
let blob: Blob | null;
const account = new Cell<unknown>(null);
const connection = new Cell<unknown>({ is: "online" });
const [first, second, own] = [voice(1), voice(2), voice(3, 1)];

beforeEach(() => {
  sound = new Fake();
  player = new Player(() => sound as unknown as Sound, (address) => {
    fetched.push(address);
    return Promise.resolve(blob);
  });
  fetched = [];
  blob = new Blob(["in another form"]);
  playing.set(null);
  listened = [];
  reopened = false;
  account.set({ is: "in", me: { id: 1 } });
  engine = {
    account,
    connection,
    fileUrl: (file: string) => `/media/files/${file}`,
    listened: (_: number, key: string) => listened.push(key),
    reopenFiles: () => Promise.resolve(reopened),
    chat: () => new Cell({ messages: [first.message, second.message, own.message] }),
  } as unknown as Engine;
});

describe("the player", () => {
  it("plays one sound, and another in its place", () => {
    player.toggle(engine, first);
    sound.begins(4.2);
    expect(playing.get()).toMatchObject({ key: "k1", is: "playing", length: 4.2 });
    player.toggle(engine, first);
    expect(playing.get()?.is).toBe("paused");
    player.toggle(engine, first);
    sound.tell("playing");
    player.toggle(engine, second);
    expect([sound.src, playing.get()?.key]).toEqual(["/media/files/v2", "k2"]);
  });

  it("tells that one has listened, but not to oneself", () => {
    player.toggle(engine, first);
    player.toggle(engine, own);
    expect(listened).toEqual(["k1"]);
  });

  it("goes on to the next with the same speed, and ends with the last", () => {
    player.setSpeed(2);
    player.toggle(engine, first);
    sound.begins(4);
    expect(sound.playbackRate).toBe(2);
    sound.tell("ended");
    sound.begins(4);
    expect([playing.get()?.key, sound.playbackRate]).toEqual(["k2", 2]);
    sound.tell("ended");
    expect(playing.get()?.key).toBe("k3");
    sound.tell("ended");
    expect(playing.get()).toBeNull();
  });

  it("begins where one wants, also before anything of it is there", () => {
    player.play(engine, first, 2.5);
    player.seek(3);
    expect(position.get()).toBe(3);
    sound.begins(Infinity);
    expect(sound.currentTime).toBe(3);
    // A recording that does not know how long it is: the message does.
    expect(playing.get()?.length).toBe(4);
    player.seek(1);
    expect(sound.currentTime).toBe(1);
  });

  it("asks for the files anew when it cannot have one, once", async () => {
    reopened = true;
    player.toggle(engine, first);
    sound.src = "";
    sound.tell("error");
    await vi.waitFor(() => expect(sound.src).toBe("/media/files/v1"));
    expect(playing.get()?.is).toBe("loading");
    sound.tell("error");
    expect(playing.get()?.is).toBe("failed");
  });

  it("takes it for no fault of a sound that there is no network", async () => {
    connection.set({ is: "offline", retryAt: null });
    player.toggle(engine, first);
    sound.tell("error");
    await vi.waitFor(() => expect(playing.get()).toBeNull());
    connection.set({ is: "online" });
  });

  describe("with what another browser has recorded as WebM", () => {
    const webm = voice(5, 2, "audio/webm");

    it("plays it as it is, but in the browsers of Apple, which say that they could", async () => {
      player.toggle(engine, webm);
      expect([sound.src, fetched]).toEqual(["/media/files/v5", []]);
      sound.plays = /webm|caf/;
      player.play(engine, webm);
      await vi.waitFor(() => expect(sound.src).toMatch(/^blob:/));
      expect([fetched, sound.paused]).toEqual([["/media/files/v5"], false]);
      sound.begins(4.1);
      expect(playing.get()).toMatchObject({ key: "k5", is: "playing", length: 4.1 });
    });

    it("plays it as it is there where there is no other form, or that is not played, and then fails", async () => {
      sound.plays = /caf/;
      player.play(engine, webm, 2);
      await vi.waitFor(() => expect(sound.src).toMatch(/^blob:/));
      sound.tell("error");
      await vi.waitFor(() => expect(sound.src).toBe("/media/files/v5"));
      sound.begins(4);
      expect(sound.currentTime).toBe(2);
      blob = null;
      player.play(engine, webm);
      await vi.waitFor(() => expect(sound.src).toBe("/media/files/v5"));
      sound.tell("error");
      await vi.waitFor(() => expect(playing.get()?.is).toBe("failed"));
    });

    it("puts it into the other form again where the files were asked for anew", async () => {
      sound.plays = /caf/;
      reopened = true;
      blob = null;
      player.play(engine, webm);
      await vi.waitFor(() => expect(sound.src).toBe("/media/files/v5"));
      blob = new Blob(["in another form"]);
      sound.tell("error");
      await vi.waitFor(() => expect(sound.src).toMatch(/^blob:/));
    });

    it("plays nothing when it was stopped, or another one was begun, before that was there", async () => {
      sound.plays = /caf/;
      player.toggle(engine, webm);
      player.toggle(engine, webm);
      await Promise.resolve();
      expect([playing.get(), sound.src]).toEqual([null, ""]);
      player.toggle(engine, webm);
      player.toggle(engine, second);
      await vi.waitFor(() => expect(fetched).toHaveLength(2));
      expect([playing.get()?.key, sound.src]).toEqual(["k2", "/media/files/v2"]);
    });
  });

  it("is silent when one signs out", () => {
    player.toggle(engine, first);
    sound.begins(4);
    account.set({ is: "out", why: null });
    expect([playing.get(), sound.src, sound.paused]).toEqual([null, "", true]);
  });
});

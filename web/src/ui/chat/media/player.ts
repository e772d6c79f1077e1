// Plays the sounds of messages. It is not of a view: rows come and go by scrolling, and what is played goes on.

import type { Engine, Message } from "../../../engine/contract";
import { giveBackAddress, lendAddress } from "../../base/blobs";
import { Cell } from "../../base/cell";
import { nextVoice, type Voiced } from "./nextVoice";
import { type Playing, playing, position } from "./playing";

/** Of what is in no chat. */
export const NO_CHAT = 0;
export const SPEEDS = [1, 1.5, 2] as const;
export type Speed = (typeof SPEEDS)[number];

/** What it needs of the browser's player. */
export type Sound = Pick<
  HTMLAudioElement,
  "src" | "currentTime" | "duration" | "playbackRate" | "preservesPitch" | "play" | "pause" | "load" | "addEventListener" | "removeAttribute" | "canPlayType"
>;

/** What browsers record that have no AAC. */
const OPUS = /^audio\/(webm|ogg)\b/;
/** Only the browsers of Apple know it. They say that they play WebM before all of them do. */
const CAF = 'audio/x-caf; codecs="opus"';

/** Fetches a sound in the form of those browsers; null where there is none. */
export type FetchRemuxed = (address: string) => Promise<Blob | null>;

const fetchRemuxed: FetchRemuxed = async (address) => {
  try {
    return await (await import("./remux")).fetchRemuxed(address);
  } catch {
    return null;
  }
};

export class Player {
  readonly speed = new Cell<Speed>(1);
  readonly #make: () => Sound;
  #sound: Sound | null = null;
  #engine: Engine | null = null;
  /** Where it is to begin as soon as that is possible. */
  #from = 0;
  /** Whether the cookie for files has been asked for anew for this one. */
  #reopened = false;
  #file = "";
  #mime = "";
  /** What is being put into another form; null: nothing is. */
  #fetching: object | null = null;
  /** Where the page has the last one that was. */
  #url: string | null = null;
  readonly #fetch: FetchRemuxed;

  constructor(make: () => Sound = () => new Audio(), fetch = fetchRemuxed) {
    this.#make = make;
    this.#fetch = fetch;
  }

  /** Plays it, goes on with it, or stops where it is. */
  toggle(engine: Engine, voice: Voiced): void {
    const now = playing.get();
    if (!isOf(now, voice.message) || now?.is === "failed") this.play(engine, voice);
    else if (now?.is === "paused") this.resume();
    else this.pause();
  }

  play(engine: Engine, { message, file }: Voiced, from = 0): void {
    this.#watch(engine);
    const sound = (this.#sound ??= this.#made());
    this.#from = from;
    this.#reopened = false;
    this.#fetching = null;
    this.#file = file.file;
    this.#mime = file.mime;
    position.set(from);
    playing.set({ gid: message.gid, key: message.key, uid: message.uid, is: "loading", length: (file.durationMs ?? 0) / 1000 });
    this.#load(sound, engine);
    const account = engine.account.get();
    if (message.gid !== NO_CHAT && account.is === "in" && message.uid !== account.me.id && message.heard?.mine !== true) engine.listened(message.gid, message.key);
  }

  resume(): void {
    const sound = this.#sound;
    if (sound === null) return;
    quieten(null);
    sound.playbackRate = this.speed.get();
    // It is told by `error`, or another one is played by now.
    sound.play().catch(() => undefined);
  }

  pause(): void {
    // There is nothing yet that could stand still.
    if (this.#fetching !== null) this.stop();
    else this.#sound?.pause();
  }

  /** In seconds. */
  seek(to: number): void {
    position.set(to);
    const sound = this.#sound;
    if (sound === null) return;
    if (playing.get()?.is === "loading") this.#from = to;
    else sound.currentTime = to;
  }

  setSpeed(speed: Speed): void {
    this.speed.set(speed);
    if (this.#sound !== null) this.#sound.playbackRate = speed;
  }

  stop(): void {
    this.#sound?.pause();
    if (this.#sound !== null) empty(this.#sound);
    this.#fetching = null;
    playing.set(null);
    position.set(0);
  }

  #load(sound: Sound, engine: Engine): void {
    if (OPUS.test(this.#mime) && sound.canPlayType(CAF) !== "") void this.#loadRemuxed(sound, engine);
    else this.#loadAsItIs(sound, engine);
  }

  #loadAsItIs(sound: Sound, engine: Engine): void {
    sound.src = engine.fileUrl(this.#file);
    this.resume();
  }

  async #loadRemuxed(sound: Sound, engine: Engine): Promise<void> {
    const file = this.#file;
    const mine = (this.#fetching = {});
    // Where sounds need a hand to begin, this is it: it will be too late when the other form is there.
    empty(sound);
    const blob = await this.#fetch(engine.fileUrl(file));
    if (this.#fetching !== mine) return;
    this.#fetching = null;
    if (blob === null) return this.#loadAsItIs(sound, engine);
    if (this.#url !== null) giveBackAddress(this.#url);
    sound.src = this.#url = lendAddress(blob);
    this.resume();
  }

  #made(): Sound {
    const sound = this.#make();
    sound.preservesPitch = true;
    sound.addEventListener("loadedmetadata", () => {
      // A new address takes the browser's own speed.
      sound.playbackRate = this.speed.get();
      if (this.#from > 0) sound.currentTime = this.#from;
      this.#from = 0;
      // What is recorded by a browser may not know how long it is.
      if (Number.isFinite(sound.duration)) this.#change({ length: sound.duration });
    });
    sound.addEventListener("playing", () => {
      this.#change({ is: "playing" });
      this.#follow();
    });
    sound.addEventListener("pause", () => {
      if (playing.get()?.is === "playing" || playing.get()?.is === "loading") this.#change({ is: "paused" });
    });
    sound.addEventListener("timeupdate", () => this.#tell());
    sound.addEventListener("ended", () => this.#goOn());
    sound.addEventListener("error", () => void this.#failed());
    return sound;
  }

  #tell(): void {
    const { is } = playing.get() ?? { is: null };
    if ((is === "playing" || is === "paused") && this.#sound !== null) position.set(this.#sound.currentTime);
  }

  /** As often as the page is drawn: `timeupdate` comes four times a second. */
  #follow(): void {
    const step = (): void => {
      this.#tell();
      if (playing.get()?.is === "playing") requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #goOn(): void {
    const now = playing.get();
    const engine = this.#engine;
    if (now === null || engine === null) return;
    const account = engine.account.get();
    const messages = engine.chat(now.gid).get()?.messages ?? [];
    const next = account.is === "in" ? nextVoice(messages, now.key, account.me.id) : null;
    if (next === null) this.stop();
    else this.play(engine, next);
  }

  async #failed(): Promise<void> {
    const now = playing.get();
    const engine = this.#engine;
    const sound = this.#sound;
    if (now === null || engine === null || sound === null) return;
    if (!this.#reopened) {
      this.#reopened = true;
      const again = await engine.reopenFiles();
      if (playing.get()?.key !== now.key) return;
      if (again) {
        this.#from = position.get();
        return this.#load(sound, engine);
      }
    }
    // Newer ones play it as it is.
    if (sound.src === this.#url) {
      this.#from = position.get();
      return this.#loadAsItIs(sound, engine);
    }
    // Without a network it is no fault of the sound.
    if (engine.connection.get().is === "online") this.#change({ is: "failed" });
    else this.stop();
  }

  #change(to: Partial<Playing>): void {
    const now = playing.get();
    if (now !== null) playing.set({ ...now, ...to });
  }

  /** Whoever signs out hears no more of it. */
  #watch(engine: Engine): void {
    if (this.#engine === engine) return;
    this.#engine = engine;
    engine.account.subscribe(() => {
      if (engine.account.get().is === "out") this.stop();
    });
  }
}

export function isOf(now: Playing | null, { gid, key }: Pick<Message, "gid" | "key">): boolean {
  return now !== null && now.gid === gid && now.key === key;
}

/** Nothing is played, and nothing has failed. */
function empty(sound: Sound): void {
  sound.removeAttribute("src");
  sound.load();
}

export const player = new Player();

/** Who plays one thing hears no other. */
function quieten(but: EventTarget | null): void {
  for (const each of document.querySelectorAll<HTMLMediaElement>("audio, video")) if (each !== but) each.pause();
}

/** Once, for as long as the page is there. */
export function watchFilms(): void {
  document.addEventListener(
    "play",
    ({ target }) => {
      player.pause();
      quieten(target);
    },
    true,
  );
}

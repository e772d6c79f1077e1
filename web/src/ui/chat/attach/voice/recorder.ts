// Records what is said into a microphone. One chat has one recording at most; left alone with its chat, the microphone is let
// go of, and what was said waits there to be sent, over a reload, too.

import { Cell } from "../../../base/cell";
import type { Kept } from "./kept";
import { barsOf, loudness, LOUDEST } from "./waveform";

export interface Voice {
  readonly blob: Blob;
  readonly durationMs: number;
  readonly waveform: readonly number[];
}

export type Recording =
  /** The browser asks the person. */
  | { readonly is: "asking" }
  | { readonly is: "running" }
  /** Null: there is nothing to be heard. */
  | { readonly is: "stopped"; readonly voice: Voice | null; readonly isFull?: boolean }
  | { readonly is: "failed"; readonly why: "refused" | "none" | "fault" };

/** Players of every maker have AAC in MP4; where a browser cannot write that, the others are tried. */
const FORMS = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
/** Speech is well understood with so few. */
const BITS_PER_SECOND = 32_000;
/** Shorter is a finger that has slipped. */
const SHORTEST_MS = 500;
/** Somebody has forgotten it. */
export const LONGEST_MIN = 60;
const MOMENT_MS = 50;
/** So much at most is lost where the page ends by itself. */
const PART_MS = 1_000;

export class Recorder {
  readonly state = new Cell<Recording>({ is: "asking" });
  /** What there is at the end. */
  readonly done = new Promise<Voice | null>((resolve) => {
    const stop = this.state.subscribe(() => {
      const state = this.state.get();
      if (state.is !== "stopped" && state.is !== "failed") return;
      stop();
      resolve(state.is === "stopped" ? state.voice : null);
    });
  });
  /** How loud it was so far, from 0 to 1, one for each moment; the same array, which grows. */
  readonly levels: number[] = [];
  /** How many those are. */
  readonly moments = new Cell(0);
  private over = false;
  private end: () => void = () => undefined;
  private begunAt = 0;
  private lastedMs = 0;
  private isFull = false;

  /** `found`: what was recorded before. */
  constructor(
    readonly kept: Kept,
    found: Voice | null = null,
  ) {
    if (found !== null) {
      this.lastedMs = found.durationMs;
      this.levels.push(...found.waveform.map((bar) => bar / LOUDEST));
      this.moments.set(this.levels.length);
      this.state.set({ is: "stopped", voice: found });
      return;
    }
    this.begin().catch((error: unknown) => {
      const name = error instanceof DOMException ? error.name : "";
      const why = name === "NotAllowedError" ? "refused" : name === "NotFoundError" ? "none" : "fault";
      this.state.set({ is: "failed", why });
    });
  }

  get elapsedMs(): number {
    return this.state.get().is === "running" ? performance.now() - this.begunAt : this.lastedMs;
  }

  /** What was said so far is what there is. */
  stop(): void {
    this.over = true;
    this.end();
  }

  private async begin(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const release = (): void => {
      for (const track of stream.getTracks()) track.stop();
    };
    if (this.over) {
      release();
      this.state.set({ is: "stopped", voice: null });
      return;
    }
    try {
      await this.run(stream, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private async run(stream: MediaStream, release: () => void): Promise<void> {
    const mimeType = FORMS.find((form) => MediaRecorder.isTypeSupported(form));
    const recorder = new MediaRecorder(stream, { ...(mimeType !== undefined && { mimeType }), audioBitsPerSecond: BITS_PER_SECOND });
    const parts: Blob[] = [];
    const listening = await listen(stream, (level) => {
      this.moments.set(this.levels.push(level));
      if (this.elapsedMs > LONGEST_MIN * 60_000) {
        this.isFull = true;
        this.stop();
      }
    });
    let told = 0;
    recorder.ondataavailable = ({ data }) => {
      parts.push(data);
      this.kept.add(new Blob([data], { type: plain(recorder.mimeType) }), this.levels.slice(told), performance.now() - this.begunAt);
      told = this.levels.length;
    };
    // Also where the browser ends it: the microphone was pulled out, the page was put away.
    recorder.onstop = () => {
      this.lastedMs = performance.now() - this.begunAt;
      listening.end();
      release();
      const blob = new Blob(parts, { type: plain(recorder.mimeType) });
      const durationMs = Math.round(this.lastedMs);
      const voice = blob.size > 0 && durationMs >= SHORTEST_MS ? { blob, durationMs, waveform: barsOf(this.levels) } : null;
      this.state.set({ is: "stopped", voice, isFull: this.isFull });
    };
    this.end = () => {
      if (recorder.state !== "inactive") recorder.stop();
    };
    recorder.start(PART_MS);
    this.begunAt = performance.now();
    this.state.set({ is: "running" });
    if (this.over) this.end();
  }
}

/** Tells how loud it is, moment by moment. */
async function listen(stream: MediaStream, hear: (level: number) => void): Promise<{ end(): void }> {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  // Some begin asleep. Without it there are no bars, and no more than that.
  await context.resume().catch(() => undefined);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    hear(loudness(samples));
  }, MOMENT_MS);
  return {
    end() {
      clearInterval(timer);
      void context.close();
    },
  };
}

/** What a server hears of it is the kind of its container. */
function plain(mimeType: string): string {
  return mimeType.split(";")[0] ?? "";
}

/** What was recorded in which chat, of which user, and is not sent yet. */
export const recorders = new Map<string, Recorder>();

/** As files of voices are called where they are saved. */
export function voiceName({ type }: Blob, at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const ending = type.endsWith("mp4") ? "m4a" : (type.split("/")[1] ?? "bin");
  return `voice-${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}.${ending}`;
}

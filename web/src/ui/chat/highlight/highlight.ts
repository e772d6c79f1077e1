// Asks the worker that colours code. One that does not come to an end is ended, and its text stays as it is.

import type { Coloured } from "./colours";

const PATIENCE_MS = 5000;
const MOST_KEPT = 100;

interface Asked {
  readonly id: number;
  readonly language: string;
  readonly text: string;
  readonly done: (pieces: readonly Coloured[] | null) => void;
}

/** What makes a worker; replaced in tests. */
export type Hire = () => Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

export class Highlighter {
  private readonly waiting: Asked[] = [];
  private readonly kept = new Map<string, Promise<readonly Coloured[] | null>>();
  private worker: ReturnType<Hire> | null = null;
  private current: Asked | null = null;
  private cancel = (): void => undefined;
  private lastId = 0;

  constructor(
    private readonly hire: Hire,
    private readonly after: (ms: number, done: () => void) => () => void,
  ) {}

  /** The text in coloured pieces; null where it has none. */
  colours(language: string, text: string): Promise<readonly Coloured[] | null> {
    const key = `${language}\n${text}`;
    let answer = this.kept.get(key);
    if (answer === undefined) {
      answer = new Promise((done) => this.waiting.push({ id: ++this.lastId, language, text, done }));
      this.kept.set(key, answer);
      for (const oldest of this.kept.keys()) {
        if (this.kept.size <= MOST_KEPT) break;
        this.kept.delete(oldest);
      }
      this.next();
    }
    return answer;
  }

  private next(): void {
    if (this.current !== null) return;
    const asked = this.waiting.shift();
    if (asked === undefined) return;
    this.current = asked;
    this.cancel = this.after(PATIENCE_MS, () => this.fail());
    try {
      this.worker ??= this.hired();
      this.worker.postMessage({ id: asked.id, language: asked.language, text: asked.text });
    } catch {
      this.fail();
    }
  }

  private hired(): ReturnType<Hire> {
    const worker = this.hire();
    worker.addEventListener("error", () => this.worker === worker && this.fail());
    worker.addEventListener("message", (event) => {
      const { data } = event as MessageEvent<{ id: number; pieces: readonly Coloured[] | null }>;
      if (data.id === this.current?.id) this.settle(data.pieces);
    });
    return worker;
  }

  private fail(): void {
    this.worker?.terminate();
    this.worker = null;
    this.settle(null);
  }

  private settle(pieces: readonly Coloured[] | null): void {
    this.cancel();
    const asked = this.current;
    this.current = null;
    asked?.done(pieces);
    this.next();
  }
}

const highlighter = new Highlighter(
  () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  (ms, done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  },
);

export function highlight(language: string, text: string): Promise<readonly Coloured[] | null> {
  return highlighter.colours(language, text);
}

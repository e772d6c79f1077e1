// Values over time.

import type { Live } from "./contract";

/** A value that is the same object until it changes. */
export class Cell<T> implements Live<T> {
  private readonly listeners = new Set<() => void>();

  constructor(
    private value: T,
    /** Told when the first listener comes and when the last one goes. */
    private readonly watched: (is: boolean) => void = () => undefined,
  ) {}

  readonly get = (): T => this.value;

  readonly subscribe = (changed: () => void): (() => void) => {
    // Wrapped, so that one function subscribed twice is two listeners.
    const listener = () => changed();
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.watched(true);
    return () => {
      if (this.listeners.delete(listener) && this.listeners.size === 0) this.watched(false);
    };
  };

  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
}

/** `next`, or `old` where both hold the same: so that what did not change stays the same object. */
export function keep<T extends object>(old: T | null | undefined, next: T): T {
  if (old === null || old === undefined) return next;
  const keys = Object.keys(next) as (keyof T)[];
  if (keys.length !== Object.keys(old).length) return next;
  return keys.every((key) => Object.is(old[key], next[key])) ? old : next;
}

/** The same for lists, item by item. */
export function keepList<T>(old: readonly T[] | null | undefined, next: readonly T[]): readonly T[] {
  if (old === null || old === undefined || old.length !== next.length) return next;
  return next.every((item, index) => Object.is(item, old[index])) ? old : next;
}

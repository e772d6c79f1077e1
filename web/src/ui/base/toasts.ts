// Short notes at the edge of the page, for what went wrong or was done out of sight.

import { useSyncExternalStore } from "react";

export interface Toast {
  readonly id: number;
  readonly kind: "problem" | "done";
  readonly text: string;
}

const SHOWN_MS = { problem: 7000, done: 3000 } as const;
const MOST = 3;

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function showToast(kind: Toast["kind"], text: string): void {
  const id = ++lastId;
  // The same note twice is one note that stays longer.
  publish([...toasts.filter((toast) => toast.text !== text), { id, kind, text }].slice(-MOST));
  setTimeout(() => dismissToast(id), SHOWN_MS[kind]);
}

export function dismissToast(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => toasts,
  );
}

function publish(next: readonly Toast[]): void {
  toasts = next;
  for (const changed of listeners) changed();
}

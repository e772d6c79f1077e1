// Whether somebody is looking: the tab is shown and has the focus.

import { useSyncExternalStore } from "react";

const EVENTS = ["focus", "blur"] as const;

export function isAttentive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

export function onAttention(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  for (const event of EVENTS) addEventListener(event, changed);
  return () => {
    document.removeEventListener("visibilitychange", changed);
    for (const event of EVENTS) removeEventListener(event, changed);
  };
}

export function useAttention(): boolean {
  return useSyncExternalStore(onAttention, isAttentive);
}

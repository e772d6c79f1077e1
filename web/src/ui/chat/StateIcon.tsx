import type { MessageState } from "../../engine/contract";

/** A clock, one tick, two ticks, two coloured ticks, an exclamation mark. Said in words by its label. */
export function StateIcon({ state, label }: { state: MessageState; label: string }) {
  return (
    <svg className={`state state--${state.is}`} width="19" height="14" viewBox="0 0 19 14" role="img" aria-label={label}>
      <title>{label}</title>
      <g fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round">
        {state.is === "sending" && <path d="M9.5 12.2a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4zM9.5 4.2V7l2 1.3" />}
        {state.is === "failed" && <path d="M9.5 12.2a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4zM9.5 4.3v3M9.5 9.6v.1" />}
        {state.is === "stored" && <path d="m5 7.5 3 3L14 3.5" />}
        {(state.is === "delivered" || state.is === "read") && <path d="m1.8 7.5 3 3L10.8 3.5M9 10.2l.3.3L15.8 3.5" />}
      </g>
    </svg>
  );
}

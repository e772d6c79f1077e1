// What a message says of its file: see "Files" of protocol.md. Read with suspicion, as another client may have written some
// of it. Pure.

import type { Attached, AttachedKind, Attachment, MessageKind, Side } from "./contract";

const SIDES: readonly Side[] = [320, 800, 1600];
const KINDS: readonly MessageKind[] = ["Image", "Audio", "Video", "File"] satisfies readonly AttachedKind[];
const FILE = /^[A-Za-z0-9_-]{1,64}$/;
const MOST_OF_WAVE = 100;
const LOUDEST = 31;

export function isAttachedKind(kind: MessageKind): kind is AttachedKind {
  return KINDS.includes(kind);
}

/** Null where it names none: an address of any host, as in messages of other clients, is no file of the server. */
export function attachedIn(kind: MessageKind, content: string): Attached | null {
  if (!isAttachedKind(kind) || !content.trimStart().startsWith("{")) return null;
  const said = fieldsIn(content);
  if (said === null || "url" in said) return null;
  const { file, name, size, mime, width, height, durationMs, thumbhash, thumbs, waveform, album } = said;
  const named = typeof file === "string" && FILE.test(file) ? file : null;
  // Without a file it is one of one's own that is on its way.
  if (named === null && (file !== undefined || typeof mime !== "string")) return null;
  const sides: readonly unknown[] = Array.isArray(thumbs) ? thumbs : [];
  return {
    file: named,
    name: typeof name === "string" ? name.slice(0, 300) : "",
    sizeBytes: amount(size, 0),
    mime: typeof mime === "string" ? mime : "",
    width: amount(width, 1),
    height: amount(height, 1),
    durationMs: amount(durationMs, 0),
    thumbhash: typeof thumbhash === "string" && thumbhash.length <= 64 ? thumbhash : null,
    sides: SIDES.filter((side) => sides.includes(side)),
    waveform: typeof waveform === "string" ? waveIn(waveform) : [],
    album: typeof album === "string" && album !== "" ? album : null,
  };
}

/** What is known of it before the server has it. */
export function contentOf(item: Attachment, album: string | null): string {
  const { blob, name, caption, width, height, durationMs, waveform = [], thumbhash } = item;
  return JSON.stringify({
    name,
    size: blob.size,
    mime: blob.type === "" ? "application/octet-stream" : blob.type,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(durationMs !== undefined && { durationMs: Math.round(durationMs) }),
    ...(thumbhash !== undefined && { thumbhash }),
    ...(waveform.length > 0 && { waveform: waveOf(waveform) }),
    ...(caption !== "" && { caption }),
    ...(album !== null && { album }),
  });
}

/** Of two ways to say a message with a file: whether they differ in nothing that people may change. */
export function saysTheSame(one: string, other: string): boolean {
  const [a, b] = [fieldsIn(one), fieldsIn(other)];
  return a !== null && b !== null && (a["caption"] ?? "") === (b["caption"] ?? "");
}

/** What is said of the file by the one, with the caption of the other. */
export function recaptioned(said: string, from: string): string {
  const { caption: _, ...facts } = fieldsIn(said) ?? {};
  const caption = fieldsIn(from)?.["caption"];
  return JSON.stringify({ ...facts, ...(typeof caption === "string" && caption !== "" && { caption }) });
}

function waveOf(waveform: readonly number[]): string {
  const bars = waveform.slice(0, MOST_OF_WAVE).map((bar) => Math.min(LOUDEST, Math.max(0, Math.round(bar))));
  return btoa(String.fromCharCode(...bars));
}

function waveIn(text: string): readonly number[] {
  try {
    return Array.from(atob(text).slice(0, MOST_OF_WAVE), (bar) => Math.min(LOUDEST, bar.charCodeAt(0)));
  } catch {
    return [];
  }
}

function fieldsIn(content: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function amount(value: unknown, least: number): number | null {
  return typeof value === "number" && value >= least && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

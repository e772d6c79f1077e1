// A file on its way: what is known of it, and what its message says once the server has it. Pure.

import type { AttachedKind, SentKind } from "./contract";
import type { File } from "./wire.gen";

/** How far the file of a message is that is not sent. */
export interface Unsent {
  readonly name: string;
  readonly sizeBytes: number;
  /** A picture keeps its bytes as they are. */
  readonly asFile: boolean;
  readonly hasPoster: boolean;
  /** What the server calls the part that it has; null: it has none, or takes it by one request. */
  readonly transfer: string | null;
  /** What the server calls the file; null: it is not whole. */
  readonly file: string | null;
  /** The server has all that goes with it, too: the message may go. */
  readonly isDone: boolean;
}

/** What the server says of a file. */
export type FileFacts = Pick<File, "id" | "mime" | "width">;

/** What the message says to the server: the file and what the client alone knows. The rest the server knows better. */
export function sentContent(kind: SentKind, content: string, file: string): string {
  const said = JSON.parse(content) as Record<string, unknown>;
  const { caption, album, waveform, durationMs, width, height } = said;
  const own = kind === "Video" || kind === "Audio" ? { durationMs, waveform } : {};
  const shape = kind === "Video" ? { width, height } : {};
  return JSON.stringify({ file, ...own, ...shape, caption, album });
}

/** What the client takes for a picture, sound or film may be something else to the server: then it is sent as a file. */
export function kindOf(kind: SentKind, { mime, width }: FileFacts): AttachedKind {
  if (kind === "Image") return PICTURES.has(mime) && width !== null ? kind : "File";
  if (kind === "Audio") return mime.startsWith("audio/") ? kind : "File";
  if (kind === "Video") return mime.startsWith("video/") ? kind : "File";
  return "File";
}

const PICTURES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

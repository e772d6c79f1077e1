// What of a file is sent: itself, or a picture that is drawn anew because the person wants it smaller, or because no server
// shows it as it is.

import type { Attachment } from "../../../engine/contract";
import { drawn, type Looked } from "./looking";

export interface How {
  /** Nothing is changed. */
  readonly asFile: boolean;
  /** Pictures are made smaller. */
  readonly smaller: boolean;
}

/** What fills a screen. */
const SMALLER_SIDE = 1920;
const SMALLER_QUALITY = 0.82;
const ANEW_QUALITY = 0.92;
/** The signs of an animation stand in front of the pictures. */
const HEAD_BYTES = 4096;
const KINDS = { picture: "Image", film: "Video", sound: "Audio", file: "File" } as const;
const ENDINGS: Readonly<Record<string, string>> = { "image/jpeg": "jpg", "image/webp": "webp", "image/png": "png" };

export async function ready(file: File, looked: Looked, how: How): Promise<Attachment> {
  const { width, height, durationMs, poster } = looked;
  const whole = { blob: file, name: file.name, asFile: how.asFile, caption: "" };
  if (how.asFile || looked.what === "file") return { ...whole, kind: "File" };
  if (looked.what === "picture") {
    const other = how.smaller || looked.form === undefined ? await anew(file, looked, how.smaller) : null;
    // Of what no server shows and this browser cannot draw there is the file.
    if (other === null && looked.form === undefined) return { ...whole, kind: "File" };
    if (other !== null) return { ...whole, ...other, kind: "Image" };
  }
  return {
    ...whole,
    kind: KINDS[looked.what],
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(durationMs !== undefined && { durationMs }),
    ...(poster !== undefined && { poster }),
  };
}

/** Null where it is best as it is. */
async function anew(file: File, { form }: Looked, smaller: boolean): Promise<Pick<Attachment, "blob" | "name" | "width" | "height"> | null> {
  if (form === "gif" || (form !== undefined && form !== "jpeg" && (await isAnimated(file)))) return null;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return null;
  try {
    const { width, height } = bitmap;
    // Only JPEG knows nothing of what can be seen through.
    const type = form === "png" || form === "webp" ? "image/webp" : "image/jpeg";
    const side = smaller ? SMALLER_SIDE : Math.max(width, height);
    const blob = await drawn(bitmap, width, height, side, type, smaller ? SMALLER_QUALITY : ANEW_QUALITY);
    if (blob === null || (form !== undefined && blob.size >= file.size)) return null;
    const scale = Math.min(1, side / Math.max(width, height));
    const ending = ENDINGS[blob.type] ?? "jpg";
    return {
      blob,
      name: `${file.name.replace(/\.[^.]*$/, "")}.${ending}`,
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
    };
  } finally {
    bitmap.close();
  }
}

async function isAnimated(file: File): Promise<boolean> {
  const head = new TextDecoder("latin1").decode(await file.slice(0, HEAD_BYTES).arrayBuffer());
  return head.includes("acTL") || head.includes("ANIM");
}

// Files as people send them, and as they come out at the other end.

import { createHash, randomBytes } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

import type { Person } from "./person";

export interface Given {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Bytes that are nothing to anybody. */
export function blobOf(name: string, size: number): Given {
  return { name, mimeType: "application/octet-stream", buffer: randomBytes(size) };
}

/** A picture that nothing can make smaller, of a little more than three bytes a point. */
export function pictureOf(name: string, width: number, height: number): Given {
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.of(0), randomBytes(3 * width)]));
  return { name, mimeType: "image/png", buffer: pngOf(width, height, rows) };
}

/** Of rows that are a filter and three bytes a point. */
export function pngOf(width: number, height: number, rows: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const parts = [["IHDR", head], ["IDAT", deflateSync(Buffer.concat(rows), { level: 1 })], ["IEND", Buffer.alloc(0)]] as const;
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts.flatMap(([type, data]) => chunk(type, data))]);
}

function chunk(type: string, data: Buffer): readonly Buffer[] {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return [size, named, sum];
}

/** Chooses files in the open chat and sends them. */
export async function attach(person: Person, ...files: readonly Given[]): Promise<void> {
  const isSeen = files.every(({ mimeType }) => mimeType.startsWith("image/"));
  await person.page.getByLabel(isSeen ? "Photo or video" : "File", { exact: true }).setInputFiles([...files]);
  const dialog = person.page.getByRole("dialog", { name: /^Send to / });
  await person.button("Send", dialog).click();
  await dialog.waitFor({ state: "detached" });
}

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

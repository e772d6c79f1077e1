// Pictures, a film and sounds that people have sent, without a browser that made them.

import { demoUrl } from "../../src/ui/fixtures/files.ts";
import type { Account, Uploaded } from "./account";
import { pngOf } from "./files";

/** A picture that goes from one colour to another. */
export function painted(width: number, height: number, [red, green, blue]: readonly [number, number, number]): Buffer {
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(1 + 3 * width);
    for (let x = 0; x < width; x++) row.set([red, Math.round((green * x) / width), Math.round((blue * y) / height)], 1 + 3 * x);
    return row;
  });
  return pngOf(width, height, rows);
}

/** Two seconds of WebM. */
export function film(): Buffer {
  return decoded(demoUrl("film-0"));
}

/** So many seconds of a WAV of 4 kHz. */
export function sound(seconds: number): Buffer {
  return decoded(demoUrl(`voice-${seconds}`));
}

function decoded(address: string): Buffer {
  return Buffer.from(address.slice(address.indexOf(",") + 1), "base64");
}

const WAVEFORM = Buffer.from(Array.from({ length: 60 }, (_, at) => 6 + ((at * 7) % 25))).toString("base64");

export async function sendPictures(who: Account, gid: number, pictures: readonly Buffer[], more: object = {}): Promise<readonly Uploaded[]> {
  const files: Uploaded[] = [];
  for (const [at, bytes] of pictures.entries()) {
    const file = await who.upload(`picture-${at + 1}.png`, bytes);
    await who.send(gid, [JSON.stringify({ file: file.id, ...more })], "Image");
    files.push(file);
  }
  return files;
}

export async function sendVoice(who: Account, gid: number, seconds: number): Promise<Uploaded> {
  const file = await who.upload("voice.wav", sound(seconds));
  await who.send(gid, [JSON.stringify({ file: file.id, durationMs: seconds * 1000, waveform: WAVEFORM })], "Audio");
  return file;
}

export async function sendFilm(who: Account, gid: number, more: object = {}): Promise<Uploaded> {
  const file = await who.upload("lake.webm", film());
  await who.send(gid, [JSON.stringify({ file: file.id, width: 160, height: 90, durationMs: 2000, ...more })], "Video");
  return file;
}

export async function sendFile(who: Account, gid: number, name: string, bytes: Buffer): Promise<Uploaded> {
  const file = await who.upload(name, bytes);
  await who.send(gid, [JSON.stringify({ file: file.id })], "File");
  return file;
}

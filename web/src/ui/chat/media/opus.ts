// Takes Opus out of the WebM and Ogg that browsers record: the packets as they are. What is cut off at the end, as where a page
// ended while it recorded, has no last packet. Pure.

import type { OpusPackets } from "./caf";

const HEAD = "OpusHead";
/** Of its head: see RFC 7845, 5.1. */
const CHANNELS_AT = 9;
const PRE_SKIP_AT = 10;

/** Null where there is no Opus in it, or it is put in as no browser does. */
export function opusIn(bytes: Uint8Array): OpusPackets | null {
  try {
    return startsWith(bytes, "OggS") ? inOgg(bytes) : inWebm(bytes);
  } catch {
    return null;
  }
}

// WebM is a tree of elements (RFC 8794): what it is, how long it is, and what is in it. Those that hold others are entered and their
// length is passed over: a recorder does not know it yet when it writes it.

const ENTERED: ReadonlySet<number> = new Set([0x18538067 /* Segment */, 0x1654ae6b /* Tracks */, 0xae /* TrackEntry */, 0x1f43b675 /* Cluster */, 0xa0 /* BlockGroup */]);
const CODEC = 0x86;
const PRIVATE = 0x63a2;
const BLOCKS: readonly number[] = [0xa3, 0xa1];
/** Several packets in one block. */
const LACED = 0x06;

function inWebm(bytes: Uint8Array): OpusPackets | null {
  const packets: Uint8Array[] = [];
  let head: Uint8Array | null = null;
  let codec = "";
  let at = 0;
  while (at < bytes.length) {
    const [id, afterId] = numberAt(bytes, at, true);
    const [size, from] = numberAt(bytes, afterId, false);
    if (ENTERED.has(id)) {
      at = from;
      continue;
    }
    at = from + size;
    if (at > bytes.length) break;
    const body = bytes.subarray(from, at);
    if (id === CODEC) codec = textOf(body);
    else if (id === PRIVATE) head = body;
    else if (BLOCKS.includes(id)) {
      const [, afterTrack] = numberAt(body, 0, false);
      // A time of two bytes, and flags.
      if (((body[afterTrack + 2] ?? 0) & LACED) !== 0) return null;
      packets.push(body.subarray(afterTrack + 3));
    }
  }
  return codec === "A_OPUS" ? withHead(head, packets) : null;
}

/** Its first byte tells how many there are. Of an id all bits count. */
function numberAt(bytes: Uint8Array, at: number, isId: boolean): readonly [number, number] {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > 8) throw new Error("it is no number");
  let value = isId ? first : first & (0xff >> length);
  for (let more = 1; more < length; more++) value = value * 256 + (bytes[at + more] ?? 0);
  return [value, at + length];
}

// Ogg is a row of pages (RFC 3533), each with the lengths of what is in it: 255 says that it goes on.

function inOgg(bytes: Uint8Array): OpusPackets | null {
  const packets: Uint8Array[] = [];
  let begun: number[] = [];
  let at = 0;
  while (startsWith(bytes.subarray(at), "OggS")) {
    const count = bytes[at + 26] ?? 0;
    let from = at + 27 + count;
    for (const length of bytes.subarray(at + 27, from)) {
      if (from + length > bytes.length) return withHead(packets[0] ?? null, packets.slice(2));
      begun.push(...bytes.subarray(from, from + length));
      from += length;
      if (length === 255) continue;
      packets.push(Uint8Array.from(begun));
      begun = [];
    }
    at = from;
  }
  // The second says who made it.
  return withHead(packets[0] ?? null, packets.slice(2));
}

function withHead(head: Uint8Array | null, packets: readonly Uint8Array[]): OpusPackets | null {
  if (head === null || !startsWith(head, HEAD) || packets.length === 0) return null;
  const preSkip = (head[PRE_SKIP_AT] ?? 0) + 256 * (head[PRE_SKIP_AT + 1] ?? 0);
  return { packets, channels: head[CHANNELS_AT] ?? 1, preSkip };
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return textOf(bytes.subarray(0, text.length)) === text;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

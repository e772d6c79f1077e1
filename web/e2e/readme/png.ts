// Makes a screenshot small: at most 256 colours, chosen by median cut.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;
const RGB = 2;
const RGBA = 6;
const PALETTE = 3;

/** Red, green, blue in one number. */
type Colour = number;
const CHANNELS = [16, 8, 0] as const;
const channel = (colour: Colour, shift: number): number => (colour >> shift) & 0xff;

export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const counts = new Map<Colour, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const boxes = medianCut([...counts]);
  const indexes = new Map(boxes.flatMap((box, index) => box.map(([colour]) => [colour, index] as const)));

  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexes.get(pixels[y * width + x] ?? 0) ?? 0;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE, 0, 0, 0], 8);
  const palette = Buffer.from(boxes.map(average).flatMap((colour) => CHANNELS.map((shift) => channel(colour, shift))));
  const chunks = [
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

type Counted = [colour: Colour, count: number];

/** Cuts the box of the most colour in two until there are enough. */
function medianCut(colours: Counted[]): Counted[][] {
  const boxes = [colours];
  while (boxes.length < MOST_COLOURS) {
    const widest = boxes
      .map((box, at) => ({ at, box, ...longestSide(box) }))
      .reduce((best, one) => (one.length * Math.sqrt(weight(one.box)) > best.length * Math.sqrt(weight(best.box)) ? one : best));
    if (widest.length === 0) break;
    const sorted = widest.box.sort(([a], [b]) => channel(a, widest.shift) - channel(b, widest.shift));
    const half = weight(sorted) / 2;
    let cut = 0;
    for (let sum = 0; sum < half && cut < sorted.length - 1; cut++) sum += sorted[cut]?.[1] ?? 0;
    boxes.splice(widest.at, 1, sorted.slice(0, Math.max(1, cut)), sorted.slice(Math.max(1, cut)));
  }
  return boxes;
}

function longestSide(box: readonly Counted[]): { readonly shift: number; readonly length: number } {
  const sides = CHANNELS.map((shift) => {
    let least = 0xff;
    let most = 0;
    for (const [colour] of box) {
      least = Math.min(least, channel(colour, shift));
      most = Math.max(most, channel(colour, shift));
    }
    return { shift, length: most - least };
  });
  return sides.reduce((best, side) => (side.length > best.length ? side : best));
}

function weight(box: readonly Counted[]): number {
  return box.reduce((sum, [, count]) => sum + count, 0);
}

function average(box: readonly Counted[]): Colour {
  const all = weight(box);
  return CHANNELS.reduce<Colour>((colour, shift) => {
    const sum = box.reduce((before, [one, count]) => before + channel(one, shift) * count, 0);
    return colour | (Math.round(sum / all) << shift);
  }, 0);
}

/** As Chromium writes them: eight bits a channel, not interlaced. */
function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  let [width, height, bytes] = [0, 0, 0];
  const data: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      const kind = body[9];
      if (body[8] !== 8 || (kind !== RGB && kind !== RGBA)) throw new Error("a PNG of another kind");
      bytes = kind === RGB ? 3 : 4;
    } else if (type === "IDAT") data.push(body);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * bytes;
  let above = new Uint8Array(stride);
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0;
    const line = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; x++) {
      const left = line[x - bytes] ?? 0;
      const up = above[x] ?? 0;
      const corner = x < bytes ? 0 : (above[x - bytes] ?? 0);
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      line[x] = (line[x] ?? 0) + predicted;
    }
    for (let x = 0; x < width; x++) {
      const at = x * bytes;
      pixels[y * width + x] = ((line[at] ?? 0) << 16) | ((line[at + 1] ?? 0) << 8) | (line[at + 2] ?? 0);
    }
    above = line;
  }
  return { width, height, pixels };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [byLeft, byUp, byCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function chunk(type: string, body: Buffer): Buffer {
  const framed = Buffer.alloc(body.length + 12);
  framed.writeUInt32BE(body.length, 0);
  framed.write(type, 4, "latin1");
  body.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + body.length)), 8 + body.length);
  return framed;
}

// Opus in a CAF file, which is how the browsers of Apple play it up to version 16: see Apple's "Core Audio Format Specification". Pure.

export interface OpusPackets {
  readonly packets: readonly Uint8Array[];
  readonly channels: number;
  /** How many samples at the beginning are not to be heard, at 48 kHz. */
  readonly preSkip: number;
}

/** Whatever was recorded, Opus is counted so. */
const RATE = 48_000;
/** Samples of a frame, by what the first byte of a packet says (RFC 6716, 3.1). */
const LONG = [480, 960, 1920, 2880] as const;
const HYBRID = [480, 960] as const;
const SHORT = [120, 240, 480, 960] as const;

/** How many samples a packet gives. */
export function samplesOf(packet: Uint8Array): number {
  const [toc = 0, frames = 1] = packet;
  const config = toc >> 3;
  const length = (config < 12 ? LONG[config & 3] : config < 16 ? HYBRID[config & 1] : SHORT[config & 3]) ?? 0;
  const code = toc & 3;
  return length * (code === 0 ? 1 : code === 3 ? frames & 63 : 2);
}

export function cafOf({ packets, channels, preSkip }: OpusPackets): Blob {
  const lengths = packets.map(samplesOf);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  // Where all are as long, that is said once.
  const each = lengths.every((length) => length === lengths[0]) ? (lengths[0] ?? 0) : 0;
  const table = packets.flatMap(({ length }, at) => [...numeral(length), ...(each === 0 ? numeral(lengths[at] ?? 0) : [])]);
  const header = bytes(8, (view) => {
    write(view, 0, "caff");
    view.setUint16(4, 1);
  });
  const description = bytes(32, (view) => {
    view.setFloat64(0, RATE);
    write(view, 8, "opus");
    view.setUint32(20, each);
    view.setUint32(24, channels);
  });
  const counts = bytes(24, (view) => {
    view.setBigInt64(0, BigInt(packets.length));
    view.setBigInt64(8, BigInt(Math.max(0, whole - preSkip)));
    view.setInt32(16, preSkip);
  });
  const edits = bytes(4, () => undefined);
  const parts = [
    header,
    ...chunk("desc", [description]),
    ...chunk("pakt", [counts, Uint8Array.from(table)]),
    ...chunk("data", [edits, ...packets.map((packet) => Uint8Array.from(packet))]),
  ];
  return new Blob(parts, { type: "audio/x-caf" });
}

function chunk(type: string, parts: readonly Uint8Array<ArrayBuffer>[]): readonly Uint8Array<ArrayBuffer>[] {
  const head = bytes(12, (view) => {
    write(view, 0, type);
    view.setBigInt64(4, BigInt(parts.reduce((sum, { length }) => sum + length, 0)));
  });
  return [head, ...parts];
}

function bytes(length: number, fill: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length);
  fill(new DataView(made.buffer));
  return made;
}

function write(view: DataView, at: number, text: string): void {
  [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
}

/** Seven bits a byte, the highest first; all but the last have their top bit set. */
function numeral(value: number): readonly number[] {
  const digits = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 127) | 128);
  return digits;
}

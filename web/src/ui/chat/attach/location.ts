// Whether a picture or a film says where it was taken: who sends it as it is, is told before they do. Only what is there is read, a
// piece at a time, however large it is.

const PIECE = 1024 * 1024;
/** Longer than what is looked for. */
const OVERLAP = 32;
/** The table of a film is seldom larger; its pictures and sounds need not be read. */
const MOST_TABLE = 64 * PIECE;
const FILMS = /^(ftyp|moov|mdat|free|skip|wide|pnot)$/;

const GPS = 0x8825;
const LATITUDE = 2;
const MOST_ENTRIES = 512;
const ENTRY = 12;

/** Rejects where it cannot be read. */
export async function hasLocation(file: Blob): Promise<boolean> {
  const tables = await tablesOf(file);
  if (tables === null) return scan(file);
  for (const table of tables) if (await scan(table)) return true;
  return false;
}

/** Of a film the boxes that are not its pictures and sounds; null: it is none. HEIC and AVIF have boxes, too, and are pictures. */
async function tablesOf(file: Blob): Promise<readonly Blob[] | null> {
  const tables: Blob[] = [];
  let at = 0;
  while (at + 8 <= file.size) {
    const head = await viewOf(file, at, 16);
    const type = textOf(head, 4, 4);
    if (at === 0 && (!FILMS.test(type) || (type === "ftyp" && /^(heic|heix|hevc|mif1|msf1|avif|avis)$/.test(textOf(head, 8, 4))))) return null;
    const small = head.getUint32(0);
    const size = small === 0 ? file.size - at : small === 1 && head.byteLength === 16 ? Number(head.getBigUint64(8)) : small;
    if (size < 8) break;
    if (type !== "mdat" && size <= MOST_TABLE) tables.push(file.slice(at, at + size));
    at += size;
  }
  return at === 0 ? null : tables;
}

async function scan(file: Blob): Promise<boolean> {
  for (let from = 0; from < file.size; from += PIECE) {
    const bytes = new Uint8Array(await file.slice(from, from + PIECE + OVERLAP).arrayBuffer());
    // By people who write tags, and by films.
    if (find(bytes, "GPSLatitude", (at) => /^[=>"\s]/.test(letters(bytes, at + 11, 1)))) return true;
    if (find(bytes, "\xa9xyz", (at) => /^[+-]\d/.test(letters(bytes, at + 8, 2)))) return true;
    if (find(bytes, "location.ISO6709", () => true)) return true;
    // By cameras, wherever their table stands.
    for (const sign of ["II*\0", "MM\0*"]) {
      for (const at of all(bytes, sign)) if (at < PIECE && (await isLocated(file, from + at, sign === "II*\0"))) return true;
    }
  }
  return false;
}

/** Whether the table of a camera that begins there (TIFF 6.0, Exif 2.32) has a latitude. */
async function isLocated(file: Blob, start: number, isLittle: boolean): Promise<boolean> {
  const head = await viewOf(file, start, 8);
  if (head.byteLength < 8) return false;
  const tags = await tagsAt(file, start, head.getUint32(4, isLittle), isLittle);
  const gps = tags.get(GPS);
  return gps !== undefined && (await tagsAt(file, start, gps, isLittle)).has(LATITUDE);
}

/** What the tags of a table say or where they say it. Empty: it is no table. */
async function tagsAt(file: Blob, start: number, offset: number, isLittle: boolean): Promise<ReadonlyMap<number, number>> {
  const tags = new Map<number, number>();
  const length = await viewOf(file, start + offset, 2);
  const count = length.byteLength < 2 ? 0 : length.getUint16(0, isLittle);
  if (offset < 8 || count === 0 || count > MOST_ENTRIES) return tags;
  const rows = await viewOf(file, start + offset + 2, count * ENTRY);
  for (let at = 0; at + ENTRY <= rows.byteLength; at += ENTRY) tags.set(rows.getUint16(at, isLittle), rows.getUint32(at + 8, isLittle));
  return tags;
}

async function viewOf(file: Blob, from: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(from, from + length).arrayBuffer());
}

function textOf(view: DataView, at: number, length: number): string {
  return letters(new Uint8Array(view.buffer), at, length);
}

function letters(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function find(bytes: Uint8Array, text: string, is: (at: number) => boolean): boolean {
  for (const at of all(bytes, text)) if (is(at)) return true;
  return false;
}

function* all(bytes: Uint8Array, text: string): Generator<number> {
  const codes = [...text].map((letter) => letter.charCodeAt(0));
  const [first = 0] = codes;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (codes.every((code, index) => bytes[at + index] === code)) yield at;
  }
}

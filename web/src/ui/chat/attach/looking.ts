// What a file is to a browser: a picture, a film or a sound that it can show, or just a file. What it cannot show is sent as a
// file: whoever gets it may have more to open it with.

/** What is known of a file that is about to be sent. */
export interface Looked {
  readonly what: "picture" | "film" | "sound" | "file";
  /** As it is shown. */
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** What stands for a film. */
  readonly poster?: Blob;
  /** Of a picture: whether the server shows it as it is. Others are drawn anew. */
  readonly form?: Form;
}

/** The forms of pictures that every browser shows, and the server measures. */
export type Form = "jpeg" | "png" | "gif" | "webp";

const FILE: Looked = { what: "file" };
/** More than the server decodes: such a picture goes as a file. See `media::limits` of the server. */
const MOST_PIXELS = 50_000_000;
const LONGEST_SIDE = 16_384;
/** Of a film that does not begin to play within this time nothing is known. */
const PATIENCE_MS = 10_000;
/** As long as the largest of the smaller pictures that the server makes. */
const POSTER_SIDE = 1600;
const POSTER_QUALITY = 0.85;
/** The first frame is often black. */
const POSTER_AT_S = 1;

/** Rejects where it cannot be read: a folder, or a file that has gone. */
export async function look(file: File, url: string): Promise<Looked> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const [kind] = file.type.split("/");
  try {
    if (kind === "image" && !file.type.startsWith("image/svg")) return await lookAtPicture(url, formOf(head));
    if (kind === "video") return await lookAtFilm(url);
    if (kind === "audio") return await listenTo(url);
  } catch {
    // It can be saved all the same.
  }
  return FILE;
}

/** By its first bytes, as the server does. */
export function formOf(head: Uint8Array): Form | null {
  const text = String.fromCharCode(...head.slice(0, 12));
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (/^GIF8[79]a/.test(text)) return "gif";
  return /^RIFF....WEBP/s.test(text) ? "webp" : null;
}

async function lookAtPicture(url: string, form: Form | null): Promise<Looked> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (width === 0 || width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE) return FILE;
  return { what: "picture", width, height, ...(form !== null && { form }) };
}

async function lookAtFilm(url: string): Promise<Looked> {
  const film = document.createElement("video");
  film.muted = true;
  film.playsInline = true;
  film.preload = "auto";
  try {
    await comes(film, "loadeddata", () => (film.src = url));
    const { videoWidth: width, videoHeight: height } = film;
    if (width === 0) return await listenTo(url);
    const length = lengthOf(film);
    const seconds = length === null ? 0 : length / 1000;
    // Some cannot be wound: then their first frame stands for them.
    await comes(film, "seeked", () => (film.currentTime = Math.min(POSTER_AT_S, seconds / 2))).catch(() => undefined);
    const poster = await drawn(film, width, height, POSTER_SIDE, "image/jpeg", POSTER_QUALITY);
    return { what: "film", width, height, ...(length !== null && { durationMs: length }), ...(poster !== null && { poster }) };
  } finally {
    film.removeAttribute("src");
    film.load();
  }
}

async function listenTo(url: string): Promise<Looked> {
  const sound = new Audio();
  sound.preload = "metadata";
  await comes(sound, "loadedmetadata", () => (sound.src = url));
  const length = lengthOf(sound);
  return { what: "sound", ...(length !== null && { durationMs: length }) };
}

/** What was recorded by a browser often does not say how long it is. */
function lengthOf({ duration }: HTMLMediaElement): number | null {
  return Number.isFinite(duration) && duration > 0 ? Math.round(duration * 1000) : null;
}

function comes(element: HTMLMediaElement, event: string, after: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${event} did not come`)), PATIENCE_MS);
    const end = (then: () => void) => () => {
      clearTimeout(timer);
      then();
    };
    element.addEventListener(event, end(resolve), { once: true });
    element.addEventListener("error", end(() => reject(new Error("it cannot be played"))), { once: true });
    after();
  });
}

/** Drawn so small that no side is longer than `side`; null where the browser cannot. */
export async function drawn(
  source: HTMLVideoElement | ImageBitmap,
  width: number,
  height: number,
  side: number,
  type: string,
  quality: number,
): Promise<Blob | null> {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, type, quality));
}

// How large pictures, films and what stands for them are in the log: known before any of them is there, so that nothing jumps. Pure.

export interface Box {
  readonly width: number;
  /** Width by height. */
  readonly aspectRatio: number;
}

/** So many pictures are one album at most; what goes on after them is another. */
export const ALBUM_MOST = 10;

const BOX = { width: 320, height: 240, tallest: 380 } as const;
/** So large at least is the box of what lies on another host: it has room for the question whether to load it. */
const REMOTE_BOX = { width: 236, height: 164 } as const;
/** A picture has room for its time, and can be hit by a finger. */
const NARROWEST = 120;

export function pictureBox(width: number | null, height: number | null, remote: boolean): Box {
  const box = ownBox(width, height);
  return remote ? atLeast(box, REMOTE_BOX) : box;
}

/** Of a film of this server: it has room for the player's buttons, however small it is. */
export function ownFilmBox(width: number | null, height: number | null): Box {
  const larger = width === null ? 1 : Math.max(1, BOX.width / width);
  return ownBox(width === null ? null : width * larger, height === null ? null : height * larger);
}

/** Of a film at an address, which is as wide as there is room. */
export function filmBox(ratio: number, remote: boolean): Box {
  const height = Math.min(BOX.tallest, BOX.width / ratio);
  return { width: BOX.width, aspectRatio: BOX.width / (remote ? Math.max(REMOTE_BOX.height, height) : height) };
}

function ownBox(width: number | null, height: number | null): Box {
  if (width === null || height === null || width < 1 || height < 1) {
    return { width: BOX.width, aspectRatio: BOX.width / BOX.height };
  }
  // Very wide and very high ones are cut; the light box shows them whole.
  const ratio = Math.min(3, Math.max(0.5, width / height));
  return { width: Math.max(NARROWEST, Math.min(BOX.width, width, BOX.tallest * ratio)), aspectRatio: ratio };
}

function atLeast(box: Box, least: { readonly width: number; readonly height: number }): Box {
  const width = Math.max(least.width, box.width);
  return { width, aspectRatio: width / Math.max(least.height, box.width / box.aspectRatio) };
}

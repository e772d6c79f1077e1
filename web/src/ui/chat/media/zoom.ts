// Where a picture stands that is made larger and moved about. Pure; the light box draws by it.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `scale` is 1 where the picture is as large as fits; `x` and `y` are how far its middle is from the view's, in pixels. */
export interface Zoom extends Point {
  readonly scale: number;
}

export const FITTING: Zoom = { scale: 1, x: 0, y: 0 };
/** A picture can be made so many times as large as it fits, or as large as it is and twice that. */
const LEAST_MOST = 4;
const OVER_NATURAL = 2;

/** The picture as large as fits; small ones are not made larger. */
export function fit(picture: Size, view: Size): Size {
  const scale = Math.min(1, view.width / picture.width, view.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

export function mostScale(picture: Size, fitted: Size): number {
  return fitted.width === 0 ? LEAST_MOST : Math.max(LEAST_MOST, (OVER_NATURAL * picture.width) / fitted.width);
}

/** Another scale, with what is under the point (seen from the view's middle) staying there. */
export function zoomAt(zoom: Zoom, scale: number, point: Point): Zoom {
  const by = scale / zoom.scale;
  return { scale, x: point.x - (point.x - zoom.x) * by, y: point.y - (point.y - zoom.y) * by };
}

/** The nearest place where the picture covers the view, or stands in its middle where it is smaller. */
export function settled(zoom: Zoom, fitted: Size, view: Size, most: number): Zoom {
  const scale = Math.min(most, Math.max(1, zoom.scale));
  const at = scale === zoom.scale ? zoom : zoomAt(zoom, scale, { x: 0, y: 0 });
  const roomX = Math.max(0, (fitted.width * scale - view.width) / 2);
  const roomY = Math.max(0, (fitted.height * scale - view.height) / 2);
  // Plus nothing: a room of 0 would make -0 of what is below it.
  return { scale, x: Math.min(roomX, Math.max(-roomX, at.x)) + 0, y: Math.min(roomY, Math.max(-roomY, at.y)) + 0 };
}

/** What two fingers do that were at `from` and are at `to`. */
export function pinched(zoom: Zoom, from: readonly [Point, Point], to: readonly [Point, Point]): Zoom {
  const apart = ([a, b]: readonly [Point, Point]): number => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const middle = ([a, b]: readonly [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [was, is] = [middle(from), middle(to)];
  const scaled = zoomAt(zoom, (zoom.scale * apart(to)) / apart(from), was);
  return { ...scaled, x: scaled.x + is.x - was.x, y: scaled.y + is.y - was.y };
}

export type Swipe = "previous" | "next" | "close" | null;

/** So far, in parts of the view, or so fast, in pixels a millisecond, a finger goes to mean it. */
const FAR = 0.25;
const FAST = 0.5;

/** What a finger meant that went so far in that time. */
export function swiped(by: Point, ms: number, view: Size): Swipe {
  const sideways = Math.abs(by.x) > Math.abs(by.y);
  const [way, size] = sideways ? [by.x, view.width] : [by.y, view.height];
  const meant = Math.abs(way) > size * FAR || (Math.abs(way) > 24 && Math.abs(way) / Math.max(1, ms) > FAST);
  if (!meant) return null;
  if (!sideways) return way > 0 ? "close" : null;
  return way > 0 ? "previous" : "next";
}

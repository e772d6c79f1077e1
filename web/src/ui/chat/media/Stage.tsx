// Where a picture stands in the light box, and the hands that make it larger and move it about.

import { type PointerEvent, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";

import { FITTING, fit, mostScale, pinched, type Point, settled, type Size, swiped, type Zoom, zoomAt } from "./zoom";

export interface StageHandle {
  /** A step larger, or smaller. */
  zoom(way: 1 | -1): void;
  /** Aside, by a part of the view. */
  move(way: number): void;
  fit(): void;
}

export interface StageProps {
  readonly stage: Ref<StageHandle>;
  readonly src: string | null;
  /** Null until the picture says it itself. */
  readonly size: Size | null;
  readonly placeholder: string | null;
  readonly alt: string;
  readonly onError: () => void;
  readonly onZoomed: (zoomed: boolean) => void;
  readonly onSwipe: (way: "previous" | "next" | "close") => void;
  readonly onClose: () => void;
}

/** Above and below is room for what is said of the picture, and where it is wide, beside it for the ways to the next. */
const BAR_PX = 64;
const BESIDE_PX = 72;
const WIDE_PX = 900;
const STEP = 1.5;
const CLICK_SCALE = 2.5;
const WHEEL = 0.002;
const MOVE = 0.3;
/** A finger is never quite still. */
const STILL_PX = 8;
/** Two taps within that time are one for more. */
const DOUBLE_MS = 300;

interface Hand {
  readonly pointers: Map<number, Point>;
  /** Where the pointers and the picture were when the last one came or went. */
  from: { readonly points: readonly Point[]; readonly zoom: Zoom; readonly at: number };
  moved: boolean;
}

export function Stage({ stage, src, size, placeholder, alt, onError, onZoomed, onSwipe, onClose }: StageProps) {
  const place = useRef<HTMLDivElement>(null);
  const [natural, setNatural] = useState<Size | null>(size);
  const [shown, setShown] = useState(false);
  const [view, setView] = useState<Size>({ width: innerWidth, height: innerHeight });
  const [zoom, setZoom] = useState<Zoom>(FITTING);
  const [held, setHeld] = useState(false);
  const hand = useRef<Hand>({ pointers: new Map(), from: { points: [], zoom: FITTING, at: 0 }, moved: false });
  const tapped = useRef(0);
  const fitted = natural === null ? view : fit(natural, { width: view.width - 2 * BESIDE_PX * Number(view.width > WIDE_PX), height: view.height - 2 * BAR_PX });
  const most = mostScale(natural ?? view, fitted);

  const put = (next: Zoom): void => {
    setZoom(next);
    onZoomed(next.scale > 1);
  };
  const settle = (next: Zoom): void => put(settled(next, fitted, view, most));
  useImperativeHandle(stage, () => ({
    zoom: (way) => settle(zoomAt(zoom, zoom.scale * (way > 0 ? STEP : 1 / STEP), { x: 0, y: 0 })),
    move: (way) => settle({ ...zoom, x: zoom.x + way * view.width * MOVE }),
    fit: () => put(FITTING),
  }));

  /** From the middle of the view. */
  const pointOf = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => ({ x: clientX - view.width / 2, y: clientY - view.height / 2 });

  const latest = useRef<{ wheel(event: WheelEvent): void; resize(to: Size): void }>(undefined);
  useLayoutEffect(() => {
    latest.current = {
      wheel(event) {
        event.preventDefault();
        settle(zoomAt(zoom, Math.min(most, Math.max(1, zoom.scale * Math.exp(-event.deltaY * WHEEL))), pointOf(event)));
      },
      resize(to) {
        if (to.width === view.width && to.height === view.height) return;
        setView(to);
        put(FITTING);
      },
    };
  });
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => latest.current?.resize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    // React listens to wheels passively: the page would be zoomed along.
    const wheel = (event: WheelEvent): void => latest.current?.wheel(event);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  const begin = (event: PointerEvent): void => {
    hand.current.from = { points: [...hand.current.pointers.values()], zoom, at: event.timeStamp };
  };
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    if (hand.current.pointers.size === 0) hand.current.moved = false;
    hand.current.pointers.set(event.pointerId, pointOf(event));
    begin(event);
    setHeld(true);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const { pointers, from } = hand.current;
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, pointOf(event));
    const [a, b] = [...pointers.values()];
    const [wasA, wasB] = from.points;
    if (a === undefined || wasA === undefined) return;
    if (b !== undefined && wasB !== undefined) {
      hand.current.moved = true;
      return put(pinched(from.zoom, [wasA, wasB], [a, b]));
    }
    const by = { x: a.x - wasA.x, y: a.y - wasA.y };
    if (Math.hypot(by.x, by.y) > STILL_PX) hand.current.moved = true;
    if (!hand.current.moved) return;
    if (from.zoom.scale > 1) setZoom({ ...from.zoom, x: from.zoom.x + by.x, y: from.zoom.y + by.y });
    // One way or the other: it follows the finger.
    else if (event.pointerType !== "mouse") setZoom(Math.abs(by.x) > Math.abs(by.y) ? { ...FITTING, x: by.x } : { ...FITTING, y: Math.max(0, by.y) });
  };
  const onPointerUp = (event: PointerEvent): void => {
    const { pointers, from, moved } = hand.current;
    const a = pointers.get(event.pointerId);
    if (a === undefined) return;
    pointers.delete(event.pointerId);
    if (pointers.size > 0) return begin(event);
    setHeld(false);
    const [was] = from.points;
    if (!moved) {
      if (event.type === "pointerup") clicked(event, a);
    } else if (was !== undefined && from.points.length === 1 && from.zoom.scale === 1 && event.pointerType !== "mouse") {
      const way = swiped({ x: a.x - was.x, y: a.y - was.y }, event.timeStamp - from.at, view);
      setZoom(FITTING);
      if (way !== null) onSwipe(way);
    } else settle(zoom);
  };
  /** Beside the picture: out. On it: larger and back, by a mouse at once, by a finger at the second tap. */
  const clicked = (event: PointerEvent, at: Point): void => {
    const outside = Math.abs(at.x - zoom.x) > (fitted.width * zoom.scale) / 2 || Math.abs(at.y - zoom.y) > (fitted.height * zoom.scale) / 2;
    if (outside) return onClose();
    if (event.pointerType !== "mouse") {
      const twice = event.timeStamp - tapped.current < DOUBLE_MS;
      tapped.current = twice ? 0 : event.timeStamp;
      if (!twice) return;
    }
    if (zoom.scale > 1) put(FITTING);
    else settle(zoomAt(zoom, Math.min(most, CLICK_SCALE), at));
  };
  return (
    <div
      ref={place}
      className={held ? "stage stage--held" : "stage"}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
    >
      {src !== null && (
        <img
          className={shown ? "stage__picture" : "stage__picture stage__picture--waiting"}
          style={{
            ...(natural !== null && { width: fitted.width, height: fitted.height }),
            ...(placeholder !== null && !shown && { backgroundImage: `url("${placeholder}")` }),
            transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})`,
          }}
          src={src}
          alt={alt}
          referrerPolicy="no-referrer"
          draggable={false}
          onLoad={({ currentTarget }) => {
            setShown(true);
            if (size === null) setNatural({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight });
          }}
          onError={onError}
        />
      )}
    </div>
  );
}

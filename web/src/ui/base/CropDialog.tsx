// Cuts a square out of a picture, by a mouse, by fingers or by keys.

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import { useTranslator } from "./context";
import { FormDialog } from "./FormDialog";
import "./CropDialog.css";

/** As large as it is shown anywhere, on a fine screen. */
const SIZE_PX = 640;
const QUALITY = 0.86;
const LARGEST_ZOOM = 4;
const STEP_PX = 20;
const ZOOM_STEP = 1.08;

/** How the picture lies under the square: its middle in parts of the picture, and how much it is enlarged. */
interface Framing {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** How far the picture is moved, in pixels of the canvas, and how much larger it becomes. */
interface Change {
  readonly dx?: number;
  readonly dy?: number;
  readonly zoom?: number;
  readonly times?: number;
}

const KEYS: Readonly<Record<string, Change>> = {
  ArrowLeft: { dx: -STEP_PX },
  ArrowRight: { dx: STEP_PX },
  ArrowUp: { dy: -STEP_PX },
  ArrowDown: { dy: STEP_PX },
  "+": { times: ZOOM_STEP },
  "=": { times: ZOOM_STEP },
  "-": { times: 1 / ZOOM_STEP },
};

export interface CropDialogProps {
  readonly file: File;
  readonly onPicture: (picture: Blob) => void;
  readonly onClose: () => void;
}

export function CropDialog({ file, onPicture, onClose }: CropDialogProps) {
  const { t } = useTranslator();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
  const [unreadable, setUnreadable] = useState(false);
  const [framing, setFraming] = useState<Framing>({ x: 0.5, y: 0.5, zoom: 1 });
  /** What lies on it: the mouse, or fingers. */
  const held = useRef(new Map<number, Point>());

  useEffect(() => {
    let gone = false;
    createImageBitmap(file).then(
      (made) => (gone ? made.close() : setBitmap(made)),
      () => setUnreadable(!gone),
    );
    return () => {
      gone = true;
    };
  }, [file]);
  useEffect(() => () => bitmap?.close(), [bitmap]);

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (bitmap === null || context === null || context === undefined) return;
    draw(context, bitmap, framing, SIZE_PX);
  }, [bitmap, framing]);

  const change = (by: Change): void => {
    if (bitmap === null) return;
    setFraming((old) => {
      const zoom = Math.min(LARGEST_ZOOM, Math.max(1, by.zoom ?? old.zoom * (by.times ?? 1)));
      const side = sideOf(bitmap, { ...old, zoom });
      const scale = side / SIZE_PX;
      const within = (value: number, size: number): number =>
        Math.min(1 - side / 2 / size, Math.max(side / 2 / size, value));
      return {
        zoom,
        x: within(old.x - ((by.dx ?? 0) * scale) / bitmap.width, bitmap.width),
        y: within(old.y - ((by.dy ?? 0) * scale) / bitmap.height, bitmap.height),
      };
    });
  };

  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>): void => {
    const before = held.current.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    held.current.set(event.pointerId, now);
    const fingers = [...held.current.values()];
    const [other] = fingers.filter((each) => each !== now);
    const shown = SIZE_PX / event.currentTarget.clientWidth / fingers.length;
    const apart = (from: Point): number => Math.max(1, Math.hypot(from.x - (other?.x ?? 0), from.y - (other?.y ?? 0)));
    change({ dx: (now.x - before.x) * shown, dy: (now.y - before.y) * shown, ...(other !== undefined && { times: apart(now) / apart(before) }) });
  };
  const letGo = ({ pointerId }: PointerEvent): void => void held.current.delete(pointerId);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = KEYS[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    change(by);
  };
  const use = (): void => {
    if (bitmap === null) return;
    // Nothing is made larger than it is.
    const size = Math.min(SIZE_PX, Math.max(1, Math.round(sideOf(bitmap, framing))));
    const made = document.createElement("canvas");
    made.width = made.height = size;
    const context = made.getContext("2d");
    if (context !== null) draw(context, bitmap, framing, size);
    made.toBlob((picture) => (picture === null ? setUnreadable(true) : onPicture(picture)), "image/jpeg", QUALITY);
  };

  return (
    <FormDialog title={t("crop.title")} problem={unreadable ? t("crop.unreadable") : null} action={t("crop.use")} disabled={bitmap === null} onClose={onClose} onSubmit={use}>
      {!unreadable && (
        <>
          <canvas
            ref={canvas}
            className="crop__canvas"
            width={SIZE_PX}
            height={SIZE_PX}
            role="img"
            aria-label={t("crop.area")}
            tabIndex={0}
            data-begin
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              held.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
            }}
            onPointerMove={onPointerMove}
            onPointerUp={letGo}
            onPointerCancel={letGo}
            onWheel={(event) => change({ times: event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP })}
            onKeyDown={onKeyDown}
          />
          <label className="crop__zoom">
            {t("crop.zoom")}
            <input
              type="range"
              min={1}
              max={LARGEST_ZOOM}
              step={0.01}
              value={framing.zoom}
              onChange={(event) => change({ zoom: Number(event.target.value) })}
            />
          </label>
        </>
      )}
    </FormDialog>
  );
}

function draw(context: CanvasRenderingContext2D, bitmap: ImageBitmap, framing: Framing, size: number): void {
  const side = sideOf(bitmap, framing);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, framing.x * bitmap.width - side / 2, framing.y * bitmap.height - side / 2, side, side, 0, 0, size, size);
}

/** The side of the square, in pixels of the picture. */
function sideOf(bitmap: ImageBitmap, { zoom }: Framing): number {
  return Math.min(bitmap.width, bitmap.height) / zoom;
}

// Cuts a square out of a picture and makes it small: 256 by 256.

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import { useTranslator } from "./context";
import { Dialog } from "./Dialog";
import { FormError } from "./fields";
import "./CropDialog.css";

const SIZE_PX = 256;
const QUALITY = 0.86;
const LARGEST_ZOOM = 4;
const STEP_PX = 8;

/** How the picture lies under the square: its middle in parts of the picture, and how much it is enlarged. */
interface Framing {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

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
    const side = sideOf(bitmap, framing);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIZE_PX, SIZE_PX);
    context.imageSmoothingQuality = "high";
    const left = framing.x * bitmap.width - side / 2;
    const top = framing.y * bitmap.height - side / 2;
    context.drawImage(bitmap, left, top, side, side, 0, 0, SIZE_PX, SIZE_PX);
  }, [bitmap, framing]);

  const change = (by: { dx?: number; dy?: number; zoom?: number }): void => {
    if (bitmap === null) return;
    setFraming((old) => {
      const zoom = Math.min(LARGEST_ZOOM, Math.max(1, by.zoom ?? old.zoom));
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
    if (event.buttons === 0 || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const shown = SIZE_PX / event.currentTarget.clientWidth;
    change({ dx: event.movementX * shown, dy: event.movementY * shown });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = {
      ArrowLeft: { dx: -STEP_PX },
      ArrowRight: { dx: STEP_PX },
      ArrowUp: { dy: -STEP_PX },
      ArrowDown: { dy: STEP_PX },
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    change(by);
  };
  const use = (): void => {
    canvas.current?.toBlob((picture) => (picture === null ? setUnreadable(true) : onPicture(picture)), "image/jpeg", QUALITY);
  };

  return (
    <Dialog
      title={t("crop.title")}
      onClose={onClose}
      onSubmit={use}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button type="submit" className="button button--main" disabled={bitmap === null}>
            {t("crop.use")}
          </button>
        </>
      }
    >
      <FormError text={unreadable ? t("crop.unreadable") : null} />
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
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={onPointerMove}
            onWheel={(event) => change({ zoom: framing.zoom * (event.deltaY < 0 ? 1.08 : 0.93) })}
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
    </Dialog>
  );
}

/** The side of the square, in pixels of the picture. */
function sideOf(bitmap: ImageBitmap, { zoom }: Framing): number {
  return Math.min(bitmap.width, bitmap.height) / zoom;
}

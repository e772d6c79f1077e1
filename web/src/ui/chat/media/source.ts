// Where a file is shown from: the server, or this device while it is on its way.

import { useEffect, useState } from "react";

import type { Attached, Message, Side } from "../../../engine/contract";
import { giveBackAddress, lendAddress } from "../../base/blobs";
import { useEngine } from "../../base/context";

/** Animated pictures are played in the log up to this size; larger ones stand still until they are opened. */
const MOST_ANIMATED_BYTES = 4_000_000;

/**
 * Which of the pictures that there are is enough for a box of so many pixels: the smallest that is as large, else the whole where
 * that is hardly larger, or there are no smaller ones. Null: the whole. Pure.
 */
export function sideFor(file: Attached, pixels: number): Side | null {
  const enough = file.sides.find((side) => side >= pixels);
  if (enough !== undefined) return enough;
  const longer = Math.max(file.width ?? 0, file.height ?? 0);
  const largest = file.sides.at(-1);
  return largest === undefined || longer <= pixels * 2 ? null : largest;
}

/** Whether it moves, and is small enough to do so in the log. */
export function isAnimated({ mime, sizeBytes }: Attached): boolean {
  return mime === "image/gif" && (sizeBytes ?? 0) <= MOST_ANIMATED_BYTES;
}

/** The address of a picture of a file, `pixels` wide or high; null while it is not known, and where there is none. */
export function usePicture(message: Message | null, file: Attached, as: "Image" | "Video", pixels: number): string | null {
  const engine = useEngine();
  const local = useLocal(message, file.file === null, as === "Image" ? "file" : "poster");
  if (file.file === null) return local;
  const side = as === "Image" && isAnimated(file) ? null : sideFor(file, pixels);
  // The whole of a film is no picture.
  if (as === "Video" && side === null) {
    const largest = file.sides.at(-1);
    return largest === undefined ? null : engine.fileUrl(file.file, largest);
  }
  return engine.fileUrl(file.file, side ?? undefined);
}

function useLocal(message: Message | null, wanted: boolean, what: "file" | "poster"): string | null {
  const engine = useEngine();
  const [address, setAddress] = useState<string | null>(null);
  const [gid, key] = [message?.gid ?? 0, message?.key ?? ""];
  useEffect(() => {
    if (!wanted || key === "") return undefined;
    let left = false;
    let made = "";
    void engine.localFile(gid, key, what).then((blob) => {
      if (left || blob === null) return;
      made = lendAddress(blob);
      setAddress(made);
    });
    return () => {
      left = true;
      if (made !== "") giveBackAddress(made);
    };
  }, [engine, gid, key, wanted, what]);
  return wanted ? address : null;
}

export interface Tries {
  /** Another one for each try, as a key. */
  readonly attempt: number;
  readonly failed: boolean;
  readonly onError: () => void;
}

interface Tried {
  readonly attempt: number;
  readonly is: "fresh" | "reopened" | "failed";
}

/** Tries again what could not be loaded: once as soon as files may be had again, and whenever the network is back. */
export function useTries(): Tries {
  const engine = useEngine();
  const [{ attempt, is }, setTried] = useState<Tried>({ attempt: 0, is: "fresh" });
  const failed = is === "failed";
  useEffect(() => {
    if (!failed) return undefined;
    const isOnline = (): boolean => engine.connection.get().is === "online";
    let was = isOnline();
    return engine.connection.subscribe(() => {
      const now = isOnline();
      if (now && !was) setTried((before) => ({ attempt: before.attempt + 1, is: "fresh" }));
      was = now;
    });
  }, [engine, failed]);
  const onError = (): void => {
    if (is !== "fresh") return setTried({ attempt, is: "failed" });
    void engine.reopenFiles().then((again) => setTried(again ? { attempt: attempt + 1, is: "reopened" } : { attempt, is: "failed" }));
  };
  return { attempt, failed, onError };
}

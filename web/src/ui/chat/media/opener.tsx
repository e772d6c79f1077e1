// Opening a picture or film as large as the window: among all of its chat, or alone where it is in no chat.

import { type ReactNode, useContext, useState } from "react";

import type { Message } from "../../../engine/contract";
import { Fault } from "../../base/Boundary";
import { chunk } from "../../base/chunk";
import { Dialog } from "../../base/Dialog";
import { DeskContext } from "../desk";
import type { MediumContent } from "./index";

const Lightbox = chunk(
  () => import("./Lightbox").then((loaded) => loaded.Lightbox),
  null,
  (retry, { onClose }) => (
    <Dialog title="" onClose={onClose}>
      <Fault onRetry={retry} />
    </Dialog>
  ),
);

export interface Opener {
  readonly open: () => void;
  /** What is open, where it is open from here. */
  readonly opened: ReactNode;
}

export function useOpener(content: MediumContent, message: Message | null, from: string): Opener {
  const desk = useContext(DeskContext);
  const [alone, setAlone] = useState(false);
  const open = (): void => {
    if (desk !== null && message !== null) desk.over.set({ is: "pictures", key: message.key, among: null });
    else setAlone(true);
  };
  const opened = alone && (
    <Lightbox items={[{ key: "only", content, message, from, at: message?.at ?? null }]} start="only" onClose={() => setAlone(false)} />
  );
  return { open, opened };
}

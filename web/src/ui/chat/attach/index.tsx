// How files get into a chat: what of it stands in the composer, over the chat and below its messages, loaded when a chat is seen
// or when it is asked for.

import { useEffect } from "react";

import type { ChatView, Message } from "../../../engine/contract";
import { chunk } from "../../base/chunk";
import { useLive } from "../../base/context";
import { dialogChunk } from "../../base/dialogChunk";
import { dragged, takeFiles } from "../../base/files";
import { useDesk, useOf } from "../desk";
import type { VoiceProps } from "./voice/Voice";

/** As large as what comes. A button that cannot be had leaves the rest of the composer as it is. */
const Place = () => <span className="composer__place" />;

export const AttachButton = chunk(() => import("./AttachButton").then(({ AttachButton }) => AttachButton), <Place />, Place);
export const Voice = chunk<VoiceProps>(() => import("./voice/Voice").then(({ Voice }) => Voice), <Place />, Place);
const Curtain = chunk(() => import("./Curtain").then(({ Curtain }) => Curtain), null, () => null);
const Opened = dialogChunk<{ readonly view: ChatView; readonly onClose: () => void }>(() =>
  import("./AttachDialog").then(({ AttachDialog }) => AttachDialog),
);
export const UploadLine = chunk<{ readonly message: Message }>(
  () => import("./UploadLine").then(({ UploadLine }) => UploadLine),
  null,
  () => null,
);

/** Takes what is pasted and dropped while the chat can be written to. */
export function Dropping({ title }: { title: string }) {
  const desk = useDesk();
  useEffect(
    () => takeFiles({ take: (files) => desk.attach(files), isOver: () => desk.attaching.get() !== null }),
    [desk],
  );
  return useLive(dragged) ? <Curtain title={title} /> : null;
}

export function Attaching({ view }: { view: ChatView }) {
  const desk = useDesk();
  const is = useOf(desk.attaching, (files) => files !== null);
  return is ? <Opened view={view} onClose={() => desk.attaching.set(null)} /> : null;
}

/** Whether this browser can record. Pages that came without TLS have no microphone. */
export const RECORDS =
  typeof MediaRecorder !== "undefined" && typeof navigator !== "undefined" && (navigator.mediaDevices as MediaDevices | undefined) !== undefined;

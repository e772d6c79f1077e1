// What opens over a chat or beside it, loaded when it is first asked for.

import type { ChatView, Message } from "../../../engine/contract";
import { chunk } from "../../base/chunk";
import { dialogChunk } from "../../base/dialogChunk";
import { type Over, useDesk, useOf } from "../desk";
import type { ChatPicturesProps } from "../media/ChatPictures";

interface OverProps {
  readonly over: Exclude<Over, { is: "pictures" }>;
  readonly view: ChatView;
  readonly onClose: () => void;
}

const Opened = dialogChunk<OverProps>(() => import("./all").then(({ OverDialog }) => OverDialog));
const Pictures = dialogChunk<ChatPicturesProps>(() => import("../media/ChatPictures").then(({ ChatPictures }) => ChatPictures));

export function DeskDialogs({ view }: { view: ChatView }) {
  const desk = useDesk();
  const over = useOf(desk.over, (each) => each);
  if (over === null) return null;
  const onClose = (): void => desk.over.set(null);
  if (over.is === "pictures") return <Pictures view={view} start={over.key} among={over.among} onClose={onClose} />;
  return <Opened over={over} view={view} onClose={onClose} />;
}

export const Thread = chunk<{ readonly message: Message; readonly view: ChatView; readonly onClose: () => void }>(() =>
  import("./all").then(({ Thread }) => Thread),
);

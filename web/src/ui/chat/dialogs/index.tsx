// What opens over a chat or beside it, loaded when it is first asked for.

import type { ChatView, Message } from "../../../engine/contract";
import { chunk } from "../../base/chunk";
import { dialogChunk } from "../../base/dialogChunk";
import { type Over, useDesk, useOf } from "../desk";

interface OverProps {
  readonly over: Over;
  readonly view: ChatView;
  readonly onClose: () => void;
}

const Opened = dialogChunk<OverProps>(() => import("./all").then(({ OverDialog }) => OverDialog));

export function DeskDialogs({ view }: { view: ChatView }) {
  const desk = useDesk();
  const over = useOf(desk.over, (each) => each);
  return over === null ? null : <Opened over={over} view={view} onClose={() => desk.over.set(null)} />;
}

export const Thread = chunk<{ readonly message: Message; readonly view: ChatView; readonly onClose: () => void }>(() =>
  import("./all").then(({ Thread }) => Thread),
);

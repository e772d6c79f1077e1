// What opens over a chat or beside it, loaded when it is first asked for.

import type { ChatView, Message } from "../../../engine/contract";
import { Fault } from "../../base/Boundary";
import { chunk } from "../../base/chunk";
import { useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { type Over, useDesk, useOf } from "../desk";

interface OverProps {
  readonly over: Over;
  readonly view: ChatView;
  readonly onClose: () => void;
}

const Opened = chunk(
  () => import("./all").then(({ OverDialog }) => OverDialog),
  null,
  (retry, { onClose }: OverProps) => <FaultDialog onRetry={retry} onClose={onClose} />,
);

function FaultDialog({ onRetry, onClose }: { onRetry: () => void; onClose: () => void }) {
  const { t } = useTranslator();
  return (
    <Dialog title={t("fault.part")} onClose={onClose}>
      <Fault onRetry={onRetry} />
    </Dialog>
  );
}

export function DeskDialogs({ view }: { view: ChatView }) {
  const desk = useDesk();
  const over = useOf(desk.over, (each) => each);
  return over === null ? null : <Opened over={over} view={view} onClose={() => desk.over.set(null)} />;
}

export const Thread = chunk<{ readonly message: Message; readonly view: ChatView; readonly onClose: () => void }>(() =>
  import("./all").then(({ Thread }) => Thread),
);

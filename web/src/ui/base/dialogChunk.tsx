// Dialogs that are loaded when they are first asked for. One that cannot be had says so in a dialog of its own, which can be closed.

import type { ComponentType } from "react";

import { Fault } from "./Boundary";
import { chunk } from "./chunk";
import { useTranslator } from "./context";
import { Dialog } from "./Dialog";

interface Closable {
  readonly onClose: () => void;
}

export function dialogChunk<P extends Closable>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  return chunk(load, null, (retry, { onClose }) => <FaultDialog onRetry={retry} onClose={onClose} />);
}

function FaultDialog({ onRetry, onClose }: { onRetry: () => void; onClose: () => void }) {
  const { t } = useTranslator();
  return (
    <Dialog title={t("fault.part")} onClose={onClose}>
      <Fault onRetry={onRetry} />
    </Dialog>
  );
}

// The dialogs of a chat, by what was asked for.

import type { ChatView } from "../../../engine/contract";
import type { Over } from "../desk";
import { EditsDialog } from "./EditsDialog";
import { ForwardDialog } from "./ForwardDialog";
import { MergedDialog } from "./MergedDialog";
import { PinsDialog } from "./PinsDialog";
import { ReactorsDialog } from "./ReactorsDialog";
import { ReadersDialog } from "./ReadersDialog";
import { ScheduledDialog } from "./ScheduledDialog";
import { ScheduleDialog } from "./ScheduleDialog";

export { Thread } from "./Thread";

export function OverDialog({ over, view, onClose }: { over: Exclude<Over, { is: "pictures" }>; view: ChatView; onClose: () => void }) {
  switch (over.is) {
    case "edits":
      return <EditsDialog message={over.message} onClose={onClose} />;
    case "reactors":
      return <ReactorsDialog message={over.message} emoji={over.emoji ?? null} onClose={onClose} />;
    case "readers":
      return <ReadersDialog message={over.message} onClose={onClose} />;
    case "merged":
      return <MergedDialog kind={over.message.kind} content={over.message.content} onClose={onClose} />;
    case "forward":
      return <ForwardDialog keys={over.keys} onClose={onClose} />;
    case "schedule":
      return <ScheduleDialog message={over.message} onDone={over.done} onClose={onClose} />;
    case "scheduled":
      return <ScheduledDialog view={view} onClose={onClose} />;
    case "pins":
      return <PinsDialog view={view} onClose={onClose} />;
  }
}

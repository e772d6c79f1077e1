// Forwarding messages: to which chats, one by one or as one card, and whether it is said whose words they are.

import { useId, useMemo, useState } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { useChatsFound } from "../../base/found";
import { ChatName, Choice, Picker, toggled } from "../../base/Picker";
import { showToast } from "../../base/toasts";
import { useDesk } from "../desk";
import "./dialogs.css";

/** The server takes no more at once. */
const MOST_CHATS = 20;

export function ForwardDialog({ keys, onClose }: { keys: readonly string[]; onClose: () => void }) {
  const desk = useDesk();
  const engine = useEngine();
  const { t } = useTranslator();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [merged, setMerged] = useState(false);
  const [origin, setOrigin] = useState(true);
  const full = chosen.size >= MOST_CHATS;
  const send = (): void => {
    const card = merged && keys.length > 1;
    // In a card everybody has their name.
    engine.forward(desk.gid, keys, [...chosen], { merged: card, origin: card || origin });
    desk.chosen.set(null);
    showToast("done", t("forward.done", { count: chosen.size }));
    onClose();
  };
  return (
    <Dialog
      title={t("forward.title", { count: keys.length })}
      onClose={onClose}
      onSubmit={send}
      actions={
        <>
          {full && <p className="forward__full">{t("forward.full", { limit: MOST_CHATS })}</p>}
          <button type="submit" className="button button--main" disabled={chosen.size === 0}>
            {chosen.size === 0 ? t("act.forward") : t("forward.action", { count: chosen.size })}
          </button>
        </>
      }
    >
      <div className="forward__how">
        {keys.length > 1 && (
          <div className="forward__ways" role="radiogroup" aria-label={t("forward.how")}>
            <Way label={t("forward.single")} name="merged" checked={!merged} onCheck={() => setMerged(false)} />
            <Way label={t("forward.merged")} name="merged" checked={merged} onCheck={() => setMerged(true)} />
          </div>
        )}
        {!(merged && keys.length > 1) && (
          <label className="forward__way">
            <input type="checkbox" checked={origin} onChange={(event) => setOrigin(event.target.checked)} />
            <span>{t("forward.origin")}</span>
          </label>
        )}
      </div>
      <ChatPicker chosen={chosen} onChosen={setChosen} full={full} />
    </Dialog>
  );
}

function Way({ label, name, checked, onCheck }: { label: string; name: string; checked: boolean; onCheck: () => void }) {
  const id = useId();
  return (
    <label className="forward__way" htmlFor={id}>
      <input id={id} type="radio" name={name} checked={checked} onChange={onCheck} />
      <span>{label}</span>
    </label>
  );
}

interface ChatPickerProps {
  readonly chosen: ReadonlySet<number>;
  readonly onChosen: (chosen: ReadonlySet<number>) => void;
  readonly full: boolean;
}

function ChatPicker({ chosen, onChosen, full }: ChatPickerProps) {
  const { t } = useTranslator();
  const [search, setSearch] = useState("");
  const found = useChatsFound(search);
  const shown = useMemo(() => found.filter((row) => !row.left), [found]);
  return (
    <div className="people">
      <Picker
        items={shown}
        label={t("chats.list")}
        searchLabel={t("chats.search")}
        search={search}
        onSearch={setSearch}
        empty={t("chats.nothingFound", { text: search })}
        keyOf={(row) => row.gid}
        render={(row) => (
          <Choice chosen={chosen.has(row.gid)} disabled={full && !chosen.has(row.gid)} onToggle={() => onChosen(toggled(chosen, row.gid))}>
            <ChatName row={row} />
          </Choice>
        )}
      />
    </div>
  );
}

// Everything that is pinned in a chat.

import type { ChatView } from "../../../engine/contract";
import { useEngine, useMe, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { Icon } from "../../base/Icon";
import { useMessageActions } from "../actions";
import { useDesk } from "../desk";
import { jumpTo } from "../jumping";
import { FoundMessage } from "../FoundMessage";
import "./dialogs.css";

export function PinsDialog({ view, onClose }: { view: ChatView; onClose: () => void }) {
  const desk = useDesk();
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const { may } = useMessageActions();
  const pins = view.pins ?? [];
  return (
    <Dialog title={t("pins.all")} className="dialog--wide" onClose={onClose}>
      {pins.length === 0 && <p>{t("pins.none")}</p>}
      <ul className="plain found-list">
        {pins.map((message) => (
          <li key={message.key} className="found-list__one">
            <FoundMessage
              message={message}
              name={message.uid === me.id ? me.name : (engine.user(message.uid)?.name ?? t("chat.someone"))}
              onOpen={() => {
                onClose();
                if (message.id !== null) void jumpTo(desk, { id: message.id }, translator);
              }}
            />
            {may(message).pin && (
              <button
                type="button"
                className="icon-button"
                aria-label={t("act.unpin")}
                title={t("act.unpin")}
                onClick={() => engine.pin(message.gid, message.key, false)}
              >
                <Icon name="close" size={20} />
              </button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

// Small signs of what a message is beside what it says: edited, pinned, starred, gone soon, forwarded.

import type { Message, Origin } from "../../../engine/contract";
import { useEngine, useMe, useTranslator } from "../../base/context";
import { Icon, type IconName } from "../../base/Icon";
import { useDesk } from "../desk";

/** Before the time of a message. */
export function Marks({ message }: { message: Message }) {
  const desk = useDesk();
  const translator = useTranslator();
  const { t } = translator;
  const { editedAt, pinnedAt, starred, expiresAt } = message;
  return (
    <>
      {pinnedAt !== null && <Mark icon="thumbtack" label={t("message.pinned")} />}
      {starred && <Mark icon="star" label={t("message.starred")} />}
      {expiresAt !== null && <Mark icon="timer" label={t("message.expires", { when: translator.date(expiresAt) })} />}
      {editedAt !== null && (
        <button
          type="button"
          className="stamp__edited"
          title={t("message.editedAt", { when: translator.date(editedAt) })}
          onClick={() => desk.over.set({ is: "edits", message })}
        >
          {t("message.edited")}
        </button>
      )}
    </>
  );
}

function Mark({ icon, label }: { icon: IconName; label: string }) {
  return (
    <span className="stamp__mark" role="img" aria-label={label} title={label}>
      <Icon name={icon} size={13} />
    </span>
  );
}

/** Whose words they are, by the name that the reader knows them by. */
export function Forwarded({ origin }: { origin: Origin }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const name = origin.uid === me.id ? me.name : (engine.user(origin.uid)?.name ?? origin.name);
  return (
    <p className="bubble__forwarded" title={translator.full(origin.at)}>
      <Icon name="share" size={14} />
      {t("message.forwardedFrom", { name: name === "" ? t("chat.someone") : name })}
    </p>
  );
}

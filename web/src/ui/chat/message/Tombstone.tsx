// What is left of a message that was recalled: who did it, and one's own words once more for who wrote them.

import type { Message, Recalled } from "../../../engine/contract";
import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import type { Translator } from "../../../i18n/translator";
import { isolated } from "../../../i18n/direction";
import { useDesk } from "../desk";

export function Tombstone({ message, recalled }: { message: Message; recalled: Recalled }) {
  const engine = useEngine();
  const desk = useDesk();
  const translator = useTranslator();
  const { again } = recalled;
  return (
    <p className="tombstone">
      <Icon name="undo" size={16} />
      <span>{recalledText(message, desk.me.id, (uid) => engine.user(uid)?.name ?? "", translator)}</span>
      {again !== null && (
        <button type="button" className="tombstone__again" onClick={() => desk.writer?.put(again)}>
          {translator.t("recalled.again")}
        </button>
      )}
    </p>
  );
}

/** "Ben recalled a message"; of an admin, whose it was. */
export function recalledText({ uid, recalled }: Message, meId: number, nameOf: (uid: number) => string, { t }: Translator): string {
  const by = recalled?.by ?? uid;
  const name = (id: number): string => isolated(nameOf(id)) || t("chat.someone");
  if (by === meId) return by === uid ? t("recalled.byYou") : t("recalled.byYouOf", { of: name(uid) });
  if (by === uid) return t("recalled.by", { name: name(by) });
  return uid === meId ? t("recalled.byOfYou", { name: name(by) }) : t("recalled.byOf", { name: name(by), of: name(uid) });
}

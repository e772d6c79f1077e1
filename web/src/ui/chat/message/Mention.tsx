// Somebody who is mentioned in a text, by the name that the reader knows them by. It opens their card.

import type { ReactNode } from "react";

import { useEngine, useMe, useTranslator } from "../../base/context";
import { Words } from "../../base/words";
import { useOpenPerson } from "../../contacts/person";
import "./Mention.css";

export function Mention({ uid, children }: { uid: number | null; children: ReactNode }) {
  const engine = useEngine();
  const me = useMe();
  const open = useOpenPerson();
  const { t } = useTranslator();
  if (uid === null) return <span className="mention mention--me">@{t("mentions.all")}</span>;
  const name = uid === me.id ? me.name : engine.user(uid)?.name;
  return (
    <button type="button" className={uid === me.id ? "mention mention--me" : "mention"} onClick={() => open(uid)}>
      {name === undefined ? children : <Words text={`@${name}`} />}
    </button>
  );
}

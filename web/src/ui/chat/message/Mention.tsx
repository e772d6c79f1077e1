// Somebody who is mentioned in a text. It opens their card.

import type { ReactNode } from "react";

import { useMe, useTranslator } from "../../base/context";
import { useOpenPerson } from "../../contacts/person";
import "./Mention.css";

export function Mention({ uid, children }: { uid: number | null; children: ReactNode }) {
  const me = useMe();
  const open = useOpenPerson();
  const { t } = useTranslator();
  if (uid === null) return <span className="mention mention--me">@{t("mentions.all")}</span>;
  return (
    <button type="button" className={uid === me.id ? "mention mention--me" : "mention"} onClick={() => open(uid)}>
      {children}
    </button>
  );
}

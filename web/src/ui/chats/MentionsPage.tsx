// The messages of all chats that mention oneself, or everybody, newest first.

import { useCallback } from "react";

import { useEngine, useLive, useTranslator } from "../base/context";
import { Empty } from "../base/small";
import { FoundPages } from "./FoundPages";
import { countMentions } from "./mentioned";

export function MentionsPage() {
  const engine = useEngine();
  const { t } = useTranslator();
  return (
    <FoundPages
      title={t("mentions.title")}
      ask={useCallback((page) => engine.mentions(null, page), [engine])}
      news={countMentions(useLive(engine.chats))}
      none={<Empty icon="at" title={t("mentions.none")} text={t("mentions.noneHint")} />}
    />
  );
}

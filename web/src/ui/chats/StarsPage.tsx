// One's starred messages of all chats, the latest star first.

import { useCallback } from "react";

import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { Empty } from "../base/small";
import { showToast } from "../base/toasts";
import { FoundPages } from "./FoundPages";

export function StarsPage() {
  const engine = useEngine();
  const { t } = useTranslator();
  return (
    <FoundPages
      title={t("stars.title")}
      ask={useCallback((page) => engine.stars(page), [engine])}
      none={<Empty icon="star" title={t("stars.none")} text={t("stars.noneHint")} />}
      beside={({ message }, takeOut) => (
        <button
          type="button"
          className="icon-button"
          aria-label={t("act.unstar")}
          title={t("act.unstar")}
          onClick={() => {
            engine.star(message.gid, message.key, false);
            takeOut();
            showToast("done", t("act.unstar"));
          }}
        >
          <Icon name="close" size={20} />
        </button>
      )}
    />
  );
}

// Says it where nothing is kept over a reload, why, and what helps.

import { useState } from "react";

import { useEngine, useLive, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import "./ConnectionBanner.css";

const TEXTS = { memory: "keeping.memory", blocked: "keeping.blocked", superseded: "keeping.superseded" } as const;

export function KeepingNotice() {
  const keeping = useLive(useEngine().keeping);
  const { t } = useTranslator();
  const [read, setRead] = useState<typeof keeping>("lasting");
  const shown = keeping !== "lasting" && keeping !== read;
  return (
    <div role="status">
      {shown && (
        <div className="connection__bar connection__bar--offline">
          <Icon name="alert" size={18} />
          <span>{t(TEXTS[keeping])}</span>
          <button type="button" className="button button--small button--quiet" onClick={() => location.reload()}>
            {t("action.reload")}
          </button>
          <button
            type="button"
            className="button button--small button--quiet"
            onClick={() => setRead(keeping)}
          >
            {t("action.close")}
          </button>
        </div>
      )}
    </div>
  );
}

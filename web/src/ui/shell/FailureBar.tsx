// The oldest thing that could not be done, and how many there are besides.

import type { Failure } from "../../engine/contract";
import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { refusalText } from "../base/problems";
import { chatHref } from "../base/router";
import { Words } from "../base/words";

export interface FailureBarProps {
  readonly failure: Failure;
  /** Of its chat, where one is elsewhere. */
  readonly title: string | null;
  readonly others: number;
}

export function FailureBar({ failure: { id, gid, what, reason }, title, others }: FailureBarProps) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  return (
    <div className="connection__bar connection__bar--offline">
      <Icon name="alert" size={18} />
      <span>
        {t("change.failed", { what: t(`change.${what}`), reason: refusalText(translator, reason) })}
        {title !== null && (
          <>
            {" · "}
            <a href={chatHref(gid)}>
              <Words text={title || t("chats.untitled")} />
            </a>
          </>
        )}
        {others > 0 && ` · ${t("change.others", { count: others })}`}
      </span>
      <button type="button" className="button button--small button--quiet" onClick={() => engine.retry(id)}>
        {t("action.retry")}
      </button>
      <button type="button" className="button button--small button--quiet" onClick={() => engine.dismiss(id)}>
        {t("change.dismiss")}
      </button>
    </div>
  );
}

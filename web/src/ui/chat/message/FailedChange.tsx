// What was asked of a message and could not be done. It is undone already; one can try again.

import type { Change, Deed } from "../../../engine/contract";
import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { refusalText } from "../../base/problems";
import { Words } from "../../base/words";

export function FailedChange({ change }: { change: Change & { readonly is: "failed" } }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  return (
    <p className="message__failed" role="alert">
      <Icon name="alert" size={16} />
      <span>
        {t("change.failed", { what: t(deedKey(change.what)), reason: refusalText(translator, change.reason) })}
        {/* Whoever gives up can still copy what they wrote. */}
        {change.content !== null && (
          <span className="message__unsaved">
            <Words text={change.content} />
          </span>
        )}
      </span>
      <button type="button" className="message__act" onClick={() => engine.retry(change.id)}>
        {t("action.retry")}
      </button>
      <button type="button" className="message__act" onClick={() => engine.dismiss(change.id)}>
        {t("change.dismiss")}
      </button>
    </p>
  );
}

function deedKey(what: Deed) {
  return `change.${what}` as const;
}

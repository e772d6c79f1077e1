// What could not be done, wherever one is by now: what was asked of a message of the open chat stands on that message instead.

import type { Deed } from "../../engine/contract";
import { useEngine, useLive, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { refusalText } from "../base/problems";
import { chatHref, type Route } from "../base/router";
import { Words } from "../base/words";
import "./ConnectionBanner.css";

/** They show on the message that they are about. */
const ON_MESSAGES: readonly Deed[] = ["edit", "recall", "react", "unreact", "pin", "unpin"];

export function Failures({ route }: { route: Route }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const failures = useLive(engine.failures);
  const chats = useLive(engine.chats);
  const open = route.page === "chat" ? route.gid : null;
  const shown = failures.filter(({ gid, what }) => gid !== open || !ON_MESSAGES.includes(what));
  const [first] = shown;
  const title = first === undefined ? undefined : chats.find(({ gid }) => gid === first.gid)?.title;
  return (
    <div role="status">
      {first !== undefined && (
        <div className="connection__bar connection__bar--offline">
          <Icon name="alert" size={18} />
          <span>
            {t("change.failed", { what: t(`change.${first.what}`), reason: refusalText(translator, first.reason) })}
            {title !== undefined && first.gid !== open && (
              <>
                {" · "}
                <a href={chatHref(first.gid)}>
                  <Words text={title || t("chats.untitled")} />
                </a>
              </>
            )}
            {shown.length > 1 && ` · ${t("change.others", { count: shown.length - 1 })}`}
          </span>
          <button type="button" className="button button--small button--quiet" onClick={() => engine.retry(first.id)}>
            {t("action.retry")}
          </button>
          <button type="button" className="button button--small button--quiet" onClick={() => engine.dismiss(first.id)}>
            {t("change.dismiss")}
          </button>
        </div>
      )}
    </div>
  );
}

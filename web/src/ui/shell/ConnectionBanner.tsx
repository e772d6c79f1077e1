// Says plainly when one is not connected. A moment without connection is not worth a word.

import { useEffect, useState } from "react";

import { useEngine, useLive, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import "./ConnectionBanner.css";

const PATIENCE_MS = 800;

export function ConnectionBanner() {
  const connection = useLive(useEngine().connection);
  const { t } = useTranslator();
  const online = connection.is === "online";
  const [shown, setShown] = useState(false);
  const [now, setNow] = useState(() => performance.now());
  const retryAt = connection.is === "offline" ? connection.retryAt : null;

  useEffect(() => {
    const timer = setTimeout(() => setShown(!online), online ? 0 : PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [online]);
  useEffect(() => {
    if (retryAt === null) return undefined;
    setNow(performance.now());
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, [retryAt]);

  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - now) / 1000);
  const visible = shown && !online;
  // The status stays in the page, as screen readers only hear changes of what they know. They hear no countdown.
  return (
    <div role="status" className="connection" data-connection={connection.is}>
      {visible && (
        <p className={`connection__bar connection__bar--${connection.is}`}>
          {connection.is === "offline" ? (
            <>
              <Icon name="offline" size={18} />
              <span className="hidden">{t("connection.offline")}</span>
              <span aria-hidden="true">
                {seconds > 0 ? t("connection.retryIn", { count: seconds }) : t("connection.offline")}
              </span>
            </>
          ) : (
            <>
              <span className="spinner" aria-hidden="true" />
              {t(
                connection.is === "connecting"
                  ? "connection.connecting"
                  : connection.is === "syncing" && connection.troubled
                    ? "connection.troubled"
                    : "connection.syncing",
              )}
            </>
          )}
        </p>
      )}
    </div>
  );
}

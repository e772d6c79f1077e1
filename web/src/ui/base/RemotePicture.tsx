// Below a picture of somebody, or of a group, that lies on another host: whether this browser shows it.

import { useEffect } from "react";

import { pictureAddress } from "./address";
import { useEngine, useTranslator } from "./context";
import { hostOf, shortHost, useAllowed, useRemote, useVerdict } from "./remote";
import { RemoteMenu } from "./RemoteMenu";
import "./RemotePicture.css";

/** Nothing where it is this server's, or its host is allowed anyway. */
export function RemotePicture({ address }: { address: string }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const remote = useRemote();
  const url = pictureAddress(address);
  const verdict = useVerdict(url);
  const chosen = useAllowed().pictures.includes(url ?? "");
  const remains = verdict === "ask" || verdict === "never" || (verdict === "allowed" && chosen);
  useEffect(() => {
    if (remains) remote.ask(engine);
  }, [remains, remote, engine]);
  if (url === null || !remains) return null;
  const host = hostOf(url) ?? "";
  return (
    <div className="remote-picture">
      <p className="remote-picture__host" title={host}>
        {verdict === "never" ? t("remote.forbidden") : t("remote.pictureAt", { host: shortHost(host) })}
      </p>
      <p className="remote-picture__choices">
        {verdict === "never" ? (
          <a href={url} target="_blank" rel="noopener noreferrer nofollow">
            {t("remote.open")}
          </a>
        ) : (
          <>
            <button
              type="button"
              className="button button--small button--outline"
              onClick={() => (chosen ? remote.disallow("pictures", url) : remote.allow("pictures", url))}
            >
              {chosen ? t("remote.hide") : t("remote.show")}
            </button>
            <RemoteMenu url={url} host={host} chat={null} />
          </>
        )}
      </p>
    </div>
  );
}

// What lies on another host, in its place in a message: not loaded until somebody says so, and then at the same place.

import { type ReactNode, type RefCallback, useContext, useEffect, useRef } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { Icon, type IconName } from "../../base/Icon";
import { ChatContext, hostOf, shortHost, useRemote, useVerdict } from "../../base/remote";
import { RemoteMenu } from "../../base/RemoteMenu";
import "./RemoteMedia.css";

const ICONS = { picture: "image", audio: "sound", video: "film" } as const satisfies Record<string, IconName>;

export interface RemoteMediaProps {
  readonly what: keyof typeof ICONS;
  readonly url: string;
  /** Who sent it. */
  readonly from: string;
  /** What is known of it: how large it is. */
  readonly facts: string;
  readonly className: string;
  readonly style?: { readonly width: number; readonly aspectRatio: number };
  /** It, once it may be loaded. Whoever had the focus on the button for it goes on at the element with this ref. */
  readonly children: (focus: RefCallback<HTMLElement>) => ReactNode;
}

export function RemoteMedia({ what, url, from, facts, className, style, children }: RemoteMediaProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const remote = useRemote();
  const chat = useContext(ChatContext);
  const verdict = useVerdict(url, chat);
  /** Whether it was allowed from here, so that the focus goes on with it. */
  const asked = useRef(false);
  const waits = verdict === "ask" || verdict === "never";
  useEffect(() => {
    if (waits) remote.ask(engine);
  }, [waits, remote, engine]);

  const focus: RefCallback<HTMLElement> = (element) => {
    if (element === null || !asked.current) return;
    asked.current = false;
    element.focus({ preventScroll: true });
  };
  if (!waits) return children(focus);
  const host = hostOf(url) ?? "";
  return (
    <div
      className={`remote ${className}`}
      style={style}
      role="group"
      aria-label={t(`remote.${what}From`, { name: from, host })}
    >
      <Icon name={ICONS[what]} size={26} />
      <p className="remote__host" title={host}>
        {shortHost(host)}
      </p>
      {facts !== "" && <p className="remote__facts">{facts}</p>}
      {verdict === "never" ? (
        <>
          <p className="remote__facts">{t("remote.forbidden")}</p>
          <a className="remote__link" href={url} target="_blank" rel="noopener noreferrer nofollow">
            {t("remote.open")}
          </a>
        </>
      ) : (
        <p className="remote__choices">
          <button
            type="button"
            className="remote__load"
            onClick={() => {
              asked.current = true;
              remote.allowOnce(url);
            }}
          >
            {t(`remote.${what}`)}
          </button>
          <RemoteMenu url={url} host={host} chat={chat} onAllow={() => (asked.current = true)} />
        </p>
      )}
    </div>
  );
}

// Small pieces.

import type { ReactNode } from "react";

import { useTranslator } from "./context";
import { Icon, type IconName } from "./Icon";
import { Words } from "./words";

/** A place where nothing is yet, and what could be done about it. */
export function Empty(props: { icon: IconName; title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty__icon">
        <Icon name={props.icon} size={34} />
      </span>
      <p className="empty__title">{props.title}</p>
      {props.text !== undefined && props.text !== "" && <p className="empty__text">{props.text}</p>}
      {props.children}
    </div>
  );
}

/** A count on a coloured ground; more than `most` are "999+". */
export function Badge({ count, label, most = 999 }: { count: number; label: string; most?: number }) {
  const translator = useTranslator();
  if (count <= 0) return null;
  return (
    <span className="badge">
      <span aria-hidden="true">{count > most ? `${translator.number(most)}+` : translator.number(count)}</span>
      <span className="hidden">{label}</span>
    </span>
  );
}

/** An account, and the word where its owner is online: on one line, so that nothing moves when they come or go. */
export function Who({ account, online }: { account: string; online: boolean }) {
  const { t } = useTranslator();
  return (
    <>
      <Words text={`@${account}`} />
      {online && (
        <>
          <span aria-hidden="true"> · </span>
          <span className="online">{t("presence.online")}</span>
        </>
      )}
    </>
  );
}

export function Loading({ text }: { text: string }) {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {text}
    </p>
  );
}

// A page beside the list, on narrow screens over it.

import { type ReactNode, useRef } from "react";

import { NARROW, useMedia, useTranslator } from "./context";
import { Icon } from "./Icon";
import { useLayer } from "./layers";
import { navigateBack, type Route } from "./router";
import "./Page.css";

export interface PageProps {
  readonly label: string;
  /** In the header; not needed where the page itself begins with one. */
  readonly title?: string;
  /** Where "back" leads to from a page that was not come to from this client. */
  readonly under: Route;
  readonly children: ReactNode;
}

export function Page({ label, title, under, children }: PageProps) {
  const { t } = useTranslator();
  const narrow = useMedia(NARROW);
  const page = useRef<HTMLElement>(null);
  const back = (): void => navigateBack(under);
  useLayer(page, true, { onClose: narrow ? back : null, floats: false, begins: "whole" });
  return (
    <section ref={page} className="page" aria-label={label} tabIndex={-1} data-layer>
      <header className="page__header">
        <button type="button" className="icon-button page__back" aria-label={t("nav.back")} onClick={back}>
          <Icon name="back" size={26} />
        </button>
        {title !== undefined && <h1 className="page__title">{title}</h1>}
      </header>
      {children}
    </section>
  );
}

// The count in the title and on the icon, for somebody who is not looking.

import { useEffect } from "react";

import { isolated } from "../../i18n/direction";
import { useEngine, useLive, useTranslator } from "../base/context";

/** "(3) Anna · rim". */
export function useTitle(place: string): void {
  const unread = useLive(useEngine().unread);
  const { t } = useTranslator();
  useEffect(() => {
    const count = unread > 0 ? `(${unread > 999 ? "999+" : unread}) ` : "";
    document.title = count + (place === "" ? t("app.name") : `${isolated(place)} · ${t("app.name")}`);
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const wanted = unread > 0 ? "icons/favicon-unread.svg" : "icons/favicon.svg";
    if (icon !== null && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
    if ("setAppBadge" in navigator) {
      const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge();
      // Not installed, or not allowed: there is no icon to count on.
      done.catch(() => undefined);
    }
  }, [unread, place, t]);
}

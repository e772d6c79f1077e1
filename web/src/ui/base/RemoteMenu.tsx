// More than this one, this once: what may be allowed of another host.

import { useTranslator } from "./context";
import { Menu, type MenuItem } from "./Menu";
import { shortHost, useRemote } from "./remote";
import { showToast } from "./toasts";

interface RemoteMenuProps {
  readonly url: string;
  readonly host: string;
  /** Where it was written; null for a picture of somebody. */
  readonly chat: string | null;
  readonly onAllow?: () => void;
}

export function RemoteMenu({ url, host, chat, onAllow }: RemoteMenuProps) {
  const { t } = useTranslator();
  const remote = useRemote();
  const shown = shortHost(host);
  const items: MenuItem[] = [
    {
      label: t("remote.always", { host: shown }),
      icon: "check",
      onSelect: () => {
        onAllow?.();
        remote.allow("hosts", host);
        showToast("done", t("remote.loadedNow"));
      },
    },
  ];
  if (chat !== null) {
    items.push({
      label: t("remote.alwaysHere"),
      icon: "chats",
      onSelect: () => {
        onAllow?.();
        remote.allow("chats", chat);
        showToast("done", t("remote.loadedNow"));
      },
    });
  }
  items.push({ label: t("remote.open"), icon: "link", onSelect: () => void open(url, "_blank", "noopener,noreferrer") });
  return <Menu label={t("remote.more", { host: shown })} icon="more" items={items} />;
}

// The sections of the settings, under oneself.

import { Avatar } from "../base/Avatar";
import { useConfirm } from "../base/confirm";
import { useEngine, useMe, useTranslator } from "../base/context";
import { Icon, type IconName } from "../base/Icon";
import { useRemote } from "../base/remote";
import { hrefOf, type SettingsSection } from "../base/router";
import { Words } from "../base/words";
import "./Settings.css";

export function SettingsList({ selected }: { selected: SettingsSection | null }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const me = useMe();
  const confirm = useConfirm();
  const remote = useRemote();
  const sections: readonly { section: SettingsSection; icon: IconName; title: string; hint: string }[] = [
    { section: "profile", icon: "person", title: t("settings.profile"), hint: t("settings.profileHint") },
    { section: "security", icon: "lock", title: t("settings.security"), hint: t("settings.securityHint") },
    { section: "look", icon: "look", title: t("settings.look"), hint: t("settings.lookHint") },
    {
      section: "notifications",
      icon: "bell",
      title: t("settings.notifications"),
      hint: t("settings.notificationsHint"),
    },
    { section: "privacy", icon: "shield", title: t("settings.privacy"), hint: t("settings.privacyHint") },
  ];
  const logOut = async (): Promise<void> => {
    const yes = await confirm({
      title: t("settings.logOutTitle"),
      text: t("settings.logOutText"),
      action: t("settings.logOut"),
      danger: true,
    });
    if (!yes) return;
    // With the chats goes what tells of them.
    remote.forget();
    await engine.logout();
  };
  return (
    <>
      <header className="list__header">
        <h1 className="list__title">{t("settings.title")}</h1>
      </header>
      <div className="list__scroll">
        <div className="settings__me">
          <Avatar name={me.name} address={me.avatar} seed={me.id} size={84} />
          <p className="settings__name">
            <Words text={me.name} />
          </p>
          <p className="settings__account">
            <Words text={`@${me.account}`} />
          </p>
        </div>
        <nav aria-label={t("settings.sections")}>
          <ul className="plain">
            {sections.map(({ section, icon, title, hint }) => (
              <li key={section}>
                <a
                  className={section === selected ? "settings__link settings__link--selected" : "settings__link"}
                  href={hrefOf({ page: "settings", section })}
                  aria-current={section === selected ? "page" : undefined}
                >
                  <Icon name={icon} size={24} />
                  <span className="lines">
                    <span>{title}</span>
                    <span className="note">{hint}</span>
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <button type="button" className="settings__link settings__log-out" onClick={() => void logOut()}>
          <Icon name="logOut" size={24} />
          {t("settings.logOut")}
        </button>
      </div>
    </>
  );
}

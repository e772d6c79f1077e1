// One section of the settings.

import { useCallback, useEffect, useState } from "react";

import type { Device } from "../../engine/contract";
import { MAX_EMAIL_BYTES, MAX_NAME_CHARS } from "../../engine/limits.gen";
import { plainly } from "../../i18n/direction";
import { LANGUAGE_NAMES, LANGUAGES } from "../../i18n/translator";
import { useAction, useDo } from "../base/actions";
import { useConfirm } from "../base/confirm";
import { Avatar } from "../base/Avatar";
import { useEngine, useMe, useNow, useTranslator } from "../base/context";
import { FormError, TextField } from "../base/fields";
import { Icon } from "../base/Icon";
import { Page } from "../base/Page";
import { PictureField } from "../base/PictureField";
import { RemotePicture } from "../base/RemotePicture";
import { type Preferences, setPreferences, usePreferences } from "../base/preferences";
import type { SettingsSection } from "../base/router";
import { Loading } from "../base/small";
import { showToast } from "../base/toasts";
import { Words } from "../base/words";
import { Block, Choice, Switch } from "./parts";
import { Privacy } from "./Privacy";
import "./Settings.css";

export function SettingsPage({ section }: { section: SettingsSection }) {
  const { t } = useTranslator();
  const title = t(`settings.${section}`);
  return (
    <Page label={title} title={title} under={{ page: "settings", section: null }}>
      <div className="page__scroll">
        <div className="settings">
          {section === "profile" && <Profile />}
          {section === "security" && <Security />}
          {section === "look" && <Look />}
          {section === "notifications" && <Notifications />}
          {section === "privacy" && <Privacy />}
        </div>
      </div>
    </Page>
  );
}

function Profile() {
  const engine = useEngine();
  const me = useMe();
  const { t } = useTranslator();
  const action = useAction();
  const [name, setName] = useState(() => plainly(me.name));
  const [email, setEmail] = useState(me.email);
  const [error, setError] = useState<string | null>(null);
  const changed = name.trim() !== me.name || email.trim() !== me.email;
  const save = async (): Promise<void> => {
    if (name.trim() === "") {
      setError(t("auth.nameNeeded"));
      return;
    }
    const outcome = await action.run(() => engine.updateProfile({ name: name.trim(), email: email.trim() }));
    if (outcome.ok) showToast("done", t("action.saved"));
  };
  return (
    <>
      <Block>
        <PictureField
          label={t("settings.changePicture")}
          removable={me.avatar !== ""}
          onAddress={(avatar) => engine.updateProfile({ avatar })}
        >
          <Avatar name={me.name} address={me.avatar} seed={me.id} size={112} />
        </PictureField>
        <RemotePicture address={me.avatar} />
      </Block>
      <Block>
        <form
          className="settings__form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <FormError text={action.problem} />
          <TextField
            label={t("auth.name")}
            value={name}
            onValue={(value) => {
              setName(value);
              setError(null);
            }}
            note={t("auth.nameHint")}
            error={error}
            maxLength={MAX_NAME_CHARS}
            autoComplete="name"
          />
          <TextField
            label={t("settings.email")}
            type="email"
            value={email}
            onValue={setEmail}
            note={t("settings.emailHint")}
            maxLength={MAX_EMAIL_BYTES}
            autoComplete="email"
          />
          <TextField label={t("auth.account")} value={me.account} onValue={() => undefined} disabled />
          <button type="submit" className="button button--main" disabled={!changed || action.busy}>
            {t("action.save")}
          </button>
        </form>
      </Block>
    </>
  );
}

function Security() {
  const { t } = useTranslator();
  return (
    <>
      <Block title={t("settings.changePassword")}>
        <PasswordForm />
      </Block>
      <Block title={t("settings.devices")}>
        <Devices />
      </Block>
    </>
  );
}

function PasswordForm() {
  const engine = useEngine();
  const me = useMe();
  const { t } = useTranslator();
  const action = useAction();
  const [oldPassword, setOld] = useState("");
  const [newPassword, setNew] = useState("");
  const change = async (): Promise<void> => {
    const outcome = await action.run(() => engine.changePassword({ oldPassword, newPassword }));
    if (!outcome.ok) return;
    setOld("");
    setNew("");
    showToast("done", t("settings.passwordChanged"));
  };
  return (
    <form
      className="settings__form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      {/* For password managers. */}
      <input type="text" value={me.account} autoComplete="username" readOnly hidden />
      <TextField
        label={t("settings.oldPassword")}
        type="password"
        value={oldPassword}
        onValue={(value) => {
          setOld(value);
          action.clear();
        }}
        error={action.problem}
        autoComplete="current-password"
      />
      <TextField
        label={t("settings.newPassword")}
        type="password"
        value={newPassword}
        onValue={setNew}
        note={newPassword !== "" && [...newPassword].length < 8 ? t("auth.passwordShort") : undefined}
        autoComplete="new-password"
      />
      <button
        type="submit"
        className="button button--main"
        disabled={oldPassword === "" || newPassword === "" || action.busy}
      >
        {t("settings.changePassword")}
      </button>
    </form>
  );
}

function Devices() {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const now = useNow();
  const { problem, run: ask } = useAction();
  const run = useDo();
  const confirm = useConfirm();
  const [devices, setDevices] = useState<readonly Device[] | null>(null);
  const load = useCallback(async () => {
    const outcome = await ask(() => engine.devices());
    if (outcome.ok) setDevices(outcome.value);
  }, [engine, ask]);
  useEffect(() => void load(), [load]);

  const revoke = async (id: number): Promise<void> => {
    const outcome = await run(() => engine.revokeDevice(id));
    if (outcome?.ok === true) setDevices((old) => old?.filter((device) => device.id !== id) ?? null);
  };
  const revokeOthers = async (): Promise<void> => {
    const sure = await confirm({
      title: t("settings.revokeOthersTitle"),
      text: t("settings.revokeOthersText"),
      action: t("settings.revokeOthersAction"),
      danger: true,
    });
    if (!sure) return;
    const outcome = await run(() => engine.revokeOtherDevices());
    if (outcome?.ok === true) setDevices((old) => old?.filter((device) => device.current) ?? null);
  };
  if (problem !== null) {
    return (
      <>
        <FormError text={problem} />
        <button type="button" className="button button--small" onClick={() => void load()}>
          {t("action.retry")}
        </button>
      </>
    );
  }
  if (devices === null) return <Loading text={t("settings.devicesLoading")} />;
  const sorted = [...devices].sort((a, b) => Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt);
  return (
    <>
      <ul className="plain">
        {sorted.map((device) => {
          const name = device.device || t("settings.unknownDevice");
          return (
            <li key={device.id} className="device">
              <span className="device__icon">
                <Icon name="device" size={24} />
              </span>
              <div className="device__text">
                <p className="device__name">
                  <Words text={name} />
                </p>
                <p className="device__note">
                  {device.current ? (
                    <span className="device__this">{t("settings.thisDevice")}</span>
                  ) : (
                    t("settings.lastSeen", { when: translator.ago(device.lastSeenAt, now) })
                  )}
                  {device.address !== "" && ` · ${device.address}`}
                </p>
                <p className="device__note">
                  {t("settings.signedInAt", { when: translator.date(device.createdAt) })}
                </p>
              </div>
              {!device.current && (
                <button
                  type="button"
                  className="button button--small button--danger-quiet"
                  aria-label={t("settings.revokeLabel", { device: name })}
                  onClick={() => void revoke(device.id)}
                >
                  {t("settings.revoke")}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {devices.length > 1 && (
        <button type="button" className="button button--danger-quiet devices__others" onClick={() => void revokeOthers()}>
          {t("settings.revokeOthers")}
        </button>
      )}
    </>
  );
}

function Look() {
  const { t } = useTranslator();
  const { language, theme } = usePreferences();
  return (
    <>
      <Block>
        <Choice<Preferences["language"]>
          name={t("settings.language")}
          value={language}
          choices={[
            { value: "auto", label: t("settings.languageAuto") },
            ...LANGUAGES.map((each) => ({ value: each, label: LANGUAGE_NAMES[each] })),
          ]}
          onValue={(value) => setPreferences({ language: value })}
        />
      </Block>
      <Block>
        <Choice<Preferences["theme"]>
          name={t("settings.theme")}
          value={theme}
          choices={[
            { value: "system", label: t("settings.themeSystem") },
            { value: "light", label: t("settings.themeLight") },
            { value: "dark", label: t("settings.themeDark") },
          ]}
          onValue={(value) => setPreferences({ theme: value })}
        />
      </Block>
    </>
  );
}

function Notifications() {
  const { t } = useTranslator();
  const { notify, notifyPreview } = usePreferences();
  const supported = "Notification" in window;
  const [permission, setPermission] = useState(supported ? Notification.permission : "denied");
  const on = notify && permission === "granted";
  const change = async (wanted: boolean): Promise<void> => {
    if (wanted && permission === "default") {
      const answer = await Notification.requestPermission();
      setPermission(answer);
      setPreferences({ notify: answer === "granted" });
    } else setPreferences({ notify: wanted });
  };
  const blocked = !supported ? t("settings.notifyUnsupported") : permission === "denied" ? t("settings.notifyBlocked") : null;
  return (
    <Block>
      <Switch
        label={t("settings.notify")}
        note={t("settings.notifyText")}
        on={on}
        disabled={blocked !== null}
        onChange={(wanted) => void change(wanted)}
      />
      {blocked !== null && <p className="settings__note">{blocked}</p>}
      <Switch
        label={t("settings.notifyPreview")}
        on={notifyPreview}
        disabled={!on}
        onChange={(wanted) => setPreferences({ notifyPreview: wanted })}
      />
    </Block>
  );
}

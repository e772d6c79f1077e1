// Who may do what in a chat, and for how long its messages stay. Whoever may not change it sees how it is. Folded at first:
// most come to the panel for the members below.

import { type ReactNode, useId, useState } from "react";

import type { ChatView, GroupSettings as Settings, Who } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import { useDo } from "../base/actions";
import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import "./ChatMore.css";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** What is offered; another value that was set elsewhere is offered as well. */
const TIMES: readonly number[] = [0, HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY];

export interface GroupSettingsProps {
  readonly view: ChatView;
  readonly settings: Settings;
  readonly manage: boolean;
}

export function GroupSettings({ view, settings, manage }: GroupSettingsProps) {
  const engine = useEngine();
  const run = useDo();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, single } = view.group;
  const [open, setOpen] = useState(false);
  const change = (what: Partial<Settings>): void => void run(() => engine.updateSettings(gid, what));
  const times = TIMES.includes(settings.expireSeconds) ? TIMES : [...TIMES, settings.expireSeconds].sort((a, b) => a - b);
  return (
    <section className="panel__section group-settings" aria-label={t("group.settings")}>
      <button type="button" className="chat-more__one" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="settings" size={20} />
        {t("group.settings")}
      </button>
      {open && !single && (
        <>
          <WhoMay label={t("group.whoPins")} value={settings.whoPins} manage={manage} onValue={(whoPins) => change({ whoPins })} />
          <WhoMay
            label={t("group.whoMentionsAll")}
            value={settings.whoMentionsAll}
            manage={manage}
            onValue={(whoMentionsAll) => change({ whoMentionsAll })}
          />
        </>
      )}
      {open && (
        <Setting label={t("group.expire")} value={timeText(settings.expireSeconds, translator)} manage={manage} note={t("group.expireNote")}>
          {(id) => (
            <select
              id={id}
              className="field__input"
              value={settings.expireSeconds}
              onChange={(event) => change({ expireSeconds: Number(event.target.value) })}
            >
              {times.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {timeText(seconds, translator)}
                </option>
              ))}
            </select>
          )}
        </Setting>
      )}
    </section>
  );
}

function WhoMay({ label, value, manage, onValue }: { label: string; value: Who; manage: boolean; onValue: (who: Who) => void }) {
  const { t } = useTranslator();
  return (
    <Setting label={label} value={t(`group.${value}`)} manage={manage}>
      {(id) => (
        <select
          id={id}
          className="field__input"
          value={value}
          onChange={(event) => onValue(event.target.value === "all" ? "all" : "admins")}
        >
          <option value="all">{t("group.all")}</option>
          <option value="admins">{t("group.admins")}</option>
        </select>
      )}
    </Setting>
  );
}

interface SettingProps {
  readonly label: string;
  /** For who may not change it. */
  readonly value: string;
  readonly manage: boolean;
  readonly note?: string;
  readonly children: (id: string) => ReactNode;
}

function Setting({ label, value, manage, note, children }: SettingProps) {
  const id = useId();
  if (!manage) {
    return (
      <p className="group-settings__one">
        <span className="field__label">{label}</span>
        <span className="group-settings__value">{value}</span>
      </p>
    );
  }
  return (
    <div className="group-settings__one">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <div className="field__box">{children(id)}</div>
      {note !== undefined && <p className="field__note">{note}</p>}
    </div>
  );
}

function timeText(seconds: number, { t, duration }: Translator): string {
  if (seconds === 0) return t("group.expireNever");
  const time = seconds % DAY === 0 ? t("chat.days", { count: seconds / DAY }) : duration(seconds);
  return t("group.expireAfter", { time });
}

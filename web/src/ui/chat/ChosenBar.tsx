// In the place of the composer: what can be done with the messages that are chosen.

import { useRef } from "react";

import type { ChatView } from "../../engine/contract";
import { useTranslator } from "../base/context";
import { Icon, type IconName } from "../base/Icon";
import { useLayer } from "../base/layers";
import { useMessageActions } from "./actions";
import { useDesk, useOf } from "./desk";
import "./ChosenBar.css";

/** The server forwards no more at once. */
const MOST_FORWARDED = 100;

export function ChosenBar({ view }: { view: ChatView }) {
  const desk = useDesk();
  const { t } = useTranslator();
  const actions = useMessageActions();
  const keys = useOf(desk.chosen, (chosen) => chosen);
  const bar = useRef<HTMLDivElement>(null);
  const leave = (): void => desk.chosen.set(null);
  const leaveIf = (done: boolean): void => {
    if (done) leave();
  };
  useLayer(bar, true, { onClose: leave, floats: false, begins: "whole" });

  const messages = view.messages.filter(({ key }) => keys?.has(key) === true);
  const count = messages.length;
  const may = messages.map(actions.may);
  const every = (what: "forward" | "recall" | "keep" | "copy"): boolean => count > 0 && may.every((each) => each[what]);
  const buttons: readonly { label: string; icon: IconName; enabled: boolean; danger?: boolean; run: () => void }[] = [
    {
      label: t("act.forward"),
      icon: "share",
      enabled: every("forward") && count <= MOST_FORWARDED,
      run: () => desk.over.set({ is: "forward", keys: messages.map(({ key }) => key) }),
    },
    {
      label: t("message.copy"),
      icon: "copy",
      enabled: every("copy"),
      run: () => {
        actions.copy(messages);
        leave();
      },
    },
    { label: t("act.hide"), icon: "eyeOff", enabled: every("keep"), danger: true, run: () => void actions.hide(messages).then(leaveIf) },
    { label: t("act.recall"), icon: "trash", enabled: every("recall"), danger: true, run: () => void actions.recall(messages).then(leaveIf) },
  ];
  return (
    <div ref={bar} className="chosen" role="toolbar" aria-label={t("choose.label")} tabIndex={-1} data-layer>
      <button type="button" className="icon-button" aria-label={t("choose.leave")} title={t("choose.leave")} onClick={leave}>
        <Icon name="close" size={22} />
      </button>
      <p className="chosen__count" role="status">
        {t("choose.count", { count })}
      </p>
      {buttons.map(({ label, icon, enabled, danger, run }) => (
        <button
          key={icon}
          type="button"
          className={danger === true ? "chosen__act chosen__act--danger" : "chosen__act"}
          title={label}
          disabled={!enabled}
          onClick={run}
        >
          <Icon name={icon} size={21} />
          <span className="chosen__label">{label}</span>
        </button>
      ))}
    </div>
  );
}

// How many messages of this chat are sent later, and whether one of them could not be.

import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { useDesk, useOf } from "./desk";

export function ScheduledBar({ gid }: { gid: number }) {
  const { scheduled } = useEngine();
  const desk = useDesk();
  const { t } = useTranslator();
  const count = useOf(scheduled, (all) => all?.filter((one) => one.gid === gid).length ?? 0);
  const failed = useOf(scheduled, (all) => all?.filter((one) => one.gid === gid && one.failed !== null).length ?? 0);
  if (count === 0) return null;
  return (
    <div className="chat-bar chat-bar--low">
      <button type="button" className="chat-bar__main" onClick={() => desk.over.set({ is: "scheduled" })}>
        <Icon name={failed > 0 ? "alert" : "clock"} size={18} />
        <span>{failed > 0 ? t("schedule.failed", { count: failed }) : t("schedule.waiting", { count })}</span>
      </button>
    </div>
  );
}

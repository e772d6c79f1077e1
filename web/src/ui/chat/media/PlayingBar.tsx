// What is played while its message is out of sight: whose it is, and the ways to it and to silence.

import { useEngine, useLive, useMe, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { navigate } from "../../base/router";
import { Words } from "../../base/words";
import { useOf } from "../desk";
import { clockTime } from "./clock";
import { NO_CHAT, player } from "./player";
import { playing, position } from "./playing";
import { Speed } from "./Voice";

export interface PlayingBarProps {
  /** The chat that is open. */
  readonly gid: number;
  /** To the message, where it is of this chat. */
  readonly onHere: (key: string) => void;
}

export function PlayingBar({ gid, onHere }: PlayingBarProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const me = useMe();
  const now = useLive(playing);
  const at = useOf(position, Math.floor);
  if (now === null) return null;
  const runs = now.is === "playing" || now.is === "loading";
  const name = now.uid === me.id ? t("chat.you") : (engine.user(now.uid)?.name ?? t("chat.someone"));
  const toMessage = (): void => {
    if (now.gid === gid) return onHere(now.key);
    if (now.gid === NO_CHAT) return;
    const seq = engine.chat(now.gid).get()?.messages.find(({ key }) => key === now.key)?.seq ?? null;
    navigate({ page: "chat", gid: now.gid, panel: false, seq });
  };
  return (
    <div className="playing" role="group" aria-label={t("media.nowPlaying")}>
      <button type="button" className="icon-button" aria-label={t(runs ? "media.pause" : "media.play")} onClick={() => (runs ? player.pause() : player.resume())}>
        <Icon name={runs ? "pause" : "play"} size={20} />
      </button>
      <button type="button" className="playing__what" onClick={toMessage}>
        <span className="ellipsis">
          <Words text={name} />
        </span>
        <span className="playing__time">{t("media.timeOf", { at: clockTime(at), of: clockTime(now.length) })}</span>
      </button>
      <Speed />
      <button type="button" className="icon-button" aria-label={t("media.stop")} onClick={() => player.stop()}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}

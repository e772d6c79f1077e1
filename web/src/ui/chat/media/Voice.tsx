// A sound of this server: a voice message with how loud it is, or another sound with its name. Both are played by the one player.

import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";

import type { Attached, Message } from "../../../engine/contract";
import { useEngine, useLive, useMe, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { Words } from "../../base/words";
import { useOf } from "../desk";
import { clockTime } from "./clock";
import type { AttachedProps } from "./Picture";
import { isOf, NO_CHAT, player, SPEEDS } from "./player";
import { inSight, playing, position } from "./playing";
import { barsOf, pathOf } from "./waveform";

const BARS = 46;
/** An arrow key goes so far, in a long one and in a short one. */
const STEP_S = { long: 5, short: 1 } as const;
const LONG_S = 60;

export function Voice({ file, from, message }: AttachedProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const named = message ?? { gid: NO_CHAT, key: file.file ?? "", uid: NO_CHAT, heard: null };
  const playable = file.file === null ? null : { message: named, file: { ...file, file: file.file } };
  const now = useOf(playing, (each) => (isOf(each, named) ? each : null));
  const active = now !== null;
  const length = now?.length || (file.durationMs ?? 0) / 1000;
  const runs = now?.is === "playing" || now?.is === "loading";
  const voice = file.waveform.length > 0;
  const place = useSight(active);
  const seek = (to: number): void => {
    if (active) player.seek(to);
    else if (playable !== null) player.play(engine, playable, to);
  };
  if (now?.is === "failed") return <Unplayable file={file} />;
  return (
    <div ref={place} className="voice" role="group" aria-label={t(voice ? "media.voiceFrom" : "media.soundFrom", { name: from })}>
      <button
        type="button"
        className="voice__play"
        disabled={playable === null}
        aria-label={t(runs ? "media.pause" : "media.play")}
        onClick={() => playable !== null && player.toggle(engine, playable)}
      >
        <Icon name={runs ? "pause" : "play"} size={22} />
      </button>
      <div className="voice__middle">
        {!voice && (
          <span className="voice__name ellipsis">
            <Words text={file.name === "" ? t("message.audio") : file.name} />
          </span>
        )}
        <Track waveform={file.waveform} active={active} length={length} disabled={playable === null} onSeek={seek} />
        <span className="voice__facts">
          <Time active={active} length={length} />
          {voice && message !== null && <Heard message={message} />}
        </span>
      </div>
      {active && <Speed />}
    </div>
  );
}

interface TrackProps {
  readonly waveform: readonly number[];
  readonly active: boolean;
  readonly length: number;
  readonly disabled: boolean;
  readonly onSeek: (to: number) => void;
}

/** How far it is, and the way to any place of it. */
function Track({ waveform, active, length, disabled, onSeek }: TrackProps) {
  const { t } = useTranslator();
  const at = Math.min(length, useOf(position, (seconds) => (active ? seconds : 0)));
  const path = useMemo(() => (waveform.length === 0 ? null : pathOf(barsOf(waveform, BARS))), [waveform]);
  const done = length > 0 ? at / length : 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    const way = event.key === "ArrowRight" || event.key === "ArrowUp" ? 1 : event.key === "ArrowLeft" || event.key === "ArrowDown" ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    onSeek(Math.min(length, Math.max(0, at + way * (length > LONG_S ? STEP_S.long : STEP_S.short))));
  };
  return (
    <span className={path === null ? "track" : "track track--wave"} style={{ "--done": `${done * 100}%` } as React.CSSProperties}>
      {path === null ? (
        <span className="track__line" />
      ) : (
        <>
          <Wave className="track__wave" path={path} />
          <Wave className="track__wave track__wave--done" path={path} />
        </>
      )}
      <input
        type="range"
        className="track__range"
        min={0}
        max={length}
        step="any"
        value={at}
        disabled={disabled || length === 0}
        aria-label={t("media.position")}
        aria-valuetext={t("media.timeOf", { at: clockTime(at), of: clockTime(length) })}
        onKeyDown={onKeyDown}
        onChange={(event) => onSeek(event.target.valueAsNumber)}
      />
    </span>
  );
}

function Wave({ className, path }: { className: string; path: string }) {
  return (
    <svg className={className} viewBox={`0 0 ${BARS} 1`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

/** How long it is; while it is played, how far. */
function Time({ active, length }: { active: boolean; length: number }) {
  const at = useOf(position, (seconds) => (active ? Math.floor(seconds) : 0));
  return <span>{active && at > 0 ? clockTime(at) : clockTime(Math.round(length))}</span>;
}

/** Whether it was listened to: by oneself, and of one's own by anybody. */
function Heard({ message: { uid, heard } }: { message: Message }) {
  const { t } = useTranslator();
  const me = useMe();
  const own = uid === me.id;
  const is = own ? (heard?.count ?? 0) > 0 : heard?.mine === true;
  if (is) return <span className="hidden">{own ? t("media.heardBy", { count: heard?.count ?? 0 }) : t("media.heard")}</span>;
  return (
    <span className="voice__new">
      <span className="hidden">{t(own ? "media.heardByNobody" : "media.notHeard")}</span>
    </span>
  );
}

export function Speed() {
  const translator = useTranslator();
  const speed = useLive(player.speed);
  const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length] ?? 1;
  const said = `${translator.number(speed)}×`;
  return (
    <button type="button" className="voice__speed" aria-label={translator.t("media.speed", { speed: said })} onClick={() => player.setSpeed(next)}>
      {said}
    </button>
  );
}

/** Tells while this is played whether it can be seen. */
function useSight(active: boolean) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!active || place.current === null) return undefined;
    const observer = new IntersectionObserver(([entry]) => inSight.set(entry?.isIntersecting === true));
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      inSight.set(false);
    };
  }, [active]);
  return place;
}

function Unplayable({ file }: { file: Attached }) {
  const { t } = useTranslator();
  const engine = useEngine();
  return (
    <div className="voice voice--failed" role="alert">
      <Icon name="alert" size={20} />
      <span className="voice__middle">
        <span>{t("media.soundFailed")}</span>
        {file.file !== null && (
          <a href={engine.downloadUrl(file.file)} download={file.name}>
            {t("message.download")}
          </a>
        )}
      </span>
    </div>
  );
}

// Records a voice message: as long as the button is held, or from one press to the next. Who holds it slides away to take it
// back; who has only pressed it, or was asked for the microphone meanwhile, has both hands free.

import { type MouseEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import type { ChatView } from "../../../../engine/contract";
import { giveBackAddress, lendAddress } from "../../../base/blobs";
import { Cell } from "../../../base/cell";
import { useEngine, useLive, useTranslator } from "../../../base/context";
import { Icon } from "../../../base/Icon";
import { isKey } from "../../../base/keys";
import { isCovered } from "../../../base/layers";
import { showToast } from "../../../base/toasts";
import { useDesk } from "../../desk";
import { clockTime } from "../../media/clock";
import { Kept } from "./kept";
import { LONGEST_MIN, Recorder, type Recording, recorders, type Voice as Said, voiceName } from "./recorder";
import "./Record.css";

/** So long at least somebody holds a button who means to hold it. */
const HOLD_MS = 350;
/** So far they slide who want it gone. */
const SLIDE_PX = 110;
/** Of what is shown while it is recorded. */
const SHOWN_MOMENTS = 160;

export interface VoiceProps {
  readonly gid: number;
  readonly to: ChatView["to"];
  /** The id of the message that is answered. */
  readonly replyTo: number | null;
  /** Whether it takes the place of what else is in the row. */
  readonly onActive: (active: boolean) => void;
}

interface Hold {
  readonly x: number;
  readonly at: number;
}

const NOTHING = new Cell<Recording | null>(null);

export function Voice({ gid, to, replyTo, onActive }: VoiceProps) {
  const engine = useEngine();
  const desk = useDesk();
  const { t } = useTranslator();
  const name = `${desk.me.id} ${gid}`;
  const [recorder, setRecorder] = useState(() => recorders.get(name) ?? null);
  const state = useLive<Recording | null>(recorder?.state ?? NOTHING);
  const [hold, setHold] = useState<Hold | null>(null);
  const [slid, setSlid] = useState(0);
  /** The click that ends a press which has begun it is none of its own. */
  const began = useRef(false);
  const active = recorder !== null;

  const begin = (): void => {
    const made = new Recorder(Kept.begin(engine, gid, to));
    recorders.set(name, made);
    setRecorder(made);
    void made.done.then((said) => {
      const end = made.state.get();
      if (end.is === "stopped" && end.isFull === true) showToast("done", t("voice.full", { minutes: LONGEST_MIN }));
      if (said !== null) return;
      made.kept.drop();
      if (end.is === "failed") showToast("problem", t(`voice.${end.why}`));
      if (recorders.get(name) !== made) return;
      recorders.delete(name);
      setRecorder((now) => (now === made ? null : now));
      setHold(null);
    });
  };
  const leave = (): void => {
    recorders.delete(name);
    setRecorder(null);
    setHold(null);
    setSlid(0);
  };
  const cancel = (): void => {
    recorder?.stop();
    recorder?.kept.drop();
    leave();
  };
  const send = (): void => {
    if (recorder === null) return;
    recorder.stop();
    leave();
    void recorder.done.then((said) => {
      if (said === null) {
        if (recorder.state.get().is === "stopped") showToast("problem", t("voice.tooShort"));
        return;
      }
      const { blob, durationMs, waveform } = said;
      const name = voiceName(blob, new Date());
      if (desk.view.newer !== "none") engine.toNewest(gid);
      engine.attach(gid, [{ kind: "Audio", blob, name, asFile: false, caption: "", durationMs, waveform }], { to, replyTo });
      recorder.kept.drop();
      if (replyTo !== null) desk.writer?.answer(null);
    });
  };

  // Said before this page was there.
  useEffect(() => {
    let wanted = recorders.get(name) === undefined;
    if (wanted) {
      void Kept.find(engine, gid, desk.view.to).then((found) => {
        if (found === null) return;
        if (!wanted || recorders.get(name) !== undefined) found.kept.leave();
        else {
          const made = new Recorder(found.kept, found.voice);
          recorders.set(name, made);
          setRecorder(made);
        }
      }, () => undefined);
    }
    return () => {
      wanted = false;
    };
  }, [engine, desk, gid, name]);
  useEffect(() => {
    onActive(active);
    return () => onActive(false);
  }, [active, onActive]);
  // Who goes elsewhere does not leave a microphone open behind them.
  useEffect(() => () => recorder?.stop(), [recorder]);
  useEffect(() => {
    if (!active) return undefined;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (isCovered() || !isKey(event, "close")) return;
      event.preventDefault();
      event.stopPropagation();
      cancel();
    };
    addEventListener("keydown", onKeyDown, true);
    return () => removeEventListener("keydown", onKeyDown, true);
  });

  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0 || active) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setHold({ x: event.clientX, at: event.timeStamp });
    began.current = true;
    begin();
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (hold === null) return;
    const far = Math.max(0, hold.x - event.clientX);
    if (far > SLIDE_PX) cancel();
    else setSlid(far);
  };
  const letGo = (event: PointerEvent, meant: boolean): void => {
    if (hold === null) return;
    setHold(null);
    setSlid(0);
    if (meant && state?.is === "running" && event.timeStamp - hold.at >= HOLD_MS) send();
  };
  const onClick = ({ detail }: MouseEvent): void => {
    // By a key there is no pointer, and no count of clicks.
    const same = began.current && detail !== 0;
    began.current = false;
    if (same) return;
    if (active) send();
    else begin();
  };

  const label = active ? t("voice.send") : t("voice.record");
  return (
    <>
      {recorder !== null && state !== null && (
        <div className="record" data-voice role="group" aria-label={t("voice.label")}>
          {hold === null && (
            <button type="button" className="icon-button" aria-label={t("voice.cancel")} title={t("voice.cancel")} onClick={cancel}>
              <Icon name="trash" />
            </button>
          )}
          <Bar recorder={recorder} state={state} />
          {hold !== null && (
            <span className="record__slide" style={{ translate: `${-slid}px` }}>
              <Icon name="back" size={16} />
              {t("voice.slide")}
            </span>
          )}
          {hold === null && state.is === "running" && (
            <button type="button" className="icon-button" aria-label={t("voice.stop")} title={t("voice.stop")} onClick={() => recorder.stop()}>
              <Icon name="stop" />
            </button>
          )}
        </div>
      )}
      <button
        type="button"
        data-voice
        className={`record__button${active ? " record__button--on" : ""}${hold !== null ? " record__button--held" : ""}`}
        aria-label={label}
        title={active ? label : t("voice.hint")}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={(event) => letGo(event, true)}
        onPointerCancel={(event) => letGo(event, false)}
        onContextMenu={(event) => event.preventDefault()}
        onClick={onClick}
      >
        <Icon name={active && hold === null ? "send" : "mic"} size={active && hold === null ? 22 : 24} />
      </button>
    </>
  );
}

/** How long it is by now, and how loud it was. */
function Bar({ recorder, state }: { recorder: Recorder; state: Recording }) {
  const { t } = useTranslator();
  const moments = useLive(recorder.moments);
  return (
    <>
      {state.is === "stopped" && state.voice !== null ? (
        <Listen said={state.voice} />
      ) : (
        <span className={state.is === "running" ? "record__dot record__dot--on" : "record__dot"} />
      )}
      <span className="hidden" role="status">
        {state.is === "asking" ? t("voice.asking") : state.is === "running" ? t("voice.recording") : t("voice.recorded")}
      </span>
      <span className="record__time">{clockTime(recorder.elapsedMs / 1000)}</span>
      <svg className="record__wave" viewBox={`0 0 ${SHOWN_MOMENTS * 4} 32`} preserveAspectRatio="xMaxYMid slice" aria-hidden="true">
        <path d={waveOf(recorder.levels.slice(Math.max(0, moments - SHOWN_MOMENTS), moments))} />
      </svg>
    </>
  );
}

/** The newest on the right. */
function waveOf(levels: readonly number[]): string {
  const first = SHOWN_MOMENTS - levels.length;
  return levels.map((level, at) => `M${(first + at) * 4 + 2} ${16 - 1 - level * 13}v${2 + level * 26}`).join("");
}

/** So that one hears what one is about to send. */
function Listen({ said }: { said: Said }) {
  const { t } = useTranslator();
  const [playing, setPlaying] = useState(false);
  const sound = useRef<HTMLAudioElement | null>(null);
  useEffect(
    () => () => {
      if (sound.current === null) return;
      sound.current.pause();
      giveBackAddress(sound.current.src);
      sound.current = null;
    },
    [said],
  );
  const loaded = (): HTMLAudioElement => {
    const made = new Audio(lendAddress(said.blob));
    made.onplay = () => setPlaying(true);
    made.onpause = () => setPlaying(false);
    return made;
  };
  const label = playing ? t("voice.pause") : t("voice.play");
  const toggle = (): void => {
    sound.current ??= loaded();
    if (playing) sound.current.pause();
    else sound.current.play().catch(() => showToast("problem", t("voice.unplayable")));
  };
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={toggle}>
      <Icon name={playing ? "pause" : "play"} />
    </button>
  );
}

// What one has scheduled in a chat: changed, moved, sent now or taken back; and why it could not be sent.

import { useMemo, useState } from "react";

import type { ChatView, Rescheduling, Scheduled } from "../../../engine/contract";
import { useAction } from "../../base/actions";
import { useEngine, useLive, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { FormDialog } from "../../base/FormDialog";
import { FormError } from "../../base/fields";
import { Icon } from "../../base/Icon";
import { refusalText } from "../../base/problems";
import { Loading } from "../../base/small";
import { Words } from "../../base/words";
import { useDesk } from "../desk";
import { previewOfContent } from "../preview";
import { useMentions } from "../writing/mentioning";
import { useNameable } from "../writing/nameable";
import { WhenDialog } from "./ScheduleDialog";
import "./dialogs.css";

export function ScheduledDialog({ view, onClose }: { view: ChatView; onClose: () => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const all = useLive(engine.scheduled);
  const shown = all?.filter(({ gid }) => gid === view.group.gid);
  return (
    <Dialog title={t("scheduled.title")} className="dialog--wide" onClose={onClose}>
      {shown === undefined ? (
        <Loading text={t("app.wait")} />
      ) : shown.length === 0 ? (
        <p>{t("scheduled.none")}</p>
      ) : (
        <ul className="plain scheduled">
          {shown.map((one, at) => (
            <ScheduledOne key={one.id ?? one.failure ?? `new ${at}`} one={one} view={view} onClose={onClose} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function ScheduledOne({ one, view, onClose }: { one: Scheduled; view: ChatView; onClose: () => void }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const action = useAction();
  const [doing, setDoing] = useState<"time" | "words" | null>(null);
  const { id } = one;
  return (
    <li className="scheduled__one">
      <p className="scheduled__when">
        <Icon name={one.failed === null ? "clock" : "alert"} size={17} />
        <time>{translator.full(one.sendAt)}</time>
      </p>
      <p className="scheduled__words">
        <Words text={previewOfContent(one.kind, one.content, translator)} />
      </p>
      {one.failed !== null && (
        <p className="field__error" role="alert">
          {t("scheduled.failed", { reason: refusalText(translator, one.failed) })}
        </p>
      )}
      <FormError text={action.problem} />
      {one.failure !== null ? (
        <Refused one={one} failure={one.failure} onClose={onClose} />
      ) : id === null ? (
        <p className="note">{t("scheduled.sending")}</p>
      ) : (
        <div className="scheduled__acts">
          {(one.kind === "Text" || one.kind === "RichText") && (
            <button type="button" className="button button--small button--quiet" onClick={() => setDoing("words")}>
              {t("act.edit")}
            </button>
          )}
          <button type="button" className="button button--small button--quiet" onClick={() => setDoing("time")}>
            {t("scheduled.move")}
          </button>
          <button
            type="button"
            className="button button--small button--quiet"
            disabled={action.busy}
            onClick={() => void action.run(() => engine.sendScheduled(id))}
          >
            {t("scheduled.now")}
          </button>
          <button
            type="button"
            className="button button--small button--danger-quiet"
            disabled={action.busy}
            onClick={() => void action.run(() => engine.cancelScheduled(id))}
          >
            {t("scheduled.cancel")}
          </button>
        </div>
      )}
      {doing === "time" && id !== null && (
        <WhenDialog
          title={t("scheduled.move")}
          action={t("action.save")}
          begin={one.sendAt}
          onClose={() => setDoing(null)}
          onChosen={(sendAt) => {
            setDoing(null);
            void action.run(() => engine.reschedule(id, { sendAt }));
          }}
        />
      )}
      {doing === "words" && id !== null && (
        <WordsDialog
          one={one}
          view={view}
          onClose={() => setDoing(null)}
          onWritten={(written) => {
            setDoing(null);
            void action.run(() => engine.reschedule(id, written));
          }}
        />
      )}
    </li>
  );
}

/** The server would not have it: once more, back to where it was written, or away with it. */
function Refused({ one, failure, onClose }: { one: Scheduled; failure: string; onClose: () => void }) {
  const desk = useDesk();
  const engine = useEngine();
  const { t } = useTranslator();
  const back = (): void => {
    const { content, replyTo = null, mentions = [], mentionAll = false } = one;
    engine.dismiss(failure);
    onClose();
    desk.writer?.put({ kind: one.kind === "RichText" ? "RichText" : "Text", content, replyTo, mentions, mentionAll });
  };
  return (
    <div className="scheduled__acts">
      <button type="button" className="button button--small button--quiet" onClick={() => engine.retry(failure)}>
        {t("action.retry")}
      </button>
      {desk.view.member && (
        <button type="button" className="button button--small button--quiet" onClick={back}>
          {t("recalled.again")}
        </button>
      )}
      <button type="button" className="button button--small button--danger-quiet" onClick={() => engine.dismiss(failure)}>
        {t("message.discard")}
      </button>
    </div>
  );
}

interface WordsDialogProps {
  readonly one: Scheduled;
  readonly view: ChatView;
  readonly onWritten: (written: Rescheduling) => void;
  readonly onClose: () => void;
}

function WordsDialog({ one, view, onWritten, onClose }: WordsDialogProps) {
  const { t } = useTranslator();
  // As it was when it was opened: it may be told anew meanwhile.
  const [{ content, mentions, mentionAll }] = useState({ mentions: [], mentionAll: false, ...one });
  const before = useMemo(() => ({ content, mentions, mentionAll }), [content, mentions, mentionAll]);
  const [text, setText] = useState(content);
  const { changed, meant } = useMentions(text, useNameable(view), before);
  const write = (): void => {
    const { uids, all } = meant();
    onWritten({ content: text.trim(), mentions: uids, mentionAll: all });
  };
  return (
    <FormDialog title={t("act.edit")} action={t("action.save")} disabled={text.trim() === ""} onClose={onClose} onSubmit={write}>
      <div className="field__box">
        <textarea
          className="field__input scheduled__text"
          rows={5}
          dir="auto"
          aria-label={t("scheduled.words")}
          value={text}
          onChange={({ target }) => {
            changed(target.value);
            setText(target.value);
          }}
        />
      </div>
    </FormDialog>
  );
}

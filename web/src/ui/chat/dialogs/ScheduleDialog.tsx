// When a message is to be sent.

import { useId, useState } from "react";

import { useEngine, useNow, useTranslator } from "../../base/context";
import { FormDialog } from "../../base/FormDialog";
import { showToast } from "../../base/toasts";
import { type Unscheduled, useDesk } from "../desk";
import { fieldOf, momentOf, momentsAfter, zoneOf } from "./when";
import "./dialogs.css";

export interface ScheduleDialogProps {
  readonly message: Unscheduled;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function ScheduleDialog({ message, onDone, onClose }: ScheduleDialogProps) {
  const desk = useDesk();
  const engine = useEngine();
  const translator = useTranslator();
  return (
    <WhenDialog
      title={translator.t("schedule.title")}
      action={translator.t("schedule.action")}
      begin={null}
      onClose={onClose}
      onChosen={(sendAt) => {
        engine.schedule(desk.gid, { ...message, sendAt });
        showToast("done", translator.t("schedule.done", { when: translator.date(sendAt) }));
        onDone();
        onClose();
      }}
    />
  );
}

interface WhenDialogProps {
  readonly title: string;
  readonly action: string;
  /** The moment that was chosen before. */
  readonly begin: number | null;
  readonly onChosen: (at: number) => void;
  readonly onClose: () => void;
}

export function WhenDialog({ title, action, begin, onChosen, onClose }: WhenDialogProps) {
  const translator = useTranslator();
  const { t, locale } = translator;
  const now = useNow();
  const id = useId();
  const moments = momentsAfter(now);
  const [field, setField] = useState(() => fieldOf(begin ?? moments[0]?.at ?? now));
  const [problem, setProblem] = useState<string | null>(null);
  const at = momentOf(field);
  const choose = (): void => {
    if (at === null) setProblem(t("schedule.noTime"));
    else if (at < now) setProblem(t("schedule.past"));
    else onChosen(at);
  };
  return (
    <FormDialog title={title} problem={problem} action={action} onClose={onClose} onSubmit={choose}>
      <div className="when__moments" role="group" aria-label={t("schedule.offers")}>
        {moments.map((moment) => (
          <button
            key={moment.text}
            type="button"
            className="button button--small button--outline"
            aria-pressed={field === fieldOf(moment.at)}
            onClick={() => {
              setField(fieldOf(moment.at));
              setProblem(null);
            }}
          >
            {t(moment.text)}
          </button>
        ))}
      </div>
      <div className="field">
        <label className="field__label" htmlFor={id}>
          {t("schedule.when")}
        </label>
        <div className="field__box">
          <input
            id={id}
            type="datetime-local"
            className="field__input"
            value={field}
            min={fieldOf(now)}
            aria-describedby={`${id}-zone`}
            onChange={(event) => {
              setField(event.target.value);
              setProblem(null);
            }}
          />
        </div>
        <p className="field__note" id={`${id}-zone`}>
          {at !== null && `${translator.full(at)} · `}
          {zoneOf(at ?? now, locale)}
        </p>
      </div>
    </FormDialog>
  );
}

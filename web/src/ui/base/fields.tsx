// Fields of forms, and the field of a search.

import { type InputHTMLAttributes, useId, useState } from "react";

import { useTranslator } from "./context";
import { Icon } from "./Icon";
import { whichKey } from "./keys";

type Native = Pick<
  InputHTMLAttributes<HTMLInputElement>,
  "autoComplete" | "autoCapitalize" | "autoFocus" | "inputMode" | "maxLength" | "name" | "spellCheck" | "type" | "disabled"
>;

export interface TextFieldProps extends Native {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** A word of help, hidden while there is an error. */
  readonly note?: string | undefined;
  readonly error?: string | null | undefined;
}

export function TextField({ label, value, onValue, note, error, ...native }: TextFieldProps) {
  const id = useId();
  const { t } = useTranslator();
  const [shown, setShown] = useState(false);
  const secret = native.type === "password";
  const wrong = error !== undefined && error !== null;
  const explained = wrong || (note !== undefined && note !== "");
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <div className={wrong ? "field__box field__box--wrong" : "field__box"}>
        <input
          {...native}
          id={id}
          type={secret && shown ? "text" : (native.type ?? "text")}
          className="field__input"
          dir="auto"
          value={value}
          onChange={(event) => onValue(event.target.value)}
          aria-invalid={wrong}
          aria-describedby={explained ? `${id}-note` : undefined}
        />
        {secret && (
          <button
            type="button"
            className="icon-button"
            aria-label={shown ? t("auth.hidePassword") : t("auth.showPassword")}
            onClick={() => setShown(!shown)}
          >
            <Icon name={shown ? "eyeOff" : "eye"} size={20} />
          </button>
        )}
      </div>
      {wrong ? (
        <p className="field__error" id={`${id}-note`} role="alert">
          {error}
        </p>
      ) : (
        explained && (
          <p className="field__note" id={`${id}-note`}>
            {note}
          </p>
        )
      )}
    </div>
  );
}

/** What is wrong with a form as a whole. */
export function FormError({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p className="form-error" role="alert">
      <Icon name="alert" size={18} />
      {text}
    </p>
  );
}

export interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly onArrowDown?: () => void;
  readonly onEnter?: () => void;
  /** The listbox of what is found, and the id of what is selected in it: then Enter and arrows are its own. `onKey` says whether it took one. */
  readonly options?: { readonly id: string; readonly active: string | undefined; readonly onKey?: (event: KeyboardEvent) => boolean };
  /** Esc where there is nothing to be cleared. */
  readonly onLeave?: () => void;
}

export function SearchField({ label, value, onValue, onArrowDown, onEnter, onLeave, options }: SearchFieldProps) {
  const { t } = useTranslator();
  return (
    <div className="search">
      <Icon name="search" size={19} />
      <input
        type="search"
        className="search__input"
        dir="auto"
        placeholder={label}
        aria-label={label}
        value={value}
        {...(options !== undefined && {
          role: "combobox",
          "aria-expanded": options.active !== undefined,
          "aria-controls": options.id,
          "aria-activedescendant": options.active,
          "aria-autocomplete": "list",
        })}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onValue(event.target.value)}
        onKeyDown={(event) => {
          const key = whichKey(event.nativeEvent, ["close", "down", "pick"]);
          // A search for one thing goes with what is found; elsewhere the list around it stays, so it is emptied.
          if (options?.onKey?.(event.nativeEvent) === true) {
            event.preventDefault();
            return;
          }
          if (key === "close" && options !== undefined) return;
          if (key === "close" && value !== "") onValue("");
          else if (key === "close" && onLeave !== undefined) onLeave();
          else if (key === "down" && onArrowDown !== undefined) onArrowDown();
          else if (key === "pick" && onEnter !== undefined) onEnter();
          else return;
          event.preventDefault();
        }}
      />
      {value !== "" && (
        <button
          type="button"
          className="icon-button search__clear"
          aria-label={t("chats.clearSearch")}
          onClick={() => onValue("")}
        >
          <Icon name="close" size={18} />
        </button>
      )}
    </div>
  );
}

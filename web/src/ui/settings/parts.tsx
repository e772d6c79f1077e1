// What the sections of the settings are made of.

import type { ReactNode } from "react";

import "./Settings.css";

export function Block({ title, children }: { title?: string | undefined; children: ReactNode }) {
  return (
    <section className="settings__block">
      {title !== undefined && <h2 className="settings__heading">{title}</h2>}
      {children}
    </section>
  );
}

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onValue: (value: T) => void;
}

export function Choice<T extends string>({ name, value, choices, onValue }: ChoiceProps<T>) {
  return (
    <fieldset className="choice">
      <legend className="settings__heading">{name}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className="choice__option">
          <input
            type="radio"
            name={name}
            checked={choice.value === value}
            onChange={() => onValue(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly note?: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

export function Switch({ label, note, on, disabled, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={on}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <span className="switch__text">
        <span>{label}</span>
        {note !== undefined && <span className="note">{note}</span>}
      </span>
      <span className="switch__track" aria-hidden="true" />
    </button>
  );
}

// The name of a group, new or old.

import { useState } from "react";

import { MAX_NAME_CHARS } from "../../engine/limits.gen";
import { useTranslator } from "./context";
import { TextField } from "./fields";

interface GroupNameFieldProps {
  readonly name: string;
  readonly onName: (name: string) => void;
  /** It was asked for, and is not there. */
  readonly missing: boolean;
}

export function GroupNameField({ name, onName, missing }: GroupNameFieldProps) {
  const { t } = useTranslator();
  return (
    <TextField
      label={t("newGroup.name")}
      value={name}
      onValue={onName}
      error={missing ? t("newGroup.nameNeeded") : null}
      maxLength={MAX_NAME_CHARS}
      autoComplete="off"
    />
  );
}

/** For a form with that field. `take` is null where there is no name; then the field says so. */
export function useGroupName(before = ""): { readonly field: GroupNameFieldProps; readonly take: () => string | null } {
  const [name, setName] = useState(before);
  const [missing, setMissing] = useState(false);
  const onName = (next: string): void => {
    setName(next);
    setMissing(false);
  };
  const take = (): string | null => {
    const taken = name.trim();
    setMissing(taken === "");
    return taken === "" ? null : taken;
  };
  return { field: { name, onName, missing }, take };
}

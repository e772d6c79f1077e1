// The name of a group, new or old.

import { MAX_NAME_CHARS } from "../../engine/limits.gen";
import { useTranslator } from "./context";
import { TextField } from "./fields";

interface GroupNameFieldProps {
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly error: string | null;
}

export function GroupNameField({ name, onName, error }: GroupNameFieldProps) {
  const { t } = useTranslator();
  return (
    <TextField
      label={t("newGroup.name")}
      value={name}
      onValue={onName}
      error={error}
      maxLength={MAX_NAME_CHARS}
      autoComplete="off"
    />
  );
}

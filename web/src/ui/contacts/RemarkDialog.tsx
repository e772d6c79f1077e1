// What one calls a friend, for oneself alone.

import { useState } from "react";

import type { User } from "../../engine/contract";
import { MAX_NAME_CHARS } from "../../engine/limits.gen";
import { plainly } from "../../i18n/direction";
import { useAction } from "../base/actions";
import { useEngine, useTranslator } from "../base/context";
import { TextField } from "../base/fields";
import { FormDialog } from "../base/FormDialog";

export function RemarkDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const action = useAction();
  const { name, realName = name } = user;
  const [remark, setRemark] = useState(() => (name === realName ? "" : plainly(name)));
  const save = async (): Promise<void> => {
    const wanted = remark.trim();
    const outcome = await action.run(() => engine.setRemark(user.id, wanted === realName ? "" : wanted));
    if (outcome.ok) onClose();
  };
  return (
    <FormDialog title={t("remark.name")} problem={action.problem} action={t("action.save")} disabled={action.busy} onClose={onClose} onSubmit={() => void save()}>
      <TextField
        label={t("remark.label", { name: realName })}
        value={remark}
        onValue={setRemark}
        note={t("remark.note")}
        maxLength={MAX_NAME_CHARS}
        autoComplete="off"
      />
    </FormDialog>
  );
}

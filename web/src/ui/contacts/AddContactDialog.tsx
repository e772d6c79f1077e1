// Finding somebody by account, and asking.

import { useEffect, useState } from "react";

import type { User } from "../../engine/contract";
import { useAction } from "../base/actions";
import { Avatar } from "../base/Avatar";
import { useEngine, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { FormError, TextField } from "../base/fields";
import { navigate } from "../base/router";
import { Words } from "../base/words";
import { RelationButtons, relationText, useRelation } from "./relation";

export function AddContactDialog({ onClose }: { onClose: () => void }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const finding = useAction();
  const asking = useAction();
  const [account, setAccount] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [found, setFound] = useState<User | null>(null);
  const relation = useRelation(found?.id ?? null);
  // Where only those are found whom one has met, whoever finds nobody should know that.
  const [onlyMet, setOnlyMet] = useState(false);
  useEffect(() => {
    void engine.serverInfo().then((outcome) => setOnlyMet(outcome.ok && outcome.value.directory === "contacts"));
  }, [engine]);

  const find = async (): Promise<void> => {
    const wanted = account.trim();
    setFound(null);
    asking.clear();
    if (wanted === "") {
      setError(t("auth.accountNeeded"));
      return;
    }
    const outcome = await finding.run(() => engine.findUser(wanted));
    if (!outcome.ok) return;
    if (outcome.value === null) setError(t(onlyMet ? "contacts.notMet" : "contacts.notFound", { account: wanted }));
    else setFound(outcome.value.user);
  };
  const write = async (user: User): Promise<void> => {
    const outcome = await asking.run(() => engine.openSingle(user.id));
    if (!outcome.ok) return;
    onClose();
    navigate({ page: "chat", gid: outcome.value, panel: false });
  };

  return (
    <Dialog title={t("contacts.add")} onClose={onClose} onSubmit={() => void find()}>
      <FormError text={finding.problem} />
      <TextField
        label={t("auth.account")}
        value={account}
        onValue={(value) => {
          setAccount(value);
          setError(null);
          setFound(null);
        }}
        note={onlyMet ? t("contacts.addMetHint") : t("contacts.addHint")}
        error={error}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit" className="button button--main" disabled={finding.busy}>
        {finding.busy && <span className="spinner" aria-hidden="true" />}
        {t("contacts.find")}
      </button>
      <div aria-live="polite">
        {found !== null && (
          <div className="found">
            <Avatar name={found.name} address={found.avatar} seed={found.id} size={52} />
            <div className="found__text">
              <p className="request__name">
                <Words text={found.name} />
              </p>
              <p className="request__note">
                {relationText(translator, relation) ?? <Words text={`@${found.account}`} />}
              </p>
            </div>
            <RelationButtons user={found} action={asking} small ask={t("contacts.ask")} />
            {relation === "friends" && (
              <button
                type="button"
                className="button button--small button--main"
                disabled={asking.busy}
                onClick={() => void write(found)}
              >
                {t("contacts.message")}
              </button>
            )}
          </div>
        )}
      </div>
      <FormError text={asking.problem} />
    </Dialog>
  );
}

// Whom to talk with: a contact, or several in a new group.

import { useState } from "react";

import { useAction } from "../base/actions";
import { useEngine, useLive, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { FixedList } from "../base/FixedList";
import { FormDialog } from "../base/FormDialog";
import { FormError, SearchField } from "../base/fields";
import { GroupNameField, useGroupName } from "../base/GroupNameField";
import { Icon } from "../base/Icon";
import { PeoplePicker } from "../base/PeoplePicker";
import { usePeopleFound } from "../base/found";
import { PERSON_PX, Person } from "../base/people";
import { hrefOf, navigate } from "../base/router";
import "./NewChatDialog.css";

export function NewChatDialog({ onClose }: { onClose: () => void }) {
  const [group, setGroup] = useState(false);
  return group ? <NewGroupDialog onClose={onClose} /> : <ChooseDialog onClose={onClose} onGroup={() => setGroup(true)} />;
}

function ChooseDialog({ onClose, onGroup }: { onClose: () => void; onGroup: () => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const { friends } = useLive(engine.contacts);
  const action = useAction();
  const [search, setSearch] = useState("");
  const shown = usePeopleFound(friends, search);
  const open = async (uid: number): Promise<void> => {
    const outcome = await action.run(() => engine.openSingle(uid));
    if (!outcome.ok) return;
    onClose();
    navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  return (
    <Dialog title={t("newChat.title")} onClose={onClose}>
      <FormError text={action.problem} />
      {friends.length > 0 && <SearchField label={t("contacts.search")} value={search} onValue={setSearch} />}
      <div className="new-chat">
        <button type="button" className="people__row new-chat__group" onClick={onGroup}>
          <span className="new-chat__icon">
            <Icon name="contacts" size={21} />
          </span>
          <span className="new-chat__label">{t("newChat.group")}</span>
          <Icon name="forward" size={20} />
        </button>
        {friends.length === 0 ? (
          <p className="people__empty">
            {t("newChat.noContacts")} <a href={hrefOf({ page: "contacts", uid: null })}>{t("contacts.add")}</a>
          </p>
        ) : (
          <div className="people__scroll new-chat__people" data-scroller>
            {shown.length === 0 && <p className="people__empty">{t("contacts.nothingFound", { text: search })}</p>}
            <FixedList
              items={shown}
              height={PERSON_PX}
              label={t("contacts.list")}
              keyOf={(user) => user.id}
              render={(user) => (
                <button
                  type="button"
                  className="people__row"
                  disabled={action.busy}
                  onClick={() => void open(user.id)}
                >
                  <Person user={user} />
                </button>
              )}
            />
          </div>
        )}
      </div>
    </Dialog>
  );
}

function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const { friends } = useLive(engine.contacts);
  const action = useAction();
  const { field, take } = useGroupName();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const create = async (): Promise<void> => {
    const name = take();
    if (name === null) return;
    const outcome = await action.run(() => engine.createGroup({ name, uids: [...chosen] }));
    if (!outcome.ok) return;
    onClose();
    navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  return (
    <FormDialog title={t("newGroup.title")} problem={action.problem} action={t("newGroup.create")} disabled={action.busy} onClose={onClose} onSubmit={() => void create()}>
      <GroupNameField {...field} />
      <div className="field" role="group" aria-label={t("newGroup.members")}>
        <span className="field__label" aria-hidden="true">
          {t("newGroup.members")}
        </span>
        <PeoplePicker people={friends} chosen={chosen} onChosen={setChosen} empty={t("newChat.noContacts")} />
      </div>
    </FormDialog>
  );
}

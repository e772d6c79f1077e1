// The card of somebody: who they are, and what one can do with them.

import type { User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import { useAction } from "../base/actions";
import { Face } from "../base/Avatar";
import { useEngine, useOnline, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { FormError } from "../base/fields";
import { Icon } from "../base/Icon";
import { RemotePicture } from "../base/RemotePicture";
import { hrefOf, navigate } from "../base/router";
import { Who } from "../base/small";
import { RealName } from "./Remark";
import { RelationButtons, relationText, useRelation } from "./relation";

export function PersonCard({ who, onClose }: { who: User | number; onClose: () => void }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const action = useAction();
  const uid = typeof who === "number" ? who : who.id;
  const online = useOnline(uid);
  const relation = useRelation(uid);
  const unknown: User = { id: uid, name: t("chat.someone"), avatar: "", account: "", email: "" };
  const user = engine.user(uid) ?? (typeof who === "number" ? unknown : who);
  const note = relation === "friends" ? null : relationText(translator, relation);

  const write = async (): Promise<void> => {
    const outcome = await action.run(() => engine.openSingle(uid));
    if (!outcome.ok) return;
    onClose();
    navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  return (
    <Dialog
      title={isolated(user.name)}
      className="dialog--sheet"
      onClose={onClose}
      actions={
        relation === "self" ? (
          <a className="button" href={hrefOf({ page: "settings", section: "profile" })}>
            {t("settings.profile")}
          </a>
        ) : (
          <>
            <RelationButtons user={user} action={action} quiet />
            <button
              type="button"
              className="button button--main"
              disabled={action.busy}
              data-begin
              onClick={() => void write()}
            >
              <Icon name="chats" size={20} />
              {t("contacts.message")}
            </button>
          </>
        )
      }
    >
      <FormError text={action.problem} />
      <div className="person">
        <Face name={user.name} address={user.avatar} seed={user.id} size={96} online={online} />
        <RemotePicture address={user.avatar} />
        <RealName user={user} />
        {user.account !== "" && (
          <p className="person__account">
            <Who account={user.account} online={online} />
          </p>
        )}
        {note !== null && (
          <p className="person__note" role="status">
            {note}
          </p>
        )}
        {relation === "friends" && (
          <a className="person__more" href={hrefOf({ page: "contacts", uid })}>
            {t("panel.person")}
          </a>
        )}
      </div>
    </Dialog>
  );
}

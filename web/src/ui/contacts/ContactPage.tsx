// One contact.

import { isolated } from "../../i18n/direction";
import { useDo } from "../base/actions";
import { Face } from "../base/Avatar";
import { useConfirm } from "../base/confirm";
import { useEngine, useLive, useOnline, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { Page } from "../base/Page";
import { RemotePicture } from "../base/RemotePicture";
import { navigate } from "../base/router";
import { Empty, Who } from "../base/small";
import { Words } from "../base/words";
import { RealName, RemarkableName } from "./Remark";

export function ContactPage({ uid }: { uid: number }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const { friends } = useLive(engine.contacts);
  const online = useOnline(uid);
  const confirm = useConfirm();
  const run = useDo();
  const user = friends.find(({ id }) => id === uid);

  const write = async (): Promise<void> => {
    const outcome = await run(() => engine.openSingle(uid));
    if (outcome?.ok === true) navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  const remove = async (name: string): Promise<void> => {
    const yes = await confirm({
      title: t("contacts.removeTitle", { name }),
      text: t("contacts.removeText"),
      action: t("contacts.remove"),
      danger: true,
    });
    if (!yes) return;
    const outcome = await run(() => engine.declineFriend(uid));
    if (outcome?.ok === true) navigate({ page: "contacts", uid: null }, "replace");
  };

  return (
    <Page label={user === undefined ? t("contacts.title") : isolated(user.name)} under={{ page: "contacts", uid: null }}>
      {user === undefined ? (
        <Empty icon="person" title={t("contacts.missing")} />
      ) : (
        <div className="page__scroll">
          <div className="contact">
            <Face name={user.name} address={user.avatar} seed={user.id} size={128} online={online} />
            <RemotePicture address={user.avatar} />
            <RemarkableName user={user}>
              <h1 className="contact__name">
                <Words text={user.name} />
              </h1>
            </RemarkableName>
            <RealName user={user} />
            <p className="contact__account">
              <Who account={user.account} online={online} />
            </p>
            <button type="button" className="button button--main contact__write" onClick={() => void write()}>
              <Icon name="chats" size={20} />
              {t("contacts.message")}
            </button>
            <button type="button" className="button button--danger-quiet" onClick={() => void remove(user.name)}>
              {t("contacts.remove")}
            </button>
          </div>
        </div>
      )}
    </Page>
  );
}

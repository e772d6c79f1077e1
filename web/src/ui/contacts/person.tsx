// Somebody's card: who they are, and what one can do with them. `useOpenPerson()` opens it from wherever a person is seen,
// and `PersonName` and `PersonFace` are what one clicks.

import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

import type { User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import { useAction } from "../base/actions";
import { Face } from "../base/Avatar";
import { useEngine, useOnline, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { FormError } from "../base/fields";
import { Icon } from "../base/Icon";
import { RemotePicture } from "../base/RemotePicture";
import { hrefOf, navigate, useRoute } from "../base/router";
import { Who } from "../base/small";
import { Words } from "../base/words";
import { RelationButtons, relationText, useRelation } from "./relation";
import "./person.css";

/** By id where no more is known; what the engine knows of them is shown. */
type OpenPerson = (who: User | number) => void;

const PersonContext = createContext<OpenPerson>(() => undefined);

export function useOpenPerson(): OpenPerson {
  return useContext(PersonContext);
}

export function PersonSurroundings({ children }: { children: ReactNode }) {
  const [who, setWho] = useState<User | number | null>(null);
  const close = useCallback(() => setWho(null), []);
  // Whoever goes somewhere else, by "back" as well, has done with the card.
  const route = useRoute();
  const [opened, setOpened] = useState(route);
  if (route !== opened) {
    setOpened(route);
    setWho(null);
  }
  return (
    <PersonContext value={setWho}>
      {children}
      {who !== null && <PersonCard who={who} onClose={close} />}
    </PersonContext>
  );
}

/** The name of somebody, as a button that opens their card. */
export function PersonName({ who }: { who: User }) {
  const open = useOpenPerson();
  return (
    <button type="button" className="person-name" onClick={() => open(who)}>
      <Words text={who.name} />
    </button>
  );
}

/** A face that opens the card, for the hand: the name beside it does the same for keys and ears. */
export function PersonFace({ who, children }: { who: User | number; children: ReactNode }) {
  const open = useOpenPerson();
  return (
    <span className="person-face" onClick={() => open(who)}>
      {children}
    </span>
  );
}

function PersonCard({ who, onClose }: { who: User | number; onClose: () => void }) {
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

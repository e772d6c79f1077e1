// What somebody is to one, in words and in buttons that change it.

import type { Relation, User } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import type { Action } from "../base/actions";
import { useEngine, useLive, useTranslator } from "../base/context";

/** Follows what happens meanwhile: the other may accept while one looks. */
export function useRelation(uid: number | null): Relation {
  const engine = useEngine();
  useLive(engine.contacts);
  return uid === null ? "none" : engine.relation(uid);
}

/** Null where there is nothing to be said. */
export function relationText({ t }: Translator, relation: Relation): string | null {
  switch (relation) {
    case "self":
      return t("contacts.thatIsYou");
    case "friends":
      return t("contacts.already");
    case "outgoing":
      return t("contacts.waiting");
    case "incoming":
      return t("contacts.wantsYou");
    case "none":
      return null;
  }
}

export interface RelationButtonsProps {
  readonly user: User;
  readonly action: Action;
  /** Beside something that one does rather. */
  readonly quiet?: boolean;
  readonly small?: boolean;
  /** Another word for asking, where "add contact" is already said. */
  readonly ask?: string;
}

/** Asking, answering, taking back. Nothing for friends, who are parted on their own page. */
export function RelationButtons({ user, action, quiet = false, small = false, ask }: RelationButtonsProps) {
  const engine = useEngine();
  const { t } = useTranslator();
  const relation = useRelation(user.id);
  const size = small ? " button--small" : "";
  const button = (label: string, main: boolean, change: () => ReturnType<typeof engine.befriend>) => (
    <button
      key={label}
      type="button"
      className={`button${size}${main && !quiet ? " button--main" : ""}`}
      disabled={action.busy}
      onClick={() => void action.run(change)}
    >
      {label}
    </button>
  );
  switch (relation) {
    case "none":
      return button(ask ?? t("contacts.add"), true, () => engine.befriend(user.id));
    case "outgoing":
      return button(t("contacts.withdraw"), false, () => engine.declineFriend(user.id));
    case "incoming":
      return [
        button(t("contacts.reject"), false, () => engine.declineFriend(user.id)),
        button(t("contacts.accept"), true, () => engine.acceptFriend(user.id)),
      ];
    case "friends":
    case "self":
      return null;
  }
}

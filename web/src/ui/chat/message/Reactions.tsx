// What people think of a message, as emoji with their counts. A click adds or takes away one's own; a long press or a right
// click tells who they are.

import type { Message, Reaction, User } from "../../../engine/contract";
import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import type { Translator } from "../../../i18n/translator";
import { isolated } from "../../../i18n/direction";
import { useDesk } from "../desk";
import { addReaction } from "../reacting";
import "./Reactions.css";

/** So many are named; the others are counted. */
const NAMED = 10;

export function Reactions({ message, may }: { message: Message; may: boolean }) {
  const desk = useDesk();
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, key, reactions } = message;
  return (
    <div className="reactions" role="group" aria-label={t("reactions.label")}>
      {reactions.map((reaction) => {
        const { emoji, count, mine } = reaction;
        const names = namesOf(reaction, desk.me, (uid) => engine.user(uid), translator);
        return (
          <button
            key={emoji}
            type="button"
            className="reaction"
            data-emoji={emoji}
            aria-pressed={mine}
            aria-label={t("reactions.of", { emoji, count, names })}
            title={isolated(names)}
            disabled={!may}
            onClick={() => {
              if (mine) engine.react(gid, key, emoji, false);
              else addReaction(engine, message, emoji);
            }}
            onContextMenu={(event) => {
              event.preventDefault();
              event.stopPropagation();
              desk.over.set({ is: "reactors", message, emoji });
            }}
          >
            <span className="reaction__emoji">{emoji}</span>{" "}
            <span className="reaction__count">{translator.number(count)}</span>
          </button>
        );
      })}
      {may && (
        <button
          type="button"
          className="reaction reaction--add"
          aria-label={t("reactions.add")}
          title={t("reactions.add")}
          aria-haspopup="menu"
          onClick={(event) => desk.menu.set({ message, at: event.currentTarget.getBoundingClientRect(), emoji: true })}
        >
          <Icon name="react" size={18} />
        </button>
      )}
    </div>
  );
}

/** "You, Anna, Ben and 3 others". */
export function namesOf(
  { count, mine, uids }: Reaction,
  me: User,
  user: (uid: number) => User | null,
  { t, locale }: Translator,
): string {
  const others = uids.filter((uid) => uid !== me.id).slice(0, NAMED);
  const names = others.map((uid) => isolated(user(uid)?.name ?? "") || t("chat.someone"));
  if (mine) names.unshift(t("chat.you"));
  if (count > names.length) names.push(t("happened.others", { count: count - names.length }));
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(names);
}

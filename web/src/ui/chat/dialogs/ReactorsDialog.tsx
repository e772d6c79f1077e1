// Who reacted to a message, and with what.

import { useCallback, useEffect, useState } from "react";

import type { Message, Outcome, User } from "../../../engine/contract";
import { Avatar } from "../../base/Avatar";
import { useEngine, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { problemText } from "../../base/problems";
import { Loading } from "../../base/small";
import { Words } from "../../base/words";
import { useOpenPerson } from "../../contacts/person";
import "./dialogs.css";

interface Entry {
  readonly emoji: string;
  readonly user: User;
  readonly at: number;
}

export function ReactorsDialog({ message, emoji: first, onClose }: { message: Message; emoji: string | null; onClose: () => void }) {
  const translator = useTranslator();
  const { t } = translator;
  const [emoji, setEmoji] = useState(first);
  const total = message.reactions.reduce((sum, { count }) => sum + count, 0);
  return (
    <Dialog title={t("reactors.title", { count: total })} onClose={onClose}>
      <div className="reactors__tabs" role="group" aria-label={t("reactors.filter")}>
        <button type="button" className="reactors__tab" aria-pressed={emoji === null} onClick={() => setEmoji(null)}>
          {t("reactors.all")}
        </button>
        {message.reactions.map((reaction) => (
          <button
            key={reaction.emoji}
            type="button"
            className="reactors__tab"
            aria-pressed={emoji === reaction.emoji}
            onClick={() => setEmoji(reaction.emoji)}
          >
            <span className="reactors__emoji">{reaction.emoji}</span>
            <span>{translator.number(reaction.count)}</span>
          </button>
        ))}
      </div>
      <Entries key={emoji ?? ""} message={message} emoji={emoji} />
    </Dialog>
  );
}

function Entries({ message: { gid, key }, emoji }: { message: Message; emoji: string | null }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const open = useOpenPerson();
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [page, setPage] = useState(1);
  const [state, setState] = useState<{ readonly page: number; readonly more: boolean; readonly problem: string | null }>({
    page: 0,
    more: true,
    problem: null,
  });
  const ask = useCallback(
    (wanted: number): Promise<Outcome<{ readonly entries: readonly Entry[]; readonly more: boolean }>> =>
      engine.reactors(gid, key, emoji, wanted),
    [engine, gid, key, emoji],
  );
  useEffect(() => {
    let wanted = true;
    void ask(page).then((outcome) => {
      if (!wanted) return;
      if (outcome.ok) {
        const { entries: found, more } = outcome.value;
        setEntries((before) => (page === 1 ? found : [...before, ...found]));
        setState({ page, more, problem: null });
      } else setState({ page, more: true, problem: problemText(translator, outcome.problem) });
    });
    return () => {
      wanted = false;
    };
  }, [ask, page, translator]);
  return (
    <>
      <ul className="plain people-list">
        {entries.map((entry) => (
          <li key={`${entry.emoji} ${entry.user.id}`}>
            <button type="button" className="people-list__one" onClick={() => open(entry.user)}>
              <Avatar name={entry.user.name} address={entry.user.avatar} seed={entry.user.id} size={36} />
              <span className="lines">
                <span className="ellipsis">
                  <Words text={entry.user.name} />
                </span>
                <time className="note">{translator.date(entry.at)}</time>
              </span>
              <span className="reactors__emoji">{entry.emoji}</span>
            </button>
          </li>
        ))}
      </ul>
      {state.problem !== null && (
        <p className="form-error" role="alert">
          {state.problem}
        </p>
      )}
      {state.page < page ? (
        <Loading text={t("app.wait")} />
      ) : (
        state.more && (
          <button type="button" className="button button--small button--quiet" onClick={() => setPage(page + 1)}>
            {t("list.more")}
          </button>
        )
      )}
    </>
  );
}

// Messages of several chats, page by page, each as it is now. Each leads to its place.

import { type ReactNode, useEffect, useMemo, useState } from "react";

import type { Found, FoundPage, Outcome } from "../../engine/contract";
import { useEngine, useLive, useMe, useTranslator } from "../base/context";
import { Page } from "../base/Page";
import { problemText } from "../base/problems";
import { navigate } from "../base/router";
import { Loading } from "../base/small";
import { FoundMessage } from "../chat/FoundMessage";
import "./FoundPages.css";

export interface FoundPagesProps {
  readonly title: string;
  /** Pages count from 1; the same function until other messages are meant. */
  readonly ask: (page: number) => Promise<Outcome<FoundPage>>;
  /** Another number where there may be newer ones. */
  readonly news?: number;
  /** What is shown where there is none. */
  readonly none: ReactNode;
  /** What can be done with one, beside it. */
  readonly beside?: (found: Found, takeOut: () => void) => ReactNode;
}

const NOTHING: readonly Found[] = [];

export function FoundPages({ title, ask, news = 0, none, beside }: FoundPagesProps) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const [pages, setPages] = useState<readonly Outcome<FoundPage>[]>([]);
  const [wanted, setWanted] = useState(1);
  const [newest, setNewest] = useState(NOTHING);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const loaded = pages.filter(({ ok }) => ok).length;
  useEffect(() => {
    if (loaded >= wanted) return undefined;
    let asking = true;
    void ask(loaded + 1).then((page) => {
      if (asking) setPages((before) => [...before.filter(({ ok }) => ok), page]);
    });
    return () => {
      asking = false;
    };
  }, [ask, loaded, wanted]);
  const [known] = useState(news);
  useEffect(() => {
    if (news === known) return undefined;
    let asking = true;
    void ask(1).then((page) => {
      if (asking && page.ok) setNewest(page.value.found);
    });
    return () => {
      asking = false;
    };
  }, [ask, news, known]);

  const listed = useLive(engine.listed);
  const last = pages.at(-1);
  // While one reads, newer ones move the others on: they are met again on the next page.
  const all = useMemo(() => {
    const byName = new Map([...newest, ...pages.flatMap((page) => (page.ok ? page.value.found : NOTHING))].map((each) => [nameOf(each), each]));
    return [...byName.values()];
  }, [newest, pages]);
  const found = all
    .filter((each) => !gone.has(nameOf(each)))
    .map((each) => ({ ...each, message: listed(each.message.gid, each.message.key) ?? each.message }));
  const open = ({ message }: Found): void => {
    navigate({ page: "chat", gid: message.gid, panel: false, seq: message.seq });
  };
  return (
    <Page label={title} title={title} under={{ page: "chats" }}>
      <div className="page__scroll">
        {found.length === 0 && last?.ok === true && !last.value.more && none}
        <ul className="plain found-pages">
          {found.map((each) => (
            <li key={nameOf(each)} className="found-pages__one">
              <FoundMessage
                message={each.message}
                name={each.sender.id === me.id ? me.name : each.sender.name}
                chat={each.title}
                onOpen={() => open(each)}
              />
              {beside?.(each, () => setGone(new Set([...gone, nameOf(each)])))}
            </li>
          ))}
        </ul>
        {last?.ok === false ? (
          <div className="fault" role="alert">
            <p>{problemText(translator, last.problem)}</p>
            <button type="button" className="button button--small" onClick={() => setPages(pages.filter(({ ok }) => ok))}>
              {t("action.retry")}
            </button>
          </div>
        ) : loaded < wanted ? (
          <Loading text={t("app.wait")} />
        ) : (
          last?.value.more === true && (
            <button type="button" className="button button--small button--quiet" onClick={() => setWanted(wanted + 1)}>
              {t("list.more")}
            </button>
          )
        )}
      </div>
    </Page>
  );
}

function nameOf({ message: { gid, key } }: Found): string {
  return `${gid}.${key}`;
}

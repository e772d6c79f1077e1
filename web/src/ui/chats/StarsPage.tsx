// One's starred messages of all chats, the latest star first. Each leads to its place.

import { useEffect, useState } from "react";

import type { Found, FoundPage, Outcome } from "../../engine/contract";
import { useEngine, useLive, useMe, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { Page } from "../base/Page";
import { problemText } from "../base/problems";
import { navigate } from "../base/router";
import { Empty, Loading } from "../base/small";
import { showToast } from "../base/toasts";
import { FoundMessage } from "../chat/FoundMessage";
import { wantIn } from "../chat/wanted";
import "./StarsPage.css";

export function StarsPage() {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const [pages, setPages] = useState<readonly Outcome<FoundPage>[]>([]);
  const [wanted, setWanted] = useState(1);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const loaded = pages.filter(({ ok }) => ok).length;
  useEffect(() => {
    if (loaded >= wanted) return undefined;
    let asking = true;
    void engine.stars(loaded + 1).then((page) => {
      if (asking) setPages((before) => [...before.filter(({ ok }) => ok), page]);
    });
    return () => {
      asking = false;
    };
  }, [engine, loaded, wanted]);

  const listed = useLive(engine.listed);
  const last = pages.at(-1);
  const found = pages
    .flatMap((page) => (page.ok ? page.value.found : []))
    .filter(({ message }) => !gone.has(nameOf(message)))
    .map((each) => ({ ...each, message: listed(each.message.gid, each.message.key) ?? each.message }));
  const open = ({ message }: Found): void => {
    if (message.id !== null) wantIn(message.gid, message.id);
    navigate({ page: "chat", gid: message.gid, panel: false });
  };
  const unstar = ({ message }: Found): void => {
    engine.star(message.gid, message.key, false);
    setGone(new Set([...gone, nameOf(message)]));
    showToast("done", t("act.unstar"));
  };
  return (
    <Page label={t("stars.title")} title={t("stars.title")} under={{ page: "chats" }}>
      <div className="page__scroll">
      {found.length === 0 && last?.ok === true && !last.value.more && (
        <Empty icon="star" title={t("stars.none")} text={t("stars.noneHint")} />
      )}
      <ul className="plain stars">
        {found.map((each) => (
          <li key={nameOf(each.message)} className="stars__one">
            <FoundMessage
              message={each.message}
              name={each.sender.id === me.id ? me.name : each.sender.name}
              chat={each.title}
              onOpen={() => open(each)}
            />
            <button type="button" className="icon-button" aria-label={t("act.unstar")} title={t("act.unstar")} onClick={() => unstar(each)}>
              <Icon name="close" size={20} />
            </button>
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

function nameOf({ gid, key }: { readonly gid: number; readonly key: string }): string {
  return `${gid}.${key}`;
}

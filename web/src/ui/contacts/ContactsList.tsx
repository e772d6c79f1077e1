// Contacts and the requests to become one.

import { type ReactNode, useRef, useState } from "react";

import type { User } from "../../engine/contract";
import { useDo } from "../base/actions";
import { Avatar, Face } from "../base/Avatar";
import { useEngine, useLive, useOnline, useTranslator } from "../base/context";
import { FixedList, type FixedListHandle } from "../base/FixedList";
import { SearchField } from "../base/fields";
import { Icon } from "../base/Icon";
import { goHome } from "../base/layers";
import { usePeopleFound } from "../base/found";
import { hrefOf, navigate } from "../base/router";
import { Badge, Empty } from "../base/small";
import { Words } from "../base/words";
import { AddContactDialog } from "./AddContactDialog";
import { PersonFace, PersonName } from "./person";
import "./Contacts.css";

const ROW_PX = 60;

export function ContactsList({ selected }: { selected: number | null }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const run = useDo();
  const { friends, incoming, outgoing } = useLive(engine.contacts);
  const [search, setSearch] = useState("");
  const [adding, setAdding] = useState(false);
  const list = useRef<FixedListHandle>(null);

  const shown = usePeopleFound(friends, search);
  const nobody = friends.length + incoming.length + outgoing.length === 0;

  return (
    <>
      <header className="list__header">
        <h1 className="list__title">{t("contacts.title")}</h1>
        <button
          type="button"
          className="icon-button"
          aria-label={t("contacts.add")}
          title={t("contacts.add")}
          onClick={() => setAdding(true)}
        >
          <Icon name="personAdd" size={24} />
        </button>
      </header>
      <div className="list__search">
        <SearchField
          label={t("contacts.search")}
          value={search}
          onValue={setSearch}
          onArrowDown={() => list.current?.focus(0)}
          onEnter={() => {
            const first = shown[0];
            if (search.trim() === "" || first === undefined) return;
            setSearch("");
            navigate({ page: "contacts", uid: first.id });
            goHome();
          }}
        />
      </div>
      <div className="list__scroll" data-scroller>
        {nobody && (
          <Empty icon="contacts" title={t("contacts.empty")} text={t("contacts.emptyHint")}>
            <button type="button" className="button button--main" onClick={() => setAdding(true)}>
              {t("contacts.add")}
            </button>
          </Empty>
        )}
        {incoming.length > 0 && search === "" && (
          <Requests title={t("contacts.incoming")} count={incoming.length}>
            {incoming.map((user) => (
              <Request key={user.id} user={user} note={t("contacts.wantsYou")}>
                <button
                  type="button"
                  className="button button--small button--main"
                  onClick={() => void run(() => engine.acceptFriend(user.id))}
                >
                  {t("contacts.accept")}
                </button>
                <button
                  type="button"
                  className="button button--small"
                  onClick={() => void run(() => engine.declineFriend(user.id))}
                >
                  {t("contacts.reject")}
                </button>
              </Request>
            ))}
          </Requests>
        )}
        {outgoing.length > 0 && search === "" && (
          <Requests title={t("contacts.outgoing")} count={0}>
            {outgoing.map((user) => (
              <Request key={user.id} user={user} note={t("contacts.waiting")}>
                <button
                  type="button"
                  className="button button--small"
                  onClick={() => void run(() => engine.declineFriend(user.id))}
                >
                  {t("contacts.withdraw")}
                </button>
              </Request>
            ))}
          </Requests>
        )}
        {friends.length > 0 && (
          <section aria-label={t("contacts.friends")}>
            {(incoming.length > 0 || outgoing.length > 0) && search === "" && (
              <h2 className="contacts__heading">{t("contacts.friends")}</h2>
            )}
            {shown.length === 0 ? (
              <p className="list__nothing">{t("contacts.nothingFound", { text: search })}</p>
            ) : (
              <FixedList
                items={shown}
                height={ROW_PX}
                label={t("contacts.list")}
                keyOf={(user) => user.id}
                handle={list}
                render={(user) => <Contact user={user} selected={user.id === selected} />}
              />
            )}
          </section>
        )}
      </div>
      {adding && <AddContactDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function Contact({ user, selected }: { user: User; selected: boolean }) {
  const { t } = useTranslator();
  const online = useOnline(user.id);
  return (
    <a
      className={selected ? "row row--selected" : "row"}
      href={hrefOf({ page: "contacts", uid: user.id })}
      aria-current={selected ? "page" : undefined}
      draggable={false}
    >
      <Face name={user.name} address={user.avatar} seed={user.id} size={42} online={online} />
      <span className="lines">
        <span className="row__title ellipsis">
          <Words text={user.name} />
        </span>
        {online && <span className="hidden">{t("presence.online")}</span>}
        <span className="note ellipsis">
          <Words text={`@${user.account}`} />
        </span>
      </span>
    </a>
  );
}

function Requests({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  const { t } = useTranslator();
  return (
    <section className="contacts__requests" aria-label={title}>
      <h2 className="contacts__heading">
        {title} <Badge count={count} label={t("contacts.requests", { count })} />
      </h2>
      <ul className="plain">{children}</ul>
    </section>
  );
}

function Request({ user, note, children }: { user: User; note: string; children: ReactNode }) {
  return (
    <li className="request">
      <PersonFace who={user}>
        <Avatar name={user.name} address={user.avatar} seed={user.id} size={42} />
      </PersonFace>
      <div className="request__text">
        <p className="request__name ellipsis">
          <PersonName who={user} />{" "}
          <span className="note">
            <Words text={`@${user.account}`} />
          </span>
        </p>
        <p className="request__note">{note}</p>
        <div className="request__actions">{children}</div>
      </div>
    </li>
  );
}

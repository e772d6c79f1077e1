// The frame of everything behind the sign-in: where one can go, a list, and what is open.

import { type MouseEvent, useCallback, useLayoutEffect, useMemo, useState } from "react";

import { PersonSurroundings } from "../contacts/person";
import { ChatPage } from "../chat/ChatPage";
import { ChatList } from "../chats/ChatList";
import { keepSearch, keptSearch, type Search } from "../chats/search";
import { Boundary } from "../base/Boundary";
import { chunk } from "../base/chunk";
import { ConfirmSurroundings } from "../base/confirm";
import { COARSE, NARROW, useEngine, useLive, useMe, useMedia, useTranslator } from "../base/context";
import { dialogChunk } from "../base/dialogChunk";
import { Icon, type IconName, Logo } from "../base/Icon";
import { keyWords } from "../base/keys";
import { goHome } from "../base/layers";
import { enter, hrefOf, navigate, parseRoute, type Route, useWhere } from "../base/router";
import { Badge, Empty } from "../base/small";
import { ConnectionBanner } from "./ConnectionBanner";
import { Failures } from "./Failures";
import { KeepingNotice } from "./KeepingNotice";
import { useKeyboard } from "./keyboard";
import { useTitle } from "./title";
import "./Shell.css";

// Visited seldom, and hardly ever first.
const ContactPage = chunk(() => import("../contacts/ContactPage").then(({ ContactPage }) => ContactPage));
const ContactsList = chunk(() => import("../contacts/ContactsList").then(({ ContactsList }) => ContactsList));
const SettingsList = chunk(() => import("../settings/SettingsList").then(({ SettingsList }) => SettingsList));
const StarsPage = chunk(() => import("../chats/StarsPage").then(({ StarsPage }) => StarsPage));
const MentionsPage = chunk(() => import("../chats/MentionsPage").then(({ MentionsPage }) => MentionsPage));
const SettingsPage = chunk(() => import("../settings/SettingsPage").then(({ SettingsPage }) => SettingsPage));
const Notifications = chunk(
  () => import("./Notifications").then(({ Notifications }) => Notifications),
  null,
  () => null,
);
const KeysDialog = dialogChunk(() => import("./KeysDialog").then(({ KeysDialog }) => KeysDialog));

export function Shell() {
  const { route, beside, searching } = useWhere();
  const narrow = useMedia(NARROW);
  const { t } = useTranslator();
  useLayoutEffect(enter, []);
  const [listing, setListing] = useState(false);
  useKeyboard(useCallback(() => setListing(true), []));
  useTitleOf(beside);
  const open = isOpen(route);
  const { id: uid } = useMe();
  const [search, setSearch] = useState(() => keptSearch(uid));
  const onSearch = useCallback(
    (next: Search): void => {
      keepSearch(uid, next);
      setSearch(next);
    },
    [uid],
  );
  return (
    <ConfirmSurroundings>
      <PersonSurroundings>
        <div className={open ? "shell shell--open" : "shell"} onClick={stayHere}>
          {open && (
            <a
              className="skip"
              href="#main"
              onClick={(event) => {
                event.preventDefault();
                goHome();
              }}
            >
              {t("app.skip")}
            </a>
          )}
          <Boundary of={route}>
            <NavRail route={route} hidden={narrow && (open || searching)} />
          </Boundary>
          <div className="shell__content">
            <Boundary of={route} fallback={() => null}>
              <ConnectionBanner />
              <KeepingNotice />
              <Failures route={route} />
            </Boundary>
            <div className="shell__panes">
              <section
                className="shell__list"
                aria-label={t(LIST_NAMES[listOf(route)])}
                inert={narrow && open}
                data-list={listOf(route)}
              >
                <Boundary of={listOf(route)}>
                  <List route={route} searching={searching} search={search} onSearch={onSearch} />
                </Boundary>
              </section>
              <main id="main" className="shell__main" inert={narrow && !open}>
                <Boundary of={beside}>
                  <Main route={narrow ? route : beside} searching={searching} />
                </Boundary>
              </main>
            </div>
          </div>
        </div>
        <Notifications />
        {listing && <KeysDialog onClose={() => setListing(false)} />}
      </PersonSurroundings>
    </ConfirmSurroundings>
  );
}

/** A link to where one is leads nowhere; one of the list leads to what is open. One that somebody wrote of a message opens it here. */
function stayHere(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.target !== "" && link.href.startsWith(`${location.href.split("#", 1)}#/chat/`)) {
    event.preventDefault();
    navigate(parseRoute(link.hash));
  }
  if (link.getAttribute("href") !== location.hash) return;
  event.preventDefault();
  if (link.closest("[data-list]") !== null) goHome();
}

type ListName = "chats" | "contacts" | "settings";
const LIST_NAMES = { chats: "nav.chats", contacts: "nav.contacts", settings: "nav.settings" } as const;

function listOf({ page }: Route): ListName {
  return page === "contacts" || page === "settings" ? page : "chats";
}

/** Whether something is open beside the list: on narrow screens, instead of it. */
function isOpen(route: Route): boolean {
  return (
    route.page === "chat" ||
    route.page === "stars" ||
    route.page === "mentions" ||
    (route.page === "contacts" && route.uid !== null) ||
    (route.page === "settings" && route.section !== null)
  );
}

interface ListProps {
  readonly route: Route;
  readonly searching: boolean;
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
}

function List({ route, ...search }: ListProps) {
  switch (route.page) {
    case "contacts":
      return <ContactsList selected={route.uid} />;
    case "settings":
      return <SettingsList selected={route.section} />;
    default:
      return <ChatList selected={route.page === "chat" ? route.gid : null} {...search} />;
  }
}

function Main({ route, searching }: { route: Route; searching: boolean }) {
  const { t } = useTranslator();
  // Who has no keys is told of none.
  const glass = useMedia(COARSE);
  const keys = { find: keyWords("find"), previous: keyWords("previousChat"), next: keyWords("nextChat"), keys: keyWords("keys") };
  switch (route.page) {
    case "chat":
      return <ChatPage key={route.gid} gid={route.gid} panel={route.panel} seq={route.seq ?? null} found={searching} />;
    case "stars":
      return <StarsPage />;
    case "mentions":
      return <MentionsPage />;
    case "contacts":
      return route.uid === null ? (
        <Empty icon="contacts" title={t("contacts.pick")} text={t("contacts.pickHint")} />
      ) : (
        <ContactPage key={route.uid} uid={route.uid} />
      );
    case "settings":
      return route.section === null ? (
        <Empty icon="settings" title={t("settings.pick")} />
      ) : (
        <SettingsPage key={route.section} section={route.section} />
      );
    default:
      return <Empty icon="chats" title={t("chats.pick")} text={glass ? "" : t("chats.pickHint", keys)} />;
  }
}

/** Says in the title where one is. */
function useTitleOf(route: Route): void {
  const engine = useEngine();
  const { t } = useTranslator();
  const chats = useLive(engine.chats);
  const gid = route.page === "chat" ? route.gid : null;
  const title = useMemo(() => chats.find((row) => row.gid === gid)?.title ?? "", [chats, gid]);
  const { page } = route;
  useTitle(page === "contacts" || page === "settings" || page === "stars" || page === "mentions" ? t(`${page}.title`) : title);
}

function NavRail({ route, hidden }: { route: Route; hidden: boolean }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const unread = useLive(engine.unread);
  const requests = useLive(engine.contacts).incoming.length;
  const places: readonly { icon: IconName; label: string; to: Route; here: boolean; count: number; counted: string }[] = [
    {
      icon: "chats",
      label: t("nav.chats"),
      to: { page: "chats" },
      here: route.page !== "contacts" && route.page !== "settings",
      count: unread,
      counted: t("chats.unread", { count: unread }),
    },
    {
      icon: "contacts",
      label: t("nav.contacts"),
      to: { page: "contacts", uid: null },
      here: route.page === "contacts",
      count: requests,
      counted: t("contacts.requests", { count: requests }),
    },
    {
      icon: "settings",
      label: t("nav.settings"),
      to: { page: "settings", section: null },
      here: route.page === "settings",
      count: 0,
      counted: "",
    },
  ];
  return (
    <nav className="rail" aria-label={t("nav.main")} hidden={hidden}>
      <span className="rail__logo">
        <Logo size={34} />
      </span>
      <ul className="plain rail__places">
        {places.map(({ icon, label, to, here, count, counted }) => (
          <li key={icon} className={`rail__item rail__item--${icon}`}>
            <a className="rail__link" href={hrefOf(to)} aria-current={here ? "page" : undefined}>
              <span className="rail__icon">
                <Icon name={icon} size={25} />
                <Badge count={count} label={counted} most={99} />
              </span>
              <span className="rail__label">{label}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

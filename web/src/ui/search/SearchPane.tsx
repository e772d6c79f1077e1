// What a search finds: chats, people and messages, in one list that the field above it walks through.

import { type ReactNode, useEffect, useEffectEvent, useId, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { ChatRow, Hit, SearchFilter, User } from "../../engine/contract";
import type { Key } from "../../i18n/catalogue";
import { Avatar, Face } from "../base/Avatar";
import { useEngine, useLive, useMe, useOnline, useTranslator } from "../base/context";
import { dialogChunk } from "../base/dialogChunk";
import { FoundLines } from "../base/FoundLines";
import { Icon, type IconName } from "../base/Icon";
import { whichKey } from "../base/keys";
import { goHome, useLayer } from "../base/layers";
import { chatsFound, peopleFound } from "../base/names";
import { Person } from "../base/people";
import { ChatName } from "../base/Picker";
import { knownBy } from "../base/text";
import { problemText } from "../base/problems";
import { useReadings } from "../base/readings";
import { endSearch, navigate, useWhere } from "../base/router";
import { Badge, Empty, Loading } from "../base/small";
import { showToast } from "../base/toasts";
import { told } from "../base/told";
import { Words } from "../base/words";
import { previewOf } from "../chat/preview";
import { type FieldKey, type FieldKeys, FOUND, keepPlace, keptPlace, NO_SEARCH, type Search } from "../chats/search";
import { useOpenPerson } from "../contacts/person";
import { changed, useChips, VALUE_ICONS } from "./chips";
import { daysText } from "./days";
import { excerptOf, type Piece, withoutMarks } from "./excerpt";
import { FIELD, goToField } from "./field";
import { Filters, When } from "./Filters";
import { chipped, filterOf, HOLDINGS, type Known, knownIn, mayMean, type Operator, TRAITS, typedAt, without } from "./operators";
import { show } from "./marking";
import { type Seeker, useSeeking } from "./seeking";
import "./SearchPane.css";

const AddContactDialog = dialogChunk(() => import("../contacts/AddContactDialog").then(({ AddContactDialog }) => AddContactDialog));

/** So many chats, and so many people, are shown before somebody wants to see all. */
const FEW = 4;
/** Chats that one was in last. */
const RECENT = 8;
/** So many people or chats are offered for an operator that is being typed. */
const MOST_MEANT = 6;
const NOBODY_KNOWN: Known = { who: () => null, where: () => null };
const OPERATORS = { from: "search.from", in: "search.in", has: "search.has", is: "search.is", before: "search.date", after: "search.date", on: "search.date" } as const satisfies Record<Operator["what"], Key>;

export interface SearchPaneProps {
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
  readonly onClose: () => void;
  /** Which of what is found Enter opens. */
  readonly onActive: (id: string | undefined) => void;
  readonly keys: FieldKeys;
}

type Part = "chats" | "people";
const NO_FILTERS: readonly Option[] = [];

type Option =
  | { readonly is: "chat"; readonly key: string; readonly row: ChatRow }
  | { readonly is: "person"; readonly key: string; readonly user: User }
  | { readonly is: "all"; readonly key: string; readonly part: Part; readonly count: number }
  /** What an operator that is being typed may mean; without a filter its day is asked for. */
  | { readonly is: "filter"; readonly key: string; readonly filter: SearchFilter | null; readonly icon: IconName; readonly text: string; readonly who?: User; readonly where?: ChatRow }
  | { readonly is: "hit"; readonly key: string; readonly hit: Hit };

interface Group {
  readonly title: string;
  readonly options: readonly Option[];
}

export function SearchPane({ search, onSearch, onClose, onActive, keys }: SearchPaneProps) {
  const engine = useEngine();
  const { t } = useTranslator();
  const { text, filter } = search;
  const pane = useRef<HTMLDivElement>(null);
  useLayer(pane, true, { onClose, floats: false, begins: "itself" });
  const composing = useComposing();
  const me = useMe();
  const searches = useLive(engine.searches);
  const chats = useLive(engine.chats);
  // What is whole of what was typed becomes a filter.
  useLayoutEffect(() => {
    const next = searches && !composing ? chipped(text, filter, me.id, knownIn([me, ...engine.people()], chats)) : null;
    if (next !== null) onSearch(next);
  }, [searches, composing, text, filter, me, engine, chats, onSearch]);
  const typed = useMemo(() => (searches ? typedAt(text) : null), [searches, text]);
  const meant = useMeant(typed, filter);
  const bare = typed === null || meant.length === 0 ? text : without(text, typed);
  const named = bare.trim();
  const meantTitle = typed === null ? "" : t(OPERATORS[typed.what]);
  const chips = useChips(filter);
  const filtered = Object.keys(filter).length > 0;
  const [all, setAll] = useState<ReadonlySet<Part>>(new Set());

  const byReading = useReadings(/[a-z]/i.test(named));
  const userOf = useMemo(() => (uid: number) => engine.user(uid), [engine]);
  const rows = useMemo(() => (named === "" ? chats.slice(0, RECENT) : chatsFound(chats, userOf, named, byReading)), [chats, userOf, named, byReading]);
  const people = useMemo(() => {
    // Whom one has a chat with is found by that.
    const partners = new Set(chats.map(({ partner }) => partner));
    return named === "" ? [] : peopleFound(engine.people().filter(({ id }) => !partners.has(id)), named, byReading);
  }, [chats, engine, named, byReading]);
  const words = searches && !composing && (named !== "" || filtered) ? bare.trimStart() : null;
  // While an input method composes, what is there stays.
  const [settled, settle] = useState(words);
  if (!composing && settled !== words) settle(words);
  const [place, setPlace] = useState(() => keptPlace(me.id));
  const sought = useSeeking(settled, filter, place?.hits);

  const groups = useMemo((): readonly Group[] => {
    const chatOptions = rows.map((row): Option => ({ is: "chat", key: `c${row.gid}`, row }));
    const peopleOptions = people.map((user): Option => ({ is: "person", key: `p${user.id}`, user }));
    const hitOptions = (sought.hits ?? []).map((hit): Option => ({ is: "hit", key: `m${hit.message.id}`, hit }));
    const few = (part: Part, options: readonly Option[]): readonly Option[] =>
      all.has(part) || options.length <= FEW + 1
        ? options
        : [...options.slice(0, FEW), { is: "all", key: `all-${part}`, part, count: options.length }];
    const parts: Group[] = [];
    if (meant.length > 0) parts.push({ title: meantTitle, options: meant });
    else if (!filtered && named === "") parts.push({ title: t("search.recent"), options: chatOptions });
    else if (!filtered) parts.push({ title: t("search.chats"), options: few("chats", chatOptions) }, { title: t("search.people"), options: few("people", peopleOptions) });
    parts.push({ title: t("search.messages"), options: hitOptions });
    return parts.filter(({ options }) => options.length > 0);
  }, [rows, people, sought.hits, all, filtered, named, meant, meantTitle, t]);
  const options = useMemo(() => groups.flatMap((group) => group.options), [groups]);

  // Something else is looked for: from its beginning.
  const [chosen, choose] = useState<string | null>(place?.chosen ?? null);
  const [before, setBefore] = useState(search);
  if (before !== search) {
    setBefore(search);
    choose(null);
    setPlace(null);
    setAll(new Set());
  }
  const first = named === "" && !filtered && meant.length === 0 ? undefined : options[0];
  const active = options.find(({ key }) => key === chosen) ?? first;
  const id = useId();
  const idOf = (option: Option): string => `${id}${option.key}`;
  useEffect(() => onActive(active === undefined ? undefined : `${id}${active.key}`), [onActive, active, id]);
  useEffect(() => () => onActive(undefined), [onActive]);
  const scroller = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
  }, [search]);

  // And where one comes back to it, from there.
  const top = useRef(place?.top ?? 0);
  const back = useRef(place !== null);
  useLayoutEffect(() => {
    if (!back.current || sought.hits === null || sought.asking || scroller.current === null) return;
    back.current = false;
    scroller.current.scrollTop = top.current;
  }, [sought]);
  const keep = useEffectEvent(() => keepPlace(me.id, search, { hits: sought.hits?.length ?? 0, top: top.current, chosen }));
  useEffect(() => {
    const onHide = (): void => keep();
    addEventListener("pagehide", onHide);
    return () => {
      removeEventListener("pagehide", onHide);
      keep();
    };
  }, []);

  const [dating, setDating] = useState<Operator | null>(null);
  const open = useOpen(onSearch);
  const take = (option: Option): void => {
    choose(option.key);
    if (option.is === "all") {
      // What it stood for begins where it was.
      const list = option.part === "chats" ? rows.map(({ gid }) => `c${gid}`) : people.map((user) => `p${user.id}`);
      choose(list[FEW] ?? null);
      setAll(new Set([...all, option.part]));
    } else if (option.is !== "filter") open(option);
    else if (option.filter === null) setDating(typed);
    else onSearch({ text: bare, filter: option.filter });
  };
  const walk = (key: FieldKey): void => {
    if (key === "unfilter") {
      const last = chips.at(-1);
      if (last !== undefined) onSearch({ ...search, filter: last.left });
      return;
    }
    if (key === "pick") {
      if (active !== undefined) take(active);
      return;
    }
    const at = active === undefined ? -1 : options.indexOf(active);
    const to = options[Math.max(0, Math.min(options.length - 1, at + (key === "down" ? 1 : -1)))];
    if (to === undefined) return;
    choose(to.key);
    document.getElementById(idOf(to))?.scrollIntoView({ block: "nearest" });
  };
  const onKey = useEffectEvent(walk);
  useEffect(() => keys.listen((key) => onKey(key)), [keys]);
  useReturn();

  return (
    <div ref={pane} className="search-pane" data-layer>
      <h1 className="hidden">{t("search.label")}</h1>
      {searches && <Filters filter={filter} onFilter={(next) => onSearch({ ...search, filter: next })} />}
      <div
        ref={scroller}
        className="list__scroll search-pane__scroll"
        data-scroller
        onScroll={({ currentTarget }) => {
          if (!back.current) top.current = currentTarget.scrollTop;
        }}
      >
        <div
          id={FOUND}
          className="search-pane__found"
          role="listbox"
          aria-label={t("search.found")}
          aria-busy={sought.asking}
          aria-activedescendant={active === undefined ? undefined : idOf(active)}
          tabIndex={0}
          onKeyDown={(event) => {
            const key = whichKey(event.nativeEvent, ["up", "down", "pick"]);
            if (key === null) return;
            event.preventDefault();
            walk(key);
          }}
        >
          {groups.map((group, at) => (
            <div key={group.title} className="search-pane__group" role="group" aria-labelledby={`${id}-${at}`}>
              <h2 id={`${id}-${at}`} className="search-pane__title" role="presentation">
                {group.title}
              </h2>
              {group.options.map((option) => (
                <div
                  key={option.key}
                  id={idOf(option)}
                  className={option === active ? "search-pane__option search-pane__option--active" : "search-pane__option"}
                  role="option"
                  aria-selected={option === active}
                  // The focus stays where one types.
                  onMouseDown={(event) => event.preventDefault()}
                  onClick={() => take(option)}
                >
                  <Shown option={option} />
                </div>
              ))}
            </div>
          ))}
        </div>
        {searches && named === "" && !filtered && meant.length === 0 && <p className="search-pane__hint note">{t("search.hint")}</p>}
        <End
          sought={sought}
          none={options.length === 0 && (named !== "" || filtered)}
          searches={searches}
          text={filtered ? "" : named}
          onUnfilter={filtered ? () => onSearch({ ...search, filter: {} }) : null}
        />
      </div>
      {dating !== null && (
        <When
          onClose={() => setDating(null)}
          onDays={(days) => {
            setDating(null);
            onSearch({ text: without(text, dating), filter: changed(filter, { after: undefined, before: undefined, ...days }) });
          }}
        />
      )}
      <p className="hidden" role="status">
        {!sought.asking && options.length > 0 && (named !== "" || filtered) && t("search.count", { count: options.length })}
      </p>
    </div>
  );
}

/** What an operator that is being typed may mean, as choices. */
function useMeant(typed: Operator | null, filter: SearchFilter): readonly Option[] {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const chats = useLive(engine.chats);
  const value = typed?.value ?? "";
  const byReading = useReadings(/[a-z]/i.test(value));
  return useMemo((): readonly Option[] => {
    if (typed === null) return NO_FILTERS;
    switch (typed.what) {
      case "from": {
        const others = engine.people();
        const found = value === "" ? [me, ...others] : peopleFound([me, ...others], value.replace(/^@/, ""), byReading);
        const myself = value !== "" && filterOf(typed, filter, me.id, NOBODY_KNOWN)?.uid === me.id ? [me] : [];
        const people = [...new Set([...myself, ...found])].slice(0, MOST_MEANT);
        return people.map((who) => ({ is: "filter", key: `f${who.id}`, filter: changed(filter, { uid: who.id }), icon: "person", text: who.id === me.id ? t("search.me", { name: me.name }) : who.name, who }));
      }
      case "in": {
        const found = value === "" ? chats : chatsFound(chats, (uid) => engine.user(uid), value, byReading);
        return found.slice(0, MOST_MEANT).map((where) => ({ is: "filter", key: `f${where.gid}`, filter: changed(filter, { gid: where.gid }), icon: "chats", text: where.title, where }));
      }
      case "has":
      case "is": {
        const values = typed.what === "has" ? HOLDINGS : TRAITS;
        return values
          .filter((each) => mayMean(value, t(`search.${each}`), each))
          .flatMap((each): readonly Option[] => {
            const with_ = filterOf({ what: typed.what, value: each }, filter, me.id, NOBODY_KNOWN);
            return [{ is: "filter", key: `f${each}`, filter: with_, icon: VALUE_ICONS[each], text: t(`search.${each}`) }];
          });
      }
      default: {
        const with_ = filterOf(typed, filter, me.id, NOBODY_KNOWN);
        const text = with_ === null ? t("search.chooseDate") : daysText({ after: with_.after, before: with_.before }, translator);
        return [{ is: "filter", key: "fdate", filter: with_, icon: "clock", text }];
      }
    }
  }, [typed, value, filter, engine, me, chats, byReading, translator, t]);
}

/** Whether an input method is composing in the field: its letters are not what is looked for. */
function useComposing(): boolean {
  const [composing, setComposing] = useState(false);
  useEffect(() => {
    const listen = ({ type, target }: Event): void => {
      if (target instanceof Element && target.matches(FIELD)) setComposing(type === "compositionstart");
    };
    document.addEventListener("compositionstart", listen);
    document.addEventListener("compositionend", listen);
    return () => {
      document.removeEventListener("compositionstart", listen);
      document.removeEventListener("compositionend", listen);
    };
  }, []);
  return composing;
}

/** Who comes back to what was found goes on in the field. */
function useReturn(): void {
  const { page } = useWhere().route;
  const was = useRef(page);
  useLayoutEffect(() => {
    if (page === "search" && was.current !== "search") goToField();
    was.current = page;
  }, [page]);
}

/** Opens what was found. A message leaves the list as it is, for the next one; a chat ends the search. */
function useOpen(onSearch: (search: Search) => void): (option: Exclude<Option, { is: "all" | "filter" }>) => void {
  const engine = useEngine();
  const translator = useTranslator();
  const openPerson = useOpenPerson();
  const { route, beside } = useWhere();
  const openChat = (gid: number): void => {
    onSearch(NO_SEARCH);
    if (!(route.page === "search" && beside.page === "chat" && beside.gid === gid)) navigate({ page: "chat", gid, panel: false }, "replace");
    endSearch();
    // Where the chat was open already, its composer does not come anew.
    goHome();
  };
  return (option) => {
    if (option.is === "chat") openChat(option.row.gid);
    else if (option.is === "hit") {
      const { gid, seq } = option.hit.message;
      show(option.hit);
      navigate({ page: "chat", gid, panel: false, seq }, route.page === "chat" ? "replace" : "push");
      goHome();
    } else if (engine.relation(option.user.id) === "friends") {
      void engine.openSingle(option.user.id).then(async (outcome) => {
        if (outcome.ok) openChat(outcome.value);
        else showToast("problem", await told(translator, outcome.problem));
      });
    } else openPerson(option.user);
  };
}

function Shown({ option }: { option: Option }): ReactNode {
  const { t } = useTranslator();
  switch (option.is) {
    case "chat":
      return <FoundChat row={option.row} />;
    case "person":
      return <Person user={option.user} />;
    case "all":
      return <span className="search-pane__all">{t(option.part === "chats" ? "search.allChats" : "search.allPeople", { count: option.count })}</span>;
    case "filter":
      return <Meant option={option} />;
    case "hit":
      return <FoundHit hit={option.hit} />;
  }
}

function Meant({ option: { icon, text, who, where } }: { option: Extract<Option, { is: "filter" }> }) {
  if (who !== undefined) return <Person user={{ ...who, name: text }} />;
  if (where !== undefined) return <ChatName row={where} />;
  return (
    <>
      <Icon name={icon} size={22} />
      <span className="lines">{text}</span>
    </>
  );
}

function FoundChat({ row }: { row: ChatRow }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const online = useOnline(row.partner);
  const partner = row.partner === null ? null : engine.user(row.partner);
  return (
    <>
      <Face name={row.title} address={row.avatar} seed={row.avatarSeed} size={38} online={online} />
      <span className="lines">
        <span className="ellipsis">
          <Words text={row.title || t("chats.untitled")} />
        </span>
        <span className="note ellipsis">{partner === null ? t("search.group") : <Words text={knownBy(partner)} />}</span>
      </span>
      <Badge count={row.unread} label={t("chats.unread", { count: row.unread })} />
    </>
  );
}

const KIND_ICONS: Readonly<Partial<Record<Hit["message"]["kind"], IconName>>> = {
  Image: "image",
  Video: "film",
  Audio: "sound",
  File: "file",
  Location: "pin",
  Card: "card",
  Merged: "chats",
};

function FoundHit({ hit }: { hit: Hit }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const { message, sender, title } = hit;
  const row = engine.chats.get().find(({ gid }) => gid === message.gid);
  const own = message.uid === me.id;
  const pieces = useMemo(() => piecesOf(hit), [hit]);
  const icon = KIND_ICONS[message.kind];
  return (
    <>
      <Avatar name={own ? me.name : sender.name} address={own ? me.avatar : sender.avatar} seed={message.uid} size={38} />
      <FoundLines title={title || sender.name} at={message.at}>
        {(own || row?.single !== true) && <span className="search-pane__sender">{own ? t("chats.you") : t("chats.sender", { name: sender.name })}</span>}
        {icon !== undefined && pieces !== null && <Icon name={icon} size={15} />}
        {pieces === null ? (
          <Words text={previewOf(message, translator)} />
        ) : (
          <bdi dir="auto" translate="no">
            {pieces.map(({ text, found }, at) => (found ? <mark key={at}>{text}</mark> : text))}
          </bdi>
        )}
      </FoundLines>
    </>
  );
}

/** Null where nothing of it stands out: then it is shown as elsewhere. */
function piecesOf({ message, text, ranges }: Hit): readonly Piece[] | null {
  if (ranges.length === 0) return null;
  // Of a file, a place or a card: its name, and what is said of it.
  if (text !== message.content) return excerptOf(text, ranges, " · ");
  const plain = message.kind === "RichText" ? withoutMarks(text, ranges) : { text, ranges };
  return plain.ranges.length === 0 ? null : excerptOf(plain.text, plain.ranges);
}

interface EndProps {
  readonly sought: Seeker;
  /** Nothing was found at all. */
  readonly none: boolean;
  readonly searches: boolean;
  readonly text: string;
  readonly onUnfilter: (() => void) | null;
}

/** What comes behind what is found: more of it, or why there is none, and what can be done about that. */
function End({ sought, none, searches, text, onUnfilter }: EndProps): ReactNode {
  const translator = useTranslator();
  const { t } = translator;
  const [adding, setAdding] = useState(false);
  const { problem, asking, partial, more, hits, load } = sought;
  if (asking && (hits === null || hits.length === 0 || !more)) return <Loading text={t("search.asking")} />;
  if (problem !== null) {
    return (
      <div className="fault" role="alert">
        <p>{problem.is === "offline" ? t("search.offline") : problemText(translator, problem)}</p>
        <button type="button" className="button button--small" onClick={load}>
          {t("action.retry")}
        </button>
      </div>
    );
  }
  return (
    <>
      {partial && (
        <div className="search-pane__partial" role="status">
          <p>{t("search.partial")}</p>
          <button type="button" className="button button--small button--quiet" onClick={load}>
            {more ? t("search.further") : t("action.retry")}
          </button>
        </div>
      )}
      {none && !partial && !more && (
        <Empty icon="search" title={t("search.none")} text={text === "" ? t("search.noneSuch") : t(searches ? "search.noneOf" : "search.noneNamed", { text })}>
          {onUnfilter === null ? (
            <button type="button" className="button button--small" onClick={() => setAdding(true)}>
              {t("search.byAccount")}
            </button>
          ) : (
            <button type="button" className="button button--small" onClick={onUnfilter}>
              {t("search.unfilter")}
            </button>
          )}
        </Empty>
      )}
      {more && !partial && <More key={hits?.length} asking={asking} onSeen={load} />}
      {adding && <AddContactDialog onClose={() => setAdding(false)} />}
    </>
  );
}

/** What is asked for next as soon as the end is near. */
function More({ asking, onSeen }: { asking: boolean; onSeen: () => void }) {
  const { t } = useTranslator();
  const place = useRef<HTMLDivElement>(null);
  const seen = useEffectEvent(onSeen);
  useEffect(() => {
    if (place.current === null || asking) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) seen();
      },
      { rootMargin: "400px" },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [asking]);
  return (
    <div ref={place}>
      <Loading text={t("search.asking")} />
    </div>
  );
}

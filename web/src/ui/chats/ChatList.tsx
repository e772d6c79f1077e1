// The list of chats: search, rows, new chat. While one searches, what is found is in its place.

import { memo, useRef, useState } from "react";

import type { ChatRow } from "../../engine/contract";
import { Face } from "../base/Avatar";
import { chunk } from "../base/chunk";
import { useEngine, useLive, useMe, useNow, useOnline, useTranslator } from "../base/context";
import { dialogChunk } from "../base/dialogChunk";
import { FixedList, type FixedListHandle } from "../base/FixedList";
import { SearchField } from "../base/fields";
import { Icon } from "../base/Icon";
import { goHome } from "../base/layers";
import { whichKey } from "../base/keys";
import { chatHref, endSearch, hrefOf, navigate } from "../base/router";
import { Badge, Empty, Loading } from "../base/small";
import { Words } from "../base/words";
import { happenedText } from "../chat/happened";
import { recalledText } from "../chat/message/Tombstone";
import { previewOf } from "../chat/preview";
import { StateIcon } from "../chat/StateIcon";
import { typingText } from "../chat/typing";
import { countMentions } from "./mentioned";
import { FieldKeys, FOUND, NO_SEARCH, type Search } from "./search";
import "./ChatList.css";

const NewChatDialog = dialogChunk(() => import("./NewChatDialog").then(({ NewChatDialog }) => NewChatDialog));

const SearchPane = chunk(
  () => import("../search/SearchPane").then(({ SearchPane }) => SearchPane),
  () => <Waiting />,
);

const ROW_PX = 72;

export interface ChatListProps {
  readonly selected: number | null;
  readonly searching: boolean;
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
}

export function ChatList({ selected, searching, search, onSearch }: ChatListProps) {
  const engine = useEngine();
  const { t } = useTranslator();
  const chats = useLive(engine.chats);
  const me = useMe();
  const now = useNow();
  const mentions = countMentions(chats);
  const mentionsLabel = mentions === 0 ? t("mentions.title") : `${t("mentions.title")}, ${t("mentions.unread", { count: mentions })}`;
  const [creating, setCreating] = useState(false);
  const list = useRef<FixedListHandle>(null);
  /** The one of what is found that Enter opens. */
  const [active, setActive] = useState<string>();
  const [keys] = useState(() => new FieldKeys());

  const close = (): void => {
    onSearch(NO_SEARCH);
    endSearch();
    goHome();
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const key = whichKey(event, ["close", "down", "up", "pick", "unfilter"]);
    if (key === "close" && searching) close();
    else if (key === "close") goHome();
    else if (key === "down" && !searching) list.current?.focus(0);
    else if (key === null || !searching || (key === "unfilter" && !isAtStart(event.target))) return false;
    else keys.press(key);
    return true;
  };
  return (
    <>
      <header className="list__header" hidden={searching}>
        <h1 className="list__title">{t("chats.title")}</h1>
        <a className="icon-button list__mentions" href={hrefOf({ page: "mentions" })} aria-label={mentionsLabel} title={mentionsLabel}>
          <Icon name="at" size={23} />
          {mentions > 0 && (
            <span className="badge" aria-hidden="true">
              {mentions > 99 ? "99+" : mentions}
            </span>
          )}
        </a>
        <a className="icon-button list__stars" href={hrefOf({ page: "stars" })} aria-label={t("stars.title")} title={t("stars.title")}>
          <Icon name="star" size={23} />
        </a>
        <button
          type="button"
          className="icon-button"
          aria-label={t("chats.new")}
          title={t("chats.new")}
          onClick={() => setCreating(true)}
        >
          <Icon name="compose" size={24} />
        </button>
      </header>
      <div className="list__search">
        {searching && (
          <button type="button" className="icon-button" aria-label={t("nav.back")} onClick={close}>
            <Icon name="back" size={24} />
          </button>
        )}
        <div onClick={() => !searching && navigate({ page: "search" })}>
          <SearchField
            label={t("search.label")}
            value={searching ? search.text : ""}
            onValue={(text) => {
              onSearch({ ...(searching ? search : NO_SEARCH), text });
              if (!searching && text !== "") navigate({ page: "search" });
            }}
            options={{ id: FOUND, active: searching ? active : undefined, onKey }}
          />
        </div>
      </div>
      {searching ? (
        <SearchPane search={search} onSearch={onSearch} onClose={close} onActive={setActive} keys={keys} />
      ) : (
      <div className="list__scroll" data-scroller>
        {chats.length === 0 ? (
          <Empty icon="chats" title={t("chats.empty")} text={t("chats.emptyHint")}>
            <button type="button" className="button button--main" onClick={() => setCreating(true)}>
              {t("chats.new")}
            </button>
          </Empty>
        ) : (
          <FixedList
            items={chats}
            height={ROW_PX}
            label={t("chats.list")}
            keyOf={(row) => row.gid}
            handle={list}
            render={(row) => <ChatListRow row={row} selected={row.gid === selected} meId={me.id} now={now} />}
          />
        )}
      </div>
      )}
      {creating && <NewChatDialog onClose={() => setCreating(false)} />}
    </>
  );
}

/** Whether there is nothing of the text to be erased before the caret. */
function isAtStart(field: EventTarget | null): boolean {
  return field instanceof HTMLInputElement && field.selectionStart === 0 && field.selectionEnd === 0;
}

function Waiting() {
  const { t } = useTranslator();
  return <Loading text={t("app.loading")} />;
}

interface ChatListRowProps {
  readonly row: ChatRow;
  readonly selected: boolean;
  readonly meId: number;
  readonly now: number;
}

const ChatListRow = memo(function ChatListRow({ row, selected, meId, now }: ChatListRowProps) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const online = useOnline(row.partner);
  const { last } = row;
  const own = last !== null && last.uid === meId;
  const title = row.title || t("chats.untitled");
  return (
    <a
      className={selected ? "row row--selected chat-row" : "row chat-row"}
      href={chatHref(row.gid)}
      aria-current={selected ? "page" : undefined}
      draggable={false}
    >
      <Face name={row.title} address={row.avatar} seed={row.avatarSeed} size={50} online={online} />
      <span className="chat-row__text">
        <span className="chat-row__line">
          <span className="row__title ellipsis">
            <Words text={title} />
          </span>
          {online && <span className="hidden">{t("presence.online")}</span>}
          {own && last.recalled === null && <StateIcon state={last.state} label={t(`message.${last.state.is === "read" ? "read" : last.state.is}`)} />}
          {last !== null && (
            <time className="chat-row__time" dateTime={new Date(last.at).toISOString()}>
              {translator.brief(last.at, now)}
            </time>
          )}
        </span>
        <span className="chat-row__line">
          <span className="chat-row__preview ellipsis">
            {row.typing.length > 0 ? (
              <span className="chat-row__typing">{typingText(row.typing, row.single, translator)}</span>
            ) : row.draft.trim() !== "" ? (
              <>
                <span className="chat-row__draft">{t("chats.draft")}</span> <Words text={row.draft.slice(0, 160)} />
              </>
            ) : last === null ? (
              ((row.happened && happenedText([row.happened], meId, translator)) ?? t("chats.noMessages"))
            ) : last.recalled !== null ? (
              <span className="chat-row__recalled">
                {recalledText(last, meId, (uid) => (uid === last.uid ? row.lastSender : engine.user(uid))?.name ?? "", translator)}
              </span>
            ) : (
              <>
                {!row.single && (
                  <span className="chat-row__sender">
                    {own ? t("chats.you") : row.lastSender === null ? "" : t("chats.sender", { name: firstName(row.lastSender.name) })}
                  </span>
                )}
                <Words text={previewOf(last, translator)} />
              </>
            )}
          </span>
          {row.left && <span className="chat-row__left">{t("chats.left")}</span>}
          {row.isNew && <span className="chat-row__new">{t("chats.isNew")}</span>}
          {row.unreadMentions > 0 && (
            <span className="badge chat-row__mention">
              <span aria-hidden="true">@</span>
              <span className="hidden">{t("mentions.unread", { count: row.unreadMentions })}</span>
            </span>
          )}
          <Badge count={row.unread} label={t("chats.unread", { count: row.unread })} />
        </span>
      </span>
    </a>
  );
});

/** Enough to know who: "Anna" of "Anna Becker". */
function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

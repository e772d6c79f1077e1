// The log of a chat: rows, the way back into the past, what is seen, and the way to the newest.

import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { ChatView, Message, User } from "../../engine/contract";
import { useAttention } from "../base/attention";
import { Boundary, Fault } from "../base/Boundary";
import { chunk } from "../base/chunk";
import { useEngine, useLive, useMe, useNow, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { Icon } from "../base/Icon";
import { goHome } from "../base/layers";
import { Badge, Loading } from "../base/small";
import { useMessageActions } from "./actions";
import { useDesk, useOf } from "./desk";
import { FOUND_MS, jumpToMention } from "./jumping";
import { useHand } from "./message/hand";
import { FOLDED_LINES, lineWidth } from "./folding";
import { preloadMedia } from "./media";
import { Played } from "./media/Played";
import { Source } from "./MessageBody";
import { MessageRow } from "./MessageRow";
import { previewOf } from "./preview";
import type { Landmark } from "./layout";
import { arrive, leaveAt } from "./leftAt";
import { happenedText } from "./happened";
import { buildRows, type LogRow, rowKeyOf, type Rows } from "./rows";
import { useSelecting } from "./selecting";
import { type View, VirtualLog, type VirtualLogHandle } from "./VirtualLog";
import "./MessageList.css";

// Not needed before the first messages are seen.
const MessageMenu = chunk(
  () => import("./message/MessageMenu").then((loaded) => loaded.MessageMenu),
  null,
  (retry) => <MenuFault onRetry={retry} />,
);

/** So near the top, what is older is asked for. */
const AHEAD_PX = 2000;

/** So near the end of a part in the middle of the chat, what follows is asked for. */
const BELOW_PX = 2000;

export const MessageList = memo(function MessageList({ view, active }: { view: ChatView; active: boolean }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, single } = view.group;
  const { messages, happenings, dividerSeq, older, newer, quotes, member, unreadMentions } = view;
  const desk = useDesk();
  const actions = useMessageActions();

  const built = useRef<Rows>(null);
  const rows = useMemo(() => {
    built.current = buildRows(messages, dividerSeq, older === "none", built.current, happenings);
    return built.current.rows;
  }, [messages, happenings, dividerSeq, older]);

  // Only the ones that changed make rows render anew.
  const people = usePeople(view);
  const now = useNow();
  const handle = useRef<VirtualLogHandle>(null);
  const [seenView, setSeenView] = useState<View | null>(null);
  const attentive = useAttention();

  const onResend = useCallback((key: string) => engine.resend(gid, key), [engine, gid]);
  const onDiscard = useCallback((key: string) => engine.discard(gid, key), [engine, gid]);
  const onRetry = useCallback(() => engine.loadOlder(gid), [engine, gid]);
  const onView = useCallback(
    (next: View) => {
      leaveAt(gid, next.anchor);
      setSeenView(next);
    },
    [gid],
  );

  // More of the past, before it is needed.
  const nearTop = seenView !== null && seenView.pixelsAbove < AHEAD_PX;
  const loaded = messages.length;
  useEffect(() => {
    if (nearTop && older === "some") engine.loadOlder(gid);
  }, [engine, gid, nearTop, older, loaded]);

  const nearEnd = seenView !== null && seenView.pixelsBelow < BELOW_PX;
  useEffect(() => {
    if (nearEnd && newer === "some") engine.loadNewer(gid);
  }, [engine, gid, nearEnd, newer, loaded]);

  // What could not be had is asked for again when the network is back.
  const online = useOf(engine.connection, ({ is }) => is === "online");
  const wasOnline = useRef(online);
  useEffect(() => {
    if (online && !wasOnline.current && newer === "failed") engine.loadNewer(gid);
    wasOnline.current = online;
  }, [engine, gid, online, newer]);

  useEffect(() => engine.looking(gid, attentive && active), [engine, gid, attentive, active]);

  // What is on the screen while somebody looks is seen.
  const reported = useRef(0);
  useEffect(() => {
    if (!attentive || !active || seenView === null) return;
    for (let at = Math.min(seenView.lastWhole, rows.length - 1); at >= seenView.first; at--) {
      const row = rows[at];
      if (row?.kind !== "message") continue;
      const seq = (row.album?.at(-1) ?? row.message).seq;
      if (seq === null) continue;
      if (seq > reported.current) {
        reported.current = seq;
        engine.seen(gid, seq);
      }
      return;
    }
  }, [engine, gid, attentive, active, seenView, rows]);

  const [start] = useState(() => arrive(gid, dividerSeq !== null));
  const newestSeq = messages.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  /** Nobody has looked at anything below it yet, and nobody does now. */
  const unseen = !attentive && dividerSeq !== null && dividerSeq > newestSeq - view.unread;
  const landmark = useMemo((): Landmark => ({ key: "divider", holds: unseen }), [unseen]);

  const whole = newer === "none";
  const toBottom = useCallback(() => handle.current?.toBottom(), []);
  /** From a part in the middle of the chat, the newest messages are to be loaded first. */
  const leaving = useRef(false);
  const toNewest = (): void => {
    if (!whole) engine.toNewest(gid);
    leaving.current = !whole;
    toBottom();
    goHome();
  };
  useEffect(() => {
    if (!whole || !leaving.current) return;
    leaving.current = false;
    toBottom();
  }, [whole, messages, toBottom]);

  // What was looked for is shown as soon as it is there.
  const wanted = useLive(desk.wanted);
  useEffect(() => {
    const row = wanted === null ? null : rowKeyOf(rows, wanted);
    if (row === null || handle.current?.toRow(row) !== true) return undefined;
    desk.wanted.set(null);
    desk.found.set(wanted);
    return undefined;
  }, [desk, wanted, rows]);
  const found = useLive(desk.found);
  useEffect(() => {
    if (found === null) return undefined;
    const timer = setTimeout(() => desk.found.set(null), FOUND_MS);
    return () => clearTimeout(timer);
  }, [desk, found]);
  // One's own new message is always shown.
  const newest = messages.at(-1);
  const newestOwn = newest !== undefined && newest.uid === me.id ? newest.key : null;
  const lastOwn = useRef(newestOwn);
  useEffect(() => {
    if (newestOwn !== null && newestOwn !== lastOwn.current && newest?.state.is === "sending") toBottom();
    lastOwn.current = newestOwn;
  }, [newestOwn, newest, toBottom]);

  useEffect(preloadMedia, []);
  const answered = useAnswered(messages);
  const render = useCallback(
    (row: LogRow) => {
      switch (row.kind) {
        case "top":
          return <TopRow older={older} empty={loaded === 0} onRetry={onRetry} />;
        case "day":
          return (
            <p className="log__day">
              <time dateTime={new Date(row.at).toISOString().slice(0, 10)}>{translator.day(row.at, now)}</time>
            </p>
          );
        case "happened": {
          const text = happenedText(row.line, me.id, translator);
          return text === null ? null : <p className="log__happened">{text}</p>;
        }
        case "divider":
          return (
            <p className="log__divider" role="separator" aria-label={t("chat.newMessages")}>
              <span>{t("chat.newMessages")}</span>
            </p>
          );
        case "message":
          return (
            <Boundary of={row.message} fallback={() => <Source content={row.message.content} />}>
              <MessageRow
                message={row.message}
                album={row.album}
                first={row.first}
                last={row.last}
                meta={row.meta}
                own={row.message.uid === me.id}
                sender={people.get(row.message.uid) ?? null}
                single={single}
                member={member}
                quoted={row.message.replyTo === null ? undefined : (answered.get(row.message.replyTo) ?? quotes.get(row.message.replyTo))}
                onResend={onResend}
                onDiscard={onDiscard}
              />
            </Boundary>
          );
      }
    },
    [older, loaded, onRetry, translator, now, t, me.id, people, single, member, answered, quotes, onResend, onDiscard],
  );

  const list = useRef<HTMLDivElement>(null);
  const held = useSelecting({ list, messages, people, me, translator });
  useHand(list, desk, actions);

  const away = seenView !== null && !(whole && seenView.atBottom);
  return (
    <div ref={list} className="message-list">
      <VirtualLog
        rows={rows}
        guess={guessHeight}
        render={render}
        placeOf={placeOf}
        landmark={landmark}
        held={held}
        label={t("chat.log", { title: view.title })}
        whole={whole}
        start={start}
        onView={onView}
        handle={handle}
      />
      {newer === "failed" && (
        <p className="message-list__below" role="alert">
          {t("chat.newerFailed")}
          <button type="button" className="button button--small button--quiet" onClick={() => engine.loadNewer(gid)}>
            {t("action.retry")}
          </button>
        </p>
      )}
      {away && (
        <button
          type="button"
          className="message-list__jump"
          aria-label={view.unread > 0 ? t("chat.jumpCount", { count: view.unread }) : t("chat.jump")}
          onClick={toNewest}
        >
          <Icon name="down" size={24} />
          <span className="message-list__count" aria-hidden="true">
            <Badge count={view.unread} label="" />
          </span>
        </button>
      )}
      {unreadMentions > 0 && (
        <button
          type="button"
          className={away ? "message-list__jump message-list__jump--above" : "message-list__jump"}
          aria-label={t("mentions.next", { count: unreadMentions })}
          title={t("mentions.next", { count: unreadMentions })}
          onClick={() => void jumpToMention(desk, translator)}
        >
          <Icon name="at" size={24} />
          <span className="message-list__count" aria-hidden="true">
            <Badge count={unreadMentions} label="" />
          </span>
        </button>
      )}
      <Played />
      <MessageMenu messages={messages} />
      <Arrivals view={view} people={people} />
    </div>
  );
});

/** There is no menu: that is said to whoever wants one. */
function MenuFault({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslator();
  const desk = useDesk();
  const wanted = useOf(desk.menu, (menu) => menu !== null);
  if (!wanted) return null;
  return (
    <Dialog title={t("act.label")} onClose={() => desk.menu.set(null)}>
      <Fault onRetry={onRetry} />
    </Dialog>
  );
}

function TopRow({ older, empty, onRetry }: { older: ChatView["older"]; empty: boolean; onRetry: () => void }) {
  const { t } = useTranslator();
  if (older === "failed") {
    return (
      <p className="log__top">
        {t("chat.olderFailed")}
        <button type="button" className="button button--small button--quiet" onClick={onRetry}>
          {t("action.retry")}
        </button>
      </p>
    );
  }
  if (older === "none") return <p className="log__top">{empty ? t("chat.empty") : t("chat.start")}</p>;
  return <Loading text={t("chat.loadingOlder")} />;
}

/** Reads out what arrives while the chat is open. Of many at once, the newest. */
function Arrivals({ view, people }: { view: ChatView; people: ReadonlyMap<number, User> }) {
  const me = useMe();
  const translator = useTranslator();
  const newest = view.messages.findLast((message) => message.seq !== null);
  const known = useRef(newest?.seq ?? 0);
  const [said, setSaid] = useState<{ readonly key: string; readonly text: string } | null>(null);
  useEffect(() => {
    if (newest?.seq === undefined || newest.seq === null || newest.seq <= known.current) return;
    known.current = newest.seq;
    if (newest.uid === me.id) return;
    const name = people.get(newest.uid)?.name ?? translator.t("chat.someone");
    setSaid({ key: newest.key, text: translator.t("chat.arrived", { name, text: previewOf(newest, translator) }) });
  }, [newest, me.id, people, translator]);
  // What is taken back is gone from here as well.
  const still = said !== null && view.messages.findLast(({ key }) => key === said.key)?.recalled === null;
  return (
    <p className="hidden" aria-live="polite">
      {still && said.text}
    </p>
  );
}

/** What is answered and loaded anyway; the others are among the quotes. The same map as long as none of it changed. */
function useAnswered(messages: readonly Message[]): ReadonlyMap<number, Message> {
  const known = useRef<ReadonlyMap<number, Message>>(new Map());
  return useMemo(() => {
    const wanted = new Set<number>();
    for (const { replyTo } of messages) if (replyTo !== null) wanted.add(replyTo);
    const found = wanted.size === 0 ? [] : messages.filter(({ id }) => id !== null && wanted.has(id));
    const old = known.current;
    const same = found.length === old.size && found.every((each) => each.id !== null && old.get(each.id) === each);
    if (!same) known.current = new Map(found.flatMap((each) => (each.id === null ? [] : [[each.id, each] as const])));
    return known.current;
  }, [messages]);
}

/** Who is who in the chat: the same map as long as nobody changed. */
function usePeople({ members, writers }: ChatView): ReadonlyMap<number, User> {
  const known = useRef<ReadonlyMap<number, User>>(new Map());
  return useMemo(() => {
    const old = known.current;
    const people = [...members.map(({ user }) => user), ...writers];
    const same = people.every((user) => old.get(user.id) === user);
    // Those who left are kept: what they wrote stays.
    if (!same) known.current = new Map([...old, ...people.map((user) => [user.id, user] as const)]);
    return known.current;
  }, [members, writers]);
}

/** The rest comes and goes: the first row always is the top, and a day stands above the first message we have of it. */
function placeOf(row: LogRow): number | null {
  // What is being sent comes last.
  return row.kind === "message" ? (row.message.seq ?? Infinity) : null;
}

/** Before a row is measured: near enough that the scroll bar does not jump. */
function guessHeight(row: LogRow): number {
  switch (row.kind) {
    case "top":
      return 54;
    case "day":
      return 44;
    case "divider":
      return 42;
    case "happened":
      return 34;
    case "message": {
      const { kind, content, reactions, replyTo, forwarded, recalled } = row.message;
      const base = (row.first ? 43 : 37) + (reactions.length > 0 ? 33 : 0) + (replyTo === null ? 0 : 50) + (forwarded === null ? 0 : 20);
      if (recalled !== null) return row.first ? 43 : 37;
      if (kind === "Image" || kind === "Video") return base + (row.album === null ? 210 : 350);
      if (kind !== "Text" && kind !== "RichText") return base + 50;
      const text = content.slice(0, 4000);
      const breaks = text.split("\n").length - 1;
      const lines = breaks + Math.floor(text.length / lineWidth(innerWidth < 760));
      return base + 22 * Math.min(lines, FOLDED_LINES + 1);
    }
  }
}

// The log of a chat: rows, the way back into the past, what is seen, and the way to the newest.

import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { ChatView, User } from "../../engine/contract";
import { useAttention } from "../base/attention";
import { Boundary } from "../base/Boundary";
import { useEngine, useMe, useNow, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { goHome } from "../base/layers";
import { Badge, Loading } from "../base/small";
import { FOLDED_LINES, lineWidth } from "./folding";
import { Source } from "./MessageBody";
import { MessageRow } from "./MessageRow";
import { previewOf } from "./preview";
import type { Landmark } from "./layout";
import { arrive, leaveAt } from "./leftAt";
import { happenedText } from "./happened";
import { buildRows, type LogRow, type Rows } from "./rows";
import { useSelecting } from "./selecting";
import { type View, VirtualLog, type VirtualLogHandle } from "./VirtualLog";
import "./MessageList.css";

/** So near the top, what is older is asked for. */
const AHEAD_PX = 2000;

export const MessageList = memo(function MessageList({ view, active }: { view: ChatView; active: boolean }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, single } = view.group;
  const { messages, happenings, dividerSeq, older } = view;

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

  useEffect(() => engine.looking(gid, attentive && active), [engine, gid, attentive, active]);

  // What is on the screen while somebody looks is seen.
  const reported = useRef(0);
  useEffect(() => {
    if (!attentive || !active || seenView === null) return;
    for (let at = Math.min(seenView.lastWhole, rows.length - 1); at >= seenView.first; at--) {
      const row = rows[at];
      if (row?.kind !== "message" || row.message.seq === null) continue;
      if (row.message.seq > reported.current) {
        reported.current = row.message.seq;
        engine.seen(gid, row.message.seq);
      }
      return;
    }
  }, [engine, gid, attentive, active, seenView, rows]);

  const [start] = useState(() => arrive(gid, dividerSeq !== null));
  const newestSeq = messages.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  /** Nobody has looked at anything below it yet, and nobody does now. */
  const unseen = !attentive && dividerSeq !== null && dividerSeq > newestSeq - view.unread;
  const landmark = useMemo((): Landmark => ({ key: "divider", holds: unseen }), [unseen]);

  const toBottom = useCallback(() => handle.current?.toBottom(), []);
  // One's own new message is always shown.
  const newest = messages.at(-1);
  const newestOwn = newest !== undefined && newest.uid === me.id ? newest.key : null;
  const lastOwn = useRef(newestOwn);
  useEffect(() => {
    if (newestOwn !== null && newestOwn !== lastOwn.current && newest?.state.is === "sending") toBottom();
    lastOwn.current = newestOwn;
  }, [newestOwn, newest, toBottom]);

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
                first={row.first}
                last={row.last}
                meta={row.meta}
                own={row.message.uid === me.id}
                sender={people.get(row.message.uid) ?? null}
                single={single}
                onResend={onResend}
                onDiscard={onDiscard}
              />
            </Boundary>
          );
      }
    },
    [older, loaded, onRetry, translator, now, t, me.id, people, single, onResend, onDiscard],
  );

  const list = useRef<HTMLDivElement>(null);
  const held = useSelecting({ list, messages, people, me, translator });

  const away = seenView !== null && !seenView.atBottom;
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
        start={start}
        onView={onView}
        handle={handle}
      />
      {away && (
        <button
          type="button"
          className="message-list__jump"
          aria-label={view.unread > 0 ? t("chat.jumpCount", { count: view.unread }) : t("chat.jump")}
          onClick={() => {
            toBottom();
            goHome();
          }}
        >
          <Icon name="down" size={24} />
          <span className="message-list__count" aria-hidden="true">
            <Badge count={view.unread} label="" />
          </span>
        </button>
      )}
      <Arrivals view={view} people={people} />
    </div>
  );
});

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
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (newest?.seq === undefined || newest.seq === null || newest.seq <= known.current) return;
    known.current = newest.seq;
    if (newest.uid === me.id) return;
    const name = people.get(newest.uid)?.name ?? translator.t("chat.someone");
    setSaid(translator.t("chat.arrived", { name, text: previewOf(newest, translator) }));
  }, [newest, me.id, people, translator]);
  return (
    <p className="hidden" aria-live="polite">
      {said}
    </p>
  );
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
      const base = row.first ? 43 : 37;
      const { kind, content } = row.message;
      if (kind === "Image" || kind === "Video") return base + 210;
      if (kind !== "Text" && kind !== "RichText") return base + 50;
      const text = content.slice(0, 4000);
      const breaks = text.split("\n").length - 1;
      const lines = breaks + Math.floor(text.length / lineWidth(innerWidth < 760));
      return base + 22 * Math.min(lines, FOLDED_LINES + 1);
    }
  }
}

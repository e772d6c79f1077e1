// What narrows a search down, as chips: who wrote it, in which chat, what it has, and when.

import { useMemo, useState } from "react";

import type { Holding, SearchFilter } from "../../engine/contract";
import { Face } from "../base/Avatar";
import { useEngine, useLive, useMe, useNow, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { SearchField } from "../base/fields";
import { FixedList } from "../base/FixedList";
import { Icon, type IconName } from "../base/Icon";
import { PERSON_PX, Person } from "../base/people";
import { useReadings } from "../base/readings";
import { Words } from "../base/words";
import { dayOf, daysText, fromDay, type Days, nextDay, PERIODS, periodOf } from "./days";
import { chatsFound, peopleFound } from "./names";
import "../base/PeoplePicker.css";
import "./Filters.css";

const HOLDINGS = ["link", "image", "video", "audio", "file"] as const satisfies readonly Holding[];
export const HOLDING_ICONS = { link: "link", image: "image", video: "film", audio: "sound", file: "file" } as const satisfies Record<Holding, IconName>;
const OFFERS = { from: "person", in: "chats", has: "clip", date: "clock" } as const satisfies Record<string, IconName>;
type Offer = keyof typeof OFFERS;

export interface FiltersProps {
  readonly filter: SearchFilter;
  readonly onFilter: (filter: SearchFilter) => void;
}

export function Filters({ filter, onFilter }: FiltersProps) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const [asking, setAsking] = useState<Offer | null>(null);
  const { gid, uid, has = [], after, before, ...rest } = filter;
  const title = engine.chats.get().find((row) => row.gid === gid)?.title ?? "";
  const change = (next: SearchFilter): void => onFilter(plain({ ...filter, ...next }));
  const chips: { readonly key: string; readonly icon: IconName; readonly text: string; readonly left: SearchFilter }[] = [];
  if (uid !== undefined) {
    const text = uid === me.id ? t("search.fromMe") : t("search.fromWho", { name: engine.user(uid)?.name ?? t("chat.someone") });
    chips.push({ key: "from", icon: OFFERS.from, text, left: { ...rest, ...plain({ gid, has, after, before }) } });
  }
  if (gid !== undefined) {
    chips.push({ key: "in", icon: OFFERS.in, text: t("search.inChat", { name: title || t("chats.untitled") }), left: { ...rest, ...plain({ uid, has, after, before }) } });
  }
  for (const each of has) {
    const others = has.filter((other) => other !== each);
    chips.push({ key: each, icon: HOLDING_ICONS[each], text: t(`search.${each}`), left: { ...rest, ...plain({ gid, uid, has: others, after, before }) } });
  }
  if (after !== undefined || before !== undefined) {
    chips.push({ key: "date", icon: OFFERS.date, text: daysText({ after, before }, translator), left: { ...rest, ...plain({ gid, uid, has }) } });
  }
  const isSet: Record<Offer, boolean> = { from: uid !== undefined, in: gid !== undefined, has: has.length === HOLDINGS.length, date: after !== undefined || before !== undefined };
  const done = (next: SearchFilter): void => {
    setAsking(null);
    change(next);
  };
  const close = (): void => setAsking(null);
  return (
    <div className="filters" role="group" aria-label={t("search.filters")}>
      {chips.map(({ key, icon, text, left }) => (
        <button key={key} type="button" className="filters__chip filters__chip--set" aria-label={t("search.remove", { filter: text })} onClick={() => onFilter(left)}>
          <Icon name={icon} size={16} />
          <span className="ellipsis">
            <Words text={text} />
          </span>
          <Icon name="close" size={14} />
        </button>
      ))}
      {(Object.keys(OFFERS) as Offer[])
        .filter((offer) => !isSet[offer])
        .map((offer) => (
          <button key={offer} type="button" className="filters__chip" aria-haspopup="dialog" onClick={() => setAsking(offer)}>
            <Icon name={OFFERS[offer]} size={16} />
            {t(`search.${offer}`)}
          </button>
        ))}
      {asking === "from" && <Who onClose={close} onWho={(who) => done({ uid: who })} />}
      {asking === "in" && <Where onClose={close} onWhere={(where) => done({ gid: where })} />}
      {asking === "has" && <What has={has} onClose={close} onHas={(next) => change({ has: next })} />}
      {asking === "date" && <When onClose={close} onDays={done} />}
    </div>
  );
}

/** Without what asks for nothing: the same filter is written the same. */
function plain(filter: { readonly [K in keyof SearchFilter]: SearchFilter[K] | undefined }): SearchFilter {
  const { gid, uid, has, after, before } = filter;
  return {
    ...(gid !== undefined && { gid }),
    ...(uid !== undefined && { uid }),
    ...(has !== undefined && has.length > 0 && { has }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
  };
}

function Who({ onClose, onWho }: { onClose: () => void; onWho: (uid: number) => void }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const [search, setSearch] = useState("");
  const byReading = useReadings(/[a-z]/i.test(search));
  const [people] = useState(() => [me, ...[...engine.people()].sort((a, b) => translator.compare(a.name, b.name))]);
  const shown = search.trim() === "" ? people : peopleFound(people, search, byReading);
  return (
    <Dialog title={t("search.from")} onClose={onClose}>
      <div className="people">
        <SearchField label={t("search.people")} value={search} onValue={setSearch} onEnter={() => shown[0] !== undefined && onWho(shown[0].id)} />
        <div className="people__scroll" data-scroller>
          {shown.length === 0 && <p className="people__empty">{t("search.none")}</p>}
          <FixedList
            items={shown}
            height={PERSON_PX}
            label={t("search.people")}
            keyOf={(user) => user.id}
            render={(user) => (
              <button type="button" className="people__row" onClick={() => onWho(user.id)}>
                <Person user={user.id === me.id ? { ...me, name: t("search.me", { name: me.name }) } : user} />
              </button>
            )}
          />
        </div>
      </div>
    </Dialog>
  );
}

function Where({ onClose, onWhere }: { onClose: () => void; onWhere: (gid: number) => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const chats = useLive(engine.chats);
  const [search, setSearch] = useState("");
  const byReading = useReadings(/[a-z]/i.test(search));
  const shown = useMemo(
    () => (search.trim() === "" ? chats : chatsFound(chats, (uid) => engine.user(uid)?.account ?? "", search, byReading)),
    [chats, engine, search, byReading],
  );
  return (
    <Dialog title={t("search.in")} onClose={onClose}>
      <div className="people">
        <SearchField label={t("chats.search")} value={search} onValue={setSearch} onEnter={() => shown[0] !== undefined && onWhere(shown[0].gid)} />
        <div className="people__scroll" data-scroller>
          {shown.length === 0 && <p className="people__empty">{t("search.none")}</p>}
          <FixedList
            items={shown}
            height={PERSON_PX}
            label={t("chats.list")}
            keyOf={(row) => row.gid}
            render={(row) => (
              <button type="button" className="people__row" onClick={() => onWhere(row.gid)}>
                <Face name={row.title} address={row.avatar} seed={row.avatarSeed} size={38} online={false} />
                <span className="lines">
                  <span className="ellipsis">
                    <Words text={row.title || t("chats.untitled")} />
                  </span>
                </span>
              </button>
            )}
          />
        </div>
      </div>
    </Dialog>
  );
}

function What({ has, onClose, onHas }: { has: readonly Holding[]; onClose: () => void; onHas: (has: readonly Holding[]) => void }) {
  const { t } = useTranslator();
  const toggle = (each: Holding): void => onHas(HOLDINGS.filter((one) => (one === each ? !has.includes(one) : has.includes(one))));
  return (
    <Dialog
      title={t("search.has")}
      onClose={onClose}
      actions={
        <button type="button" className="button button--main" onClick={onClose}>
          {t("action.done")}
        </button>
      }
    >
      <div className="filters__choices">
        {HOLDINGS.map((each, at) => (
          <button
            key={each}
            type="button"
            role="checkbox"
            className="people__row filters__choice"
            data-begin={at === 0 ? "" : undefined}
            aria-checked={has.includes(each)}
            onClick={() => toggle(each)}
          >
            <Icon name={HOLDING_ICONS[each]} size={22} />
            <span className="lines">{t(`search.${each}`)}</span>
            <span className="people__box">{has.includes(each) && <Icon name="check" size={16} />}</span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}

function When({ onClose, onDays }: { onClose: () => void; onDays: (days: Days) => void }) {
  const { t } = useTranslator();
  const now = useNow();
  const [first, setFirst] = useState("");
  const [last, setLast] = useState("");
  const [from, to] = [fromDay(first), fromDay(last)];
  const wrong = from !== null && to !== null && from > to;
  const save = (): void => {
    if (wrong || (from === null && to === null)) return;
    onDays({ ...(from !== null && { after: from }), ...(to !== null && { before: nextDay(to) }) });
  };
  return (
    <Dialog
      title={t("search.date")}
      onClose={onClose}
      onSubmit={save}
      actions={
        <button type="submit" className="button button--main" disabled={wrong || (from === null && to === null)}>
          {t("action.save")}
        </button>
      }
    >
      <div className="filters__periods" role="group" aria-label={t("schedule.offers")}>
        {PERIODS.map((each, at) => (
          <button key={each} type="button" className="button button--small" data-begin={at === 0 ? "" : undefined} onClick={() => onDays(periodOf(each, now))}>
            {t(`search.${each}`)}
          </button>
        ))}
      </div>
      <div className="filters__days">
        <DayField label={t("search.firstDay")} value={first} most={last || dayOf(now)} onValue={setFirst} />
        <DayField label={t("search.lastDay")} value={last} least={first} most={dayOf(now)} onValue={setLast} />
      </div>
      {wrong && (
        <p className="field__error" role="alert">
          {t("search.wrongDays")}
        </p>
      )}
    </Dialog>
  );
}

function DayField({ label, value, least, most, onValue }: { label: string; value: string; least?: string; most: string; onValue: (value: string) => void }) {
  return (
    <label className="field">
      <span className="field__label">{label}</span>
      <span className="field__box">
        <input type="date" className="field__input" value={value} min={least} max={most} onChange={(event) => onValue(event.target.value)} />
      </span>
    </label>
  );
}

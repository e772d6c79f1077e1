// What narrows a search down, as chips: who wrote it, in which chat, what it has, and when.

import { useMemo, useState } from "react";
import { flushSync } from "react-dom";

import type { Holding, SearchFilter } from "../../engine/contract";
import { useEngine, useMe, useNow, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { Icon } from "../base/Icon";
import { useChatsFound, usePeopleFound } from "../base/found";
import { Person } from "../base/people";
import { ChatName, Choice, Picker } from "../base/Picker";
import { Words } from "../base/words";
import { changed, type Offer, OFFERS, useChips, VALUE_ICONS } from "./chips";
import { dayOf, fromDay, type Days, nextDay, PERIODS, periodOf } from "./days";
import { goToField } from "./field";
import { HOLDINGS } from "./operators";
import "./Filters.css";

export interface FiltersProps {
  readonly filter: SearchFilter;
  readonly onFilter: (filter: SearchFilter) => void;
}

export function Filters({ filter, onFilter }: FiltersProps) {
  const { t } = useTranslator();
  const [asking, setAsking] = useState<Offer | null>(null);
  const chips = useChips(filter);
  const { gid, uid, has = [], after, before } = filter;
  const change = (next: SearchFilter): void => onFilter(changed(filter, next));
  const isSet: Record<Offer, boolean> = { from: uid !== undefined, in: gid !== undefined, has: has.length === HOLDINGS.length, date: after !== undefined || before !== undefined };
  const done = (next: SearchFilter): void => {
    flushSync(() => {
      setAsking(null);
      change(next);
    });
    // What it was chosen from may be gone, and the composer is not where one goes on.
    goToField();
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
      <p className="hidden" role="status">
        {chips.map(({ text }) => text).join(", ")}
      </p>
      {asking === "from" && <Who onClose={close} onWho={(who) => done({ uid: who })} />}
      {asking === "in" && <Where onClose={close} onWhere={(where) => done({ gid: where })} />}
      {asking === "has" && <What has={has} onClose={() => done({})} onHas={(next) => change({ has: next })} />}
      {asking === "date" && <When onClose={close} onDays={done} />}
    </div>
  );
}

function Who({ onClose, onWho }: { onClose: () => void; onWho: (uid: number) => void }) {
  const engine = useEngine();
  const me = useMe();
  const { t } = useTranslator();
  const [search, setSearch] = useState("");
  const [others] = useState(() => engine.people());
  const found = usePeopleFound(others, search);
  const own = usePeopleFound(useMemo(() => [me], [me]), search);
  return (
    <Dialog title={t("search.from")} onClose={onClose}>
      <div className="people">
        <Picker
          items={useMemo(() => [...own, ...found], [own, found])}
          label={t("search.people")}
          searchLabel={t("search.people")}
          search={search}
          onSearch={setSearch}
          onFirst={(user) => onWho(user.id)}
          empty={t("search.none")}
          keyOf={(user) => user.id}
          render={(user) => (
            <button type="button" className="people__row" onClick={() => onWho(user.id)}>
              <Person user={user.id === me.id ? { ...me, name: t("search.me", { name: me.name }) } : user} />
            </button>
          )}
        />
      </div>
    </Dialog>
  );
}

function Where({ onClose, onWhere }: { onClose: () => void; onWhere: (gid: number) => void }) {
  const { t } = useTranslator();
  const [search, setSearch] = useState("");
  return (
    <Dialog title={t("search.in")} onClose={onClose}>
      <div className="people">
        <Picker
          items={useChatsFound(search)}
          label={t("chats.list")}
          searchLabel={t("chats.search")}
          search={search}
          onSearch={setSearch}
          onFirst={(row) => onWhere(row.gid)}
          empty={t("search.none")}
          keyOf={(row) => row.gid}
          render={(row) => (
            <button type="button" className="people__row" onClick={() => onWhere(row.gid)}>
              <ChatName row={row} />
            </button>
          )}
        />
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
          <Choice key={each} begins={at === 0} chosen={has.includes(each)} onToggle={() => toggle(each)}>
            <Icon name={VALUE_ICONS[each]} size={22} />
            <span className="lines">{t(`search.${each}`)}</span>
          </Choice>
        ))}
      </div>
    </Dialog>
  );
}

export function When({ onClose, onDays }: { onClose: () => void; onDays: (days: Days) => void }) {
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

// Choosing some of one's contacts.

import { useMemo, useState } from "react";

import type { User } from "../../engine/contract";
import { Avatar } from "./Avatar";
import { useTranslator } from "./context";
import { FixedList } from "./FixedList";
import { SearchField } from "./fields";
import { Icon } from "./Icon";
import { matches } from "./text";
import "./PeoplePicker.css";

export interface PeoplePickerProps {
  readonly people: readonly User[];
  readonly chosen: ReadonlySet<number>;
  readonly onChosen: (chosen: ReadonlySet<number>) => void;
  readonly empty: string;
}

const ROW_PX = 54;

export function PeoplePicker({ people, chosen, onChosen, empty }: PeoplePickerProps) {
  const translator = useTranslator();
  const { t } = translator;
  const [search, setSearch] = useState("");
  const shown = useMemo(
    () =>
      people
        .filter((user) => matches(`${user.name} ${user.account}`, search))
        .sort((a, b) => translator.compare(a.name, b.name)),
    [people, search, translator],
  );
  const toggle = (id: number): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChosen(next);
  };
  if (people.length === 0) return <p className="people__empty">{empty}</p>;
  return (
    <div className="people">
      {chosen.size > 0 && (
        <ul className="plain people__chosen" aria-label={t("newGroup.selected", { count: chosen.size })}>
          {people
            .filter((user) => chosen.has(user.id))
            .map((user) => (
              <li key={user.id}>
                <button
                  type="button"
                  className="people__chip"
                  onClick={() => toggle(user.id)}
                >
                  <Avatar name={user.name} address={user.avatar} seed={user.id} size={24} />
                  <span className="ellipsis" aria-hidden="true">
                    {user.name}
                  </span>
                  <span className="hidden">{t("newGroup.deselect", { name: user.name })}</span>
                  <Icon name="close" size={14} />
                </button>
              </li>
            ))}
        </ul>
      )}
      <SearchField label={t("contacts.search")} value={search} onValue={setSearch} />
      <div className="people__scroll" data-scroller>
        {shown.length === 0 ? (
          <p className="people__empty">{t("contacts.nothingFound", { text: search })}</p>
        ) : (
          <FixedList
            items={shown}
            height={ROW_PX}
            label={t("contacts.list")}
            keyOf={(user) => user.id}
            render={(user) => (
              <button
                type="button"
                role="checkbox"
                className="people__row"
                aria-checked={chosen.has(user.id)}
                onClick={() => toggle(user.id)}
              >
                <Avatar name={user.name} address={user.avatar} seed={user.id} size={38} />
                <span className="people__names">
                  <span className="ellipsis">{user.name}</span>
                  <span className="people__account ellipsis">@{user.account}</span>
                </span>
                <span className="people__box">{chosen.has(user.id) && <Icon name="check" size={16} />}</span>
              </button>
            )}
          />
        )}
      </div>
    </div>
  );
}

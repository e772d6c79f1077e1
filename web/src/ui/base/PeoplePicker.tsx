// Choosing some of one's contacts.

import { useState } from "react";

import type { User } from "../../engine/contract";
import { Avatar } from "./Avatar";
import { useTranslator } from "./context";
import { Icon } from "./Icon";
import { usePeopleFound } from "./found";
import { Person } from "./people";
import { Choice, Picker, toggled } from "./Picker";
import { Words } from "./words";

export interface PeoplePickerProps {
  readonly people: readonly User[];
  readonly chosen: ReadonlySet<number>;
  readonly onChosen: (chosen: ReadonlySet<number>) => void;
  readonly empty: string;
}

export function PeoplePicker({ people, chosen, onChosen, empty }: PeoplePickerProps) {
  const { t } = useTranslator();
  const [search, setSearch] = useState("");
  const shown = usePeopleFound(people, search);
  const toggle = (id: number): void => onChosen(toggled(chosen, id));
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
                    <Words text={user.name} />
                  </span>
                  <span className="hidden">{t("newGroup.deselect", { name: user.name })}</span>
                  <Icon name="close" size={14} />
                </button>
              </li>
            ))}
        </ul>
      )}
      <Picker
        items={shown}
        label={t("contacts.list")}
        searchLabel={t("contacts.search")}
        search={search}
        onSearch={setSearch}
        empty={t("contacts.nothingFound", { text: search })}
        keyOf={(user) => user.id}
        render={(user) => (
          <Choice chosen={chosen.has(user.id)} onToggle={() => toggle(user.id)}>
            <Person user={user} />
          </Choice>
        )}
      />
    </div>
  );
}

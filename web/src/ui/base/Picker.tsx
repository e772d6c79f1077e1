// A list to choose from, with a search above it.

import type { ReactNode } from "react";

import type { ChatRow } from "../../engine/contract";
import { Face } from "./Avatar";
import { useTranslator } from "./context";
import { FixedList } from "./FixedList";
import { SearchField } from "./fields";
import { Icon } from "./Icon";
import { PERSON_PX } from "./people";
import { Words } from "./words";
import "./PeoplePicker.css";

export interface PickerProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => number;
  /** Height of a row: that of a person. */
  readonly render: (item: T) => ReactNode;
  /** What the list is called. */
  readonly label: string;
  readonly searchLabel: string;
  readonly search: string;
  readonly onSearch: (search: string) => void;
  /** Enter takes the first. */
  readonly onFirst?: (item: T) => void;
  /** Said where there is nothing. */
  readonly empty: string;
}

export function Picker<T>({ items, keyOf, render, label, searchLabel, search, onSearch, onFirst, empty }: PickerProps<T>) {
  const [first] = items;
  return (
    <>
      <SearchField label={searchLabel} value={search} onValue={onSearch} onEnter={() => first !== undefined && onFirst?.(first)} />
      <div className="people__scroll" data-scroller>
        {first === undefined ? (
          <p className="people__empty">{empty}</p>
        ) : (
          <FixedList items={items} height={PERSON_PX} label={label} keyOf={keyOf} render={render} />
        )}
      </div>
    </>
  );
}

interface ChoiceProps {
  readonly chosen: boolean;
  readonly onToggle: () => void;
  readonly disabled?: boolean;
  /** A dialog begins with it. */
  readonly begins?: boolean;
  readonly children: ReactNode;
}

/** A row of which one may choose several. */
export function Choice({ chosen, onToggle, disabled, begins = false, children }: ChoiceProps) {
  return (
    <button type="button" role="checkbox" className="people__row" aria-checked={chosen} disabled={disabled} data-begin={begins ? "" : undefined} onClick={onToggle}>
      {children}
      <span className="people__box">{chosen && <Icon name="check" size={16} />}</span>
    </button>
  );
}

/** With one more, or without it where it was among them. */
export function toggled(chosen: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Face and title of a chat. */
export function ChatName({ row }: { row: ChatRow }) {
  const { t } = useTranslator();
  return (
    <>
      <Face name={row.title} address={row.avatar} seed={row.avatarSeed} size={38} online={false} />
      <span className="lines">
        <span className="ellipsis">
          <Words text={row.title || t("chats.untitled")} />
        </span>
      </span>
    </>
  );
}

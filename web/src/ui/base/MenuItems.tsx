// What stands in a menu: actions, walked by arrows.

import type { KeyboardEvent } from "react";

import { Icon, type IconName } from "./Icon";
import { keyWords, type KeyName, whichKey } from "./keys";
import "./Menu.css";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  /** The key that does the same. */
  readonly shortcut?: KeyName;
  readonly onSelect: () => void;
}

export interface MenuItemsProps {
  readonly items: readonly MenuItem[];
  /** Takes the menu away; called before what was chosen is done. */
  readonly onClose: () => void;
}

export function MenuItems({ items, onClose }: MenuItemsProps) {
  return items.map((item, at) => (
    <button
      key={item.label}
      type="button"
      role="menuitem"
      tabIndex={-1}
      data-begin={at === 0 ? "" : undefined}
      className={item.danger === true ? "menu__item menu__item--danger" : "menu__item"}
      onClick={() => {
        onClose();
        item.onSelect();
      }}
    >
      <Icon name={item.icon} size={20} />
      <span className="menu__label">{item.label}</span>
      {item.shortcut !== undefined && (
        <kbd className="menu__key" aria-hidden="true">
          {keyWords(item.shortcut)}
        </kbd>
      )}
    </button>
  ));
}

/** The arrows of a menu go round through everything that is in it; Tab leaves it. */
export function moveInMenu(event: KeyboardEvent<HTMLElement>, onClose: () => void): void {
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const key = whichKey(event.nativeEvent, ["up", "down", "first", "last"]);
  if (key !== null) {
    const to = { up: at - 1, down: at + 1, first: 0, last: entries.length - 1 }[key];
    event.preventDefault();
    // The list that the menu belongs to has arrows of its own.
    event.stopPropagation();
    entries[(to + entries.length) % entries.length]?.focus();
  } else if (event.key === "Tab") onClose();
}

// A button that opens a list of actions: the browser's popover, which a click elsewhere closes, as a layer.

import { type KeyboardEvent, useId, useRef, useState } from "react";

import { Icon, type IconName } from "./Icon";
import { whichKey } from "./keys";
import { useLayer } from "./layers";
import "./Menu.css";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly onSelect: () => void;
}

const GAP_PX = 4;
const EDGE_PX = 8;

export function Menu({ label, icon, items }: { label: string; icon: IconName; items: readonly MenuItem[] }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);

  useLayer(menu, open, { onClose: () => menu.current?.hidePopover(), floats: true });

  const position = (): void => {
    const anchor = button.current?.getBoundingClientRect();
    const list = menu.current;
    if (anchor === undefined || list === null) return;
    const left = Math.max(EDGE_PX, Math.min(anchor.right - list.offsetWidth, innerWidth - list.offsetWidth - EDGE_PX));
    const below = anchor.bottom + GAP_PX;
    const fits = below + list.offsetHeight < innerHeight - EDGE_PX;
    list.style.left = `${left}px`;
    list.style.top = `${fits ? below : Math.max(EDGE_PX, anchor.top - GAP_PX - list.offsetHeight)}px`;
  };

  const move = (event: KeyboardEvent): void => {
    const entries = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = entries.findIndex((entry) => entry === document.activeElement);
    const key = whichKey(event.nativeEvent, ["up", "down", "first", "last"]);
    if (key !== null) {
      const to = { up: at - 1, down: at + 1, first: 0, last: entries.length - 1 }[key];
      event.preventDefault();
      // The list that the menu belongs to has arrows of its own.
      event.stopPropagation();
      entries[(to + entries.length) % entries.length]?.focus();
    } else if (event.key === "Tab") menu.current?.hidePopover();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className="icon-button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popoverTarget={id}
      >
        <Icon name={icon} />
      </button>
      <div
        ref={menu}
        id={id}
        className="menu"
        role="menu"
        aria-label={label}
        popover="auto"
        onKeyDown={move}
        onToggle={(event) => {
          const opened = event.newState === "open";
          setOpen(opened);
          if (opened) position();
        }}
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={item.danger === true ? "menu__item menu__item--danger" : "menu__item"}
            onClick={() => {
              menu.current?.hidePopover();
              item.onSelect();
            }}
          >
            <Icon name={item.icon} size={20} />
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}

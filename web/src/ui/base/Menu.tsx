// A button that opens a list of actions: the browser's popover, which a click elsewhere closes, as a layer.

import { useId, useRef, useState } from "react";

import { Icon, type IconName } from "./Icon";
import { useLayer } from "./layers";
import { type MenuItem, MenuItems, moveInMenu } from "./MenuItems";
import { besideAnchor } from "./position";

export type { MenuItem } from "./MenuItems";

interface MenuProps {
  readonly label: string;
  readonly icon: IconName;
  readonly items: readonly MenuItem[];
  /** Whether it begins where the button does, rather than ending where it ends. */
  readonly begins?: boolean;
}

export function Menu({ label, icon, items, begins = false }: MenuProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);

  const close = (): void => menu.current?.hidePopover();
  useLayer(menu, open, { onClose: close, floats: true });

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
        onKeyDown={(event) => moveInMenu(event, close)}
        onToggle={(event) => {
          const opened = event.newState === "open";
          setOpen(opened);
          if (!opened || button.current === null || menu.current === null) return;
          const anchor = button.current.getBoundingClientRect();
          besideAnchor(menu.current, anchor, begins ? anchor.left : undefined);
        }}
      >
        <MenuItems items={items} onClose={close} />
      </div>
    </>
  );
}

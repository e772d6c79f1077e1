// The menu of a message: emoji to react with, and what else can be done. On glass it comes from the lower edge.
//
// Not a popover that the browser closes by itself: it is opened while a button of the mouse, or a finger, is still down, and
// letting go would close it again.

import { useEffect, useLayoutEffect, useRef, useState } from "react";

import type { Message } from "../../../engine/contract";
import { COARSE, useEngine, useMedia, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { useLayer } from "../../base/layers";
import { MenuItems, moveInMenu } from "../../base/MenuItems";
import { atPoint, besideAnchor } from "../../base/position";
import { useMessageActions } from "../actions";
import { type OpenMenu, useDesk, useOf } from "../desk";
import { LazyEmojiPicker } from "../LazyEmojiPicker";
import { addReaction, quickReactions, toggleReaction } from "../reacting";
import "./MessageMenu.css";

export function MessageMenu({ messages }: { messages: readonly Message[] }) {
  const desk = useDesk();
  const open = useOf(desk.menu, (menu) => menu);
  if (open === null) return null;
  // It may have changed since.
  const message = messages.find(({ key }) => key === open.message.key) ?? open.message;
  return <Opened key={`${message.key} ${open.emoji}`} open={open} message={message} />;
}

function Opened({ open: { at, emoji: emojiOnly }, message }: { open: OpenMenu; message: Message }) {
  const desk = useDesk();
  const engine = useEngine();
  const { t } = useTranslator();
  const glass = useMedia(COARSE);
  const actions = useMessageActions();
  const [picking, setPicking] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const close = (): void => desk.menu.set(null);

  useLayoutEffect(() => {
    menu.current?.showPopover();
  }, []);
  useLayoutEffect(() => {
    const element = menu.current;
    if (element === null) return undefined;
    const place = (): void => {
      if (glass) element.removeAttribute("style");
      else if (at instanceof DOMRect) besideAnchor(element, at);
      else atPoint(element, at.x, at.y);
    };
    place();
    // It grows when the emoji have come.
    const observer = new ResizeObserver(place);
    observer.observe(element);
    return () => observer.disconnect();
  }, [at, glass, picking]);
  useLayer(menu, true, { onClose: close, floats: true });
  useEffect(() => {
    const outside = ({ target }: PointerEvent): void => {
      if (target instanceof Node && menu.current?.contains(target) === false) desk.menu.set(null);
    };
    const away = (): void => desk.menu.set(null);
    document.addEventListener("pointerdown", outside, true);
    addEventListener("resize", away);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", away);
    };
  }, [desk]);

  const may = actions.may(message);
  const items = emojiOnly ? [] : actions.itemsOf(message);
  return (
    <div
      ref={menu}
      className={picking ? "message-menu message-menu--picking" : "menu message-menu"}
      popover="manual"
      role={picking ? undefined : "menu"}
      aria-label={t("act.label")}
      onKeyDown={(event) => {
        if (!picking) moveInMenu(event, close);
      }}
    >
      {picking ? (
        <LazyEmojiPicker
          home=".message-menu"
          onPick={(emoji) => {
            close();
            addReaction(engine, message, emoji);
          }}
          onClose={close}
        />
      ) : (
        <>
          {may.react && (
            <div className="message-menu__quick" role="none">
              {quickReactions().map((emoji, index) => (
                <button
                  key={emoji}
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  className="message-menu__emoji"
                  data-begin={emojiOnly && index === 0 ? "" : undefined}
                  aria-label={t("reactions.with", { emoji })}
                  onClick={() => {
                    close();
                    toggleReaction(engine, message, emoji);
                  }}
                >
                  {emoji}
                </button>
              ))}
              <button
                type="button"
                role="menuitem"
                tabIndex={-1}
                className="message-menu__emoji"
                aria-label={t("reactions.others")}
                title={t("reactions.others")}
                onClick={() => setPicking(true)}
              >
                <Icon name="plus" size={20} />
              </button>
            </div>
          )}
          <MenuItems items={items} onClose={close} />
        </>
      )}
    </div>
  );
}

// What is pinned, one at a time above the messages: a click goes there, and shows the one before it.

import { memo, useState } from "react";

import type { Message } from "../../engine/contract";
import { useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { Words } from "../base/words";
import { useDesk } from "./desk";
import { jumpTo } from "./jumping";
import { Thumb } from "./media";
import { previewOf } from "./preview";

export const PinBar = memo(function PinBar({ pins }: { pins: readonly Message[] }) {
  const desk = useDesk();
  const translator = useTranslator();
  const { t } = translator;
  const [at, setAt] = useState(0);
  const pin = pins[Math.min(at, pins.length - 1)];
  if (pin === undefined) return null;
  const title = pins.length === 1 ? t("pins.one") : t("pins.oneOf", { at: pins.length - pins.indexOf(pin), of: pins.length });
  return (
    <section className="chat-bar" aria-label={t("pins.label")}>
      <button
        type="button"
        className="chat-bar__main"
        onClick={() => {
          if (pin.id !== null) void jumpTo(desk, { id: pin.id }, translator);
          setAt((pins.indexOf(pin) + 1) % pins.length);
        }}
      >
        <Icon name="thumbtack" size={20} />
        <Thumb message={pin} />
        <span className="chat-bar__lines">
          <span className="chat-bar__title">{title}</span>
          <span className="chat-bar__text ellipsis">
            <Words text={previewOf(pin, translator)} />
          </span>
        </span>
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("pins.all")}
        title={t("pins.all")}
        onClick={() => desk.over.set({ is: "pins" })}
      >
        <Icon name="list" size={22} />
      </button>
    </section>
  );
});

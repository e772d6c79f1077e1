// A long list of rows of one height, of which only those in sight are in the page. It scrolls with its nearest ancestor
// that is marked `data-scroller`.
//
// Arrow keys, Home and End go through the rows; each row has one element that takes the focus, its first link or button.

import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

import { Boundary } from "./Boundary";
import { useTranslator } from "./context";
import { whichKey } from "./keys";

const SPARE_ROWS = 6;

export interface FixedListHandle {
  focus(index: number): void;
}

export interface FixedListProps<T> {
  readonly items: readonly T[];
  readonly height: number;
  readonly label: string;
  readonly keyOf: (item: T) => string | number;
  readonly render: (item: T) => ReactNode;
  readonly handle?: Ref<FixedListHandle>;
  readonly className?: string;
}

export function FixedList<T>({ items, height, label, keyOf, render, handle, className }: FixedListProps<T>) {
  const list = useRef<HTMLUListElement>(null);
  const [range, setRange] = useState({ start: 0, end: 30 });
  const count = items.length;

  const look = useCallback(() => {
    const element = list.current;
    const scroller = element === null ? null : scrollerOf(element);
    if (element === null || scroller === null) return;
    const above = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
    const first = Math.floor(above / height);
    const shown = Math.ceil(scroller.clientHeight / height);
    const start = Math.max(0, Math.min(count, first) - SPARE_ROWS);
    const end = Math.max(start, first + shown + SPARE_ROWS);
    setRange((range) => (range.start === start && range.end === end ? range : { start, end }));
  }, [count, height]);

  useLayoutEffect(() => {
    const element = list.current;
    const scroller = element === null ? null : scrollerOf(element);
    if (scroller === null) return undefined;
    look();
    const observer = new ResizeObserver(look);
    observer.observe(scroller);
    scroller.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener("scroll", look);
    };
  }, [look]);

  const focus = useCallback(
    (index: number) => {
      const element = list.current;
      const scroller = element === null ? null : scrollerOf(element);
      if (element === null || scroller === null || index < 0 || index >= count) return;
      const base = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
      const top = base + index * height;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + height > scroller.scrollTop + scroller.clientHeight)
        scroller.scrollTop = top + height - scroller.clientHeight;
      look();
      // The row may be rendered only now.
      requestAnimationFrame(() => {
        const row = element.querySelector(`[data-index="${index}"]`);
        row?.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
      });
    },
    [count, height, look],
  );
  useImperativeHandle(handle, () => ({ focus }), [focus]);

  const move = (event: KeyboardEvent): void => {
    const key = whichKey(event.nativeEvent, ["up", "down", "first", "last"]);
    if (key === null || event.defaultPrevented || !(event.target instanceof Element)) return;
    const row = event.target.closest("[data-index]");
    if (row === null) return;
    const at = Number(row.getAttribute("data-index"));
    event.preventDefault();
    focus({ up: at - 1, down: at + 1, first: 0, last: count - 1 }[key]);
  };

  const start = Math.min(range.start, count);
  const rows = items.slice(start, range.end);
  return (
    <ul
      ref={list}
      className={`plain fixed-list ${className ?? ""}`}
      aria-label={label}
      style={{ height: count * height }}
      onKeyDown={move}
    >
      {rows.map((item, at) => (
        <li
          key={keyOf(item)}
          data-index={start + at}
          className="fixed-list__row"
          aria-setsize={count}
          aria-posinset={start + at + 1}
          style={{ height, transform: `translateY(${(start + at) * height}px)` }}
        >
          <Boundary of={item} fallback={(retry) => <RowFault onRetry={retry} />}>
            {render(item)}
          </Boundary>
        </li>
      ))}
    </ul>
  );
}

function scrollerOf(list: HTMLElement): HTMLElement | null {
  return list.closest<HTMLElement>("[data-scroller]");
}

function RowFault({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslator();
  return (
    <button type="button" className="fixed-list__fault" onClick={onRetry}>
      {t("fault.row")}
    </button>
  );
}

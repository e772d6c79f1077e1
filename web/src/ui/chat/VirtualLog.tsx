// A log of rows of any height, newest at the bottom, of which only those near the sight are in the page.
//
// One thing is kept in place whatever changes above, below or in size: the bottom, if that is where one is, else the row
// at the top of the view. Where that is gone one comes in anew, at the landmark or the bottom. The scroller's own anchoring is off, so nobody else moves anything.

import {
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
} from "react";

import { type Anchor, type Landmark, Layout } from "./layout";

interface Keyed {
  readonly key: string;
}

export interface View {
  /** Rows of which anything is in sight. */
  readonly first: number;
  readonly last: number;
  /** The last row whose end is in sight. */
  readonly lastWhole: number;
  readonly atBottom: boolean;
  readonly pixelsAbove: number;
  readonly pixelsBelow: number;
  readonly anchor: Anchor;
}

export interface VirtualLogHandle {
  toBottom(): void;
  /** Brings a row into the middle of the view; false where there is none of that key. */
  toRow(key: string): boolean;
}

export interface VirtualLogProps<Row extends Keyed> {
  readonly rows: readonly Row[];
  readonly guess: (row: Row) => number;
  readonly render: (row: Row) => ReactNode;
  /** A row's place in the order of all rows, so that the view may hold on to it; null where it may move. */
  readonly placeOf: (row: Row) => number | null;
  readonly landmark: Landmark | null;
  /** Rows that stay in the page wherever one scrolls: those in which a selection begins and ends. */
  readonly held: () => readonly string[];
  readonly label: string;
  /** Whether nothing comes after the last row but what is new: only then the view stays with the end. */
  readonly whole: boolean;
  /** Where to begin. */
  readonly start: Anchor;
  readonly onView: (view: View) => void;
  readonly handle?: Ref<VirtualLogHandle>;
}

const SPARE_PX = 700;
/** How much of the spare may be used up before new rows are rendered. */
const SLACK_PX = 350;
const STICKY_PX = 6;
const NEAR_BOTTOM_PX = 120;

export function VirtualLog<Row extends Keyed>(props: VirtualLogProps<Row>) {
  const { rows, guess, render, placeOf, landmark, held, label, whole, start, onView, handle } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const space = useRef<HTMLDivElement>(null);
  const block = useRef<HTMLDivElement>(null);
  const [, rerender] = useReducer((count: number) => count + 1, 0);

  const made = useRef<{ layout: Layout<Row>; anchor: Anchor; height: number; width: number }>(null);
  made.current ??= { layout: new Layout(guess, placeOf), anchor: start, height: innerHeight, width: 0 };
  const self = made.current;
  const { layout } = self;
  layout.setRows(rows);

  /** Where little is to be shown, it stands at the bottom. */
  const lead = (): number => Math.max(0, self.height - layout.total);

  const { top } = layout.hold(self.anchor, self.height, landmark);
  const first = layout.indexAt(top - SPARE_PX);
  const end = Math.min(rows.length, layout.indexAt(top + self.height + SPARE_PX) + 1);
  const rendered = useRef({ first, end });
  const indices = indicesOf(layout, held(), first, end);
  const shown = useRef(indices);

  const reported = useRef("");
  const report = useCallback(() => {
    const element = scroller.current;
    if (element === null || layout.rows.length === 0) return;
    const y = element.scrollTop - Math.max(0, self.height - layout.total);
    const bottom = y + self.height;
    const last = layout.indexAt(bottom - 1);
    const view: View = {
      first: layout.indexAt(y),
      last,
      // A row that is higher than the view is seen when its end is.
      lastWhole: layout.offset(last + 1) <= bottom + 2 ? last : last - 1,
      atBottom: layout.total - bottom < NEAR_BOTTOM_PX,
      pixelsAbove: y,
      pixelsBelow: layout.total - bottom,
      anchor: self.anchor,
    };
    const { anchor } = self;
    const held = anchor.at === "row" ? anchor.key : anchor.at;
    const summary = `${held} ${view.first} ${view.lastWhole} ${view.atBottom} ${Math.round(y / 200)} ${layout.rows.length}`;
    if (summary === reported.current) return;
    reported.current = summary;
    onView(view);
  }, [layout, onView, self]);

  /** Measures what is rendered and puts everything where it belongs. Runs before anything is painted. */
  const settle = (): void => {
    const element = scroller.current;
    const rowsBlock = block.current;
    if (element === null || rowsBlock === null || space.current === null) return;
    self.height = element.clientHeight;
    if (self.width !== element.clientWidth) {
      if (self.width !== 0) layout.forget();
      self.width = element.clientWidth;
    }
    const { first: from, end: to } = rendered.current;
    let index = 0;
    for (const child of rowsBlock.children) {
      if (child.classList.contains(GAP)) continue;
      layout.measure(shown.current[index++] ?? -1, child.getBoundingClientRect().height);
    }
    for (const gap of rowsBlock.querySelectorAll<HTMLElement>(`:scope > .${GAP}`)) {
      gap.style.height = `${gapBetween(layout, Number(gap.dataset["after"]), Number(gap.dataset["before"]))}px`;
    }
    space.current.style.height = `${Math.max(layout.total, self.height)}px`;
    rowsBlock.style.transform = `translateY(${layout.offset(shown.current[0] ?? from) + lead()}px)`;
    const { top: wanted, anchor } = layout.hold(self.anchor, self.height, landmark);
    if (Math.abs(element.scrollTop - wanted) >= 0.5) element.scrollTop = wanted;
    const enough =
      (from === 0 || layout.offset(from) <= wanted - SLACK_PX) &&
      (to >= layout.rows.length || layout.offset(to) >= wanted + self.height + SLACK_PX);
    if (!enough) rerender();
    // Everything in sight is measured. Whatever held the view, what shows the end goes on showing it.
    else self.anchor = whole && layout.total - wanted - self.height <= STICKY_PX ? { at: "bottom" } : whole || anchor.at === "row" ? anchor : (layout.anchorAt(wanted) ?? anchor);
    report();
  };
  const settleRef = useRef(settle);

  // Not while rendering, which React may do in vain: what is noted here is what is in the page.
  useLayoutEffect(() => {
    rendered.current = { first, end };
    shown.current = indices;
    settleRef.current = settle;
    settle();
  });

  useEffect(() => {
    const observer = new ResizeObserver(() => settleRef.current());
    if (scroller.current !== null) observer.observe(scroller.current);
    if (block.current !== null) observer.observe(block.current);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    // Nobody scrolled: the view has grown, and the browser moved it to have it full. What follows puts it right.
    if (element.clientHeight !== self.height || element.clientWidth !== self.width) return;
    const y = element.scrollTop;
    if (whole && layout.total - y - self.height <= STICKY_PX) self.anchor = { at: "bottom" };
    else self.anchor = layout.anchorAt(y) ?? self.anchor;
    const { first: from, end: to } = rendered.current;
    const short =
      (from > 0 && layout.offset(from) > y - SLACK_PX) ||
      (to < layout.rows.length && layout.offset(to) < y + self.height + SLACK_PX);
    if (short) rerender();
    report();
  };

  useImperativeHandle(
    handle,
    () => ({
      toBottom() {
        self.anchor = { at: "bottom" };
        rerender();
      },
      toRow(key) {
        const found = layout.anchorIn(key, self.height);
        if (found === null) return false;
        self.anchor = found;
        rerender();
        return true;
      },
    }),
    [self, layout],
  );

  return (
    <div
      ref={scroller}
      className="log"
      role="log"
      // What arrives is read out by a live region of its own: rows come and go here by scrolling.
      aria-live="off"
      aria-label={label}
      tabIndex={0}
      onScroll={onScroll}
    >
      <div ref={space} className="log__space" style={{ height: Math.max(layout.total, self.height) }}>
        <div ref={block} className="log__rows" style={{ transform: `translateY(${layout.offset(indices[0] ?? first) + lead()}px)` }}>
          {/* One list, so that a row stays the same element whether there is a gap before it or not. */}
          {indices.flatMap((index, at) => {
            const row = rows[index];
            if (row === undefined) return [];
            const before = indices[at - 1];
            const content = (
              <div key={row.key} className={index === rows.length - 1 ? "log__row log__row--end" : "log__row"}>
                {render(row)}
              </div>
            );
            if (before === undefined || before === index - 1) return [content];
            // What is left out between a row that is held and those in sight.
            const height = gapBetween(layout, before, index);
            return [
              <div key={`gap ${before}`} className={GAP} data-after={before} data-before={index} style={{ height }} />,
              content,
            ];
          })}
        </div>
      </div>
    </div>
  );
}

const GAP = "log__gap";

/** Which rows are in the page: those near the sight, and those that are held. */
function indicesOf<Row extends Keyed>(
  layout: Layout<Row>,
  held: readonly string[],
  first: number,
  end: number,
): readonly number[] {
  const indices: number[] = [];
  for (let index = first; index < end; index++) indices.push(index);
  for (const key of held) {
    const index = layout.rows.findIndex((row) => row.key === key);
    if (index >= 0 && !indices.includes(index)) indices.push(index);
  }
  return indices.sort((a, b) => a - b);
}

function gapBetween<Row extends Keyed>(layout: Layout<Row>, after: number, before: number): number {
  return layout.offset(before) - layout.offset(after + 1);
}

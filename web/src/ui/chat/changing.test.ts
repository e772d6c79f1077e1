// Messages that change in the middle of a long log: what is read stays where it is, and the rest of the log costs nothing.

import { describe, expect, it } from "vitest";

import type { Message } from "../../engine/contract";
import { PLAIN } from "../../engine/plain";
import { Layout } from "./layout";
import { buildRows, type LogRow, type Rows } from "./rows";

const NOON = new Date(2026, 10, 22, 12).getTime();
const ROW_PX = 40;
const VIEW_PX = 200;

const message = (seq: number, change: Partial<Message> = {}): Message => ({
  key: `k${seq}`,
  gid: 1,
  uid: seq % 3,
  kind: "Text",
  content: "hi",
  at: NOON + seq * 20_000,
  id: seq,
  seq,
  state: { is: "stored" },
  ...PLAIN,
  ...change,
});
const THUMB = { emoji: "👍", count: 1, mine: false, uids: [1] };
const several = (count: number): Message[] => Array.from({ length: count }, (_, at) => message(at + 1));
const placeOf = (row: LogRow): number | null => (row.kind === "message" ? (row.message.seq ?? Infinity) : null);
/** Where in the view the row is. */
const seenAt = (layout: Layout<LogRow>, key: string, top: number): number =>
  layout.offset(layout.rows.findIndex((row) => row.key === key)) - top;

describe("when a message changes", () => {
  it("the rows are those that would be built anew, and all others are the same objects", () => {
    const before = several(400);
    const built = buildRows(before, 300, true, null);
    for (const change of [
      { reactions: [THUMB] },
      { editedAt: NOON, content: "ho" },
      { pinnedAt: NOON },
      { content: "", recalled: { by: 1, at: NOON, again: null } },
    ]) {
      const after = before.with(199, message(200, change));
      const renewed = buildRows(after, 300, true, built);
      expect(renewed.rows).toEqual(buildRows(after, 300, true, null).rows);
      expect(renewed.rows.filter((row, at) => row !== built.rows[at]).length).toBeLessThanOrEqual(2);
    }
  });

  it("and others come or go in the same step, the rows are right as well", () => {
    const before = several(50);
    let rows: Rows = buildRows(before, null, true, null);
    const changed = before.with(10, message(11, { starred: true }));
    for (const after of [[...changed, message(51)], changed.toSpliced(20, 1), changed.slice(5), [...changed.slice(0, 49), message(50, { seq: null, id: null })]]) {
      rows = buildRows(after, null, true, rows);
      expect(rows.rows).toEqual(buildRows(after, null, true, null).rows);
    }
  });

  it("above what is read and becomes higher or lower, what is read stays where it is", () => {
    const messages = several(100);
    const layout = new Layout<LogRow>(() => ROW_PX, placeOf);
    let rows = buildRows(messages, null, true, null);
    layout.setRows(rows.rows);
    const anchor = layout.anchorAt(60 * ROW_PX);
    if (anchor === null) throw new Error("nothing is there");
    const { top } = layout.hold(anchor, VIEW_PX, null);
    const seen = seenAt(layout, anchor.key, top);
    for (const [seq, height] of [[10, 75], [30, 110], [30, 22], [58, 300]] as const) {
      rows = buildRows(messages.with(seq - 1, message(seq, { reactions: [THUMB] })), null, true, rows);
      layout.setRows(rows.rows);
      layout.measure(rows.rows.findIndex((row) => row.key === `k${seq}`), height);
      const held = layout.hold(anchor, VIEW_PX, null);
      expect(seenAt(layout, anchor.key, held.top)).toBe(seen);
      expect(held.top).not.toBe(top);
    }
  });

  it("every row is as high as it was measured, whichever came or went around it", () => {
    const layout = new Layout<LogRow>(() => ROW_PX, placeOf);
    const all = several(30);
    let rows = buildRows(all, null, true, null);
    layout.setRows(rows.rows);
    for (const [at] of rows.rows.entries()) layout.measure(at, ROW_PX + at);
    const high = new Map(rows.rows.map((row, at) => [row.key, ROW_PX + at]));
    for (const messages of [all.with(3, message(4, { pinnedAt: 1 })), all.toSpliced(5, 2), all.slice(4), all]) {
      rows = buildRows(messages, null, true, rows);
      layout.setRows(rows.rows);
      rows.rows.forEach((row, at) => expect(layout.offset(at + 1) - layout.offset(at)).toBe(high.get(row.key) ?? ROW_PX));
    }
  });
});

describe("a message that is looked for", () => {
  it("stands in the middle of the view, or with its beginning near the top if it is high", () => {
    const layout = new Layout<LogRow>(() => ROW_PX, placeOf);
    layout.setRows(buildRows(several(100), null, true, null).rows);
    const shownAt = (key: string): number => {
      const anchor = layout.anchorIn(key, VIEW_PX);
      if (anchor === null) throw new Error("nothing is there");
      return seenAt(layout, key, layout.hold(anchor, VIEW_PX, null).top);
    };
    expect(shownAt("k50")).toBe((VIEW_PX - ROW_PX) / 2);
    layout.measure(layout.rows.findIndex(({ key }) => key === "k50"), 900);
    expect(shownAt("k50")).toBe(72);
    expect(layout.anchorIn("k500", VIEW_PX)).toBeNull();
  });
});

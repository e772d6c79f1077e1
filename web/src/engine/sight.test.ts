import { describe, expect, it } from "vitest";
import { ALL_SEEN, placeBelow, seenBetween, sees, without } from "./sight";
import { chance } from "./testing/clock";

describe("a sight", () => {
  it("loses places for good, joins them, and is the same where nothing is new", () => {
    const one = without(ALL_SEEN, 0, [{ from: 5, to: 5 }, { from: 7, to: 8 }]);
    expect(one.gone).toEqual([{ from: 5, to: 5 }, { from: 7, to: 8 }]);
    expect(without(one, 0, [{ from: 6, to: 6 }]).gone).toEqual([{ from: 5, to: 8 }]);
    expect(without(one, 0, [{ from: 7, to: 7 }])).toBe(one);
    const cleared = without(one, 6, []);
    expect(cleared).toEqual({ clearedSeq: 6, gone: [{ from: 7, to: 8 }] });
    expect(without(cleared, 3, [{ from: 2, to: 6 }])).toBe(cleared);
  });

  it("counts as one would who looks at each place", () => {
    const random = chance(7);
    const upTo = (most: number): number => Math.floor(random() * most);
    for (let story = 0; story < 300; story++) {
      let sight = ALL_SEEN;
      for (let i = upTo(6); i > 0; i--) {
        const from = 1 + upTo(30);
        sight = random() < 0.8 ? without(sight, 0, [{ from, to: from + upTo(4) }]) : without(sight, upTo(12), []);
      }
      const [after, to] = [upTo(20), 20 + upTo(20)];
      const seen = [...Array(to + 1).keys()].filter((seq) => seq > after && sees(sight, seq));
      expect(seenBetween(sight, after, to)).toBe(seen.length);
      // And back: with so many unread, one has read up to a place with as many above it.
      expect(seenBetween(sight, placeBelow(sight, to, seen.length), to)).toBe(seen.length);
    }
  });
});

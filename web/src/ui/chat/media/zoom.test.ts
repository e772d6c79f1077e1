import { describe, expect, it } from "vitest";

import { FITTING, fit, mostScale, pinched, settled, swiped, zoomAt } from "./zoom";

const VIEW = { width: 400, height: 800 };
const FITTED = fit({ width: 4000, height: 2000 }, VIEW);

describe("a picture in the light box", () => {
  it("is as large as fits, and no larger than it is", () => {
    expect(FITTED).toEqual({ width: 400, height: 200 });
    expect(fit({ width: 40, height: 20 }, VIEW)).toEqual({ width: 40, height: 20 });
  });

  it("keeps what is under the mouse where it is", () => {
    const point = { x: 100, y: -50 };
    const zoomed = zoomAt(zoomAt(FITTING, 2, point), 3, point);
    // The part of the picture under the point, before and after.
    expect((point.x - zoomed.x) / zoomed.scale).toBeCloseTo(100);
    expect((point.y - zoomed.y) / zoomed.scale).toBeCloseTo(-50);
  });

  it("cannot be moved out of the view, and stands in the middle where it is smaller", () => {
    expect(settled({ scale: 2, x: 9999, y: 300 }, FITTED, VIEW, 8)).toEqual({ scale: 2, x: 200, y: 0 });
    expect(settled({ scale: 0.3, x: 50, y: 50 }, FITTED, VIEW, 8)).toEqual(FITTING);
    expect(settled({ scale: 99, x: 0, y: 0 }, FITTED, VIEW, 8).scale).toBe(8);
  });

  it("can be seen at twice its size, a small one at four times", () => {
    expect(mostScale({ width: 4000, height: 2000 }, FITTED)).toBe(20);
    expect(mostScale({ width: 40, height: 20 }, { width: 40, height: 20 })).toBe(4);
  });

  it("grows and goes with two fingers", () => {
    const from = [{ x: -50, y: 0 }, { x: 50, y: 0 }] as const;
    expect(pinched(FITTING, from, [{ x: -100, y: 0 }, { x: 100, y: 0 }])).toEqual({ scale: 2, x: 0, y: 0 });
    expect(pinched(FITTING, from, [{ x: -40, y: 30 }, { x: 60, y: 30 }])).toEqual({ scale: 1, x: 10, y: 30 });
  });

  it("goes to the next by a long or a quick swipe, and closes downwards", () => {
    expect(swiped({ x: -150, y: 20 }, 900, VIEW)).toBe("next");
    expect(swiped({ x: 60, y: 10 }, 80, VIEW)).toBe("previous");
    expect(swiped({ x: 60, y: 10 }, 900, VIEW)).toBeNull();
    expect(swiped({ x: 10, y: 300 }, 900, VIEW)).toBe("close");
    expect(swiped({ x: 10, y: -300 }, 900, VIEW)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";

import { filmBox, ownFilmBox, pictureBox } from "./box";

describe("a box", () => {
  it("is as large as the picture, as far as there is room", () => {
    expect(pictureBox(200, 100, false)).toEqual({ width: 200, aspectRatio: 2 });
    expect(pictureBox(4000, 3000, false)).toEqual({ width: 320, aspectRatio: 4 / 3 });
    // A high one is no higher than the tallest, a stripe is cut, and a dot can be hit.
    expect(pictureBox(900, 1600, false).width / pictureBox(900, 1600, false).aspectRatio).toBeCloseTo(380);
    expect(pictureBox(4000, 40, false).aspectRatio).toBe(3);
    expect(pictureBox(8, 8, false).width).toBe(120);
  });

  it("is there also for what does not say how large it is", () => {
    expect(pictureBox(null, null, false)).toEqual({ width: 320, aspectRatio: 4 / 3 });
    expect(filmBox(16 / 9, false)).toEqual({ width: 320, aspectRatio: 16 / 9 });
  });

  it("has room for a question where it is of another host", () => {
    expect(pictureBox(10, 10, true)).toEqual({ width: 236, aspectRatio: 236 / 164 });
    expect(filmBox(10, true)).toEqual({ width: 320, aspectRatio: 320 / 164 });
  });

  it("has room for a player, however small the film is", () => {
    expect(ownFilmBox(160, 90)).toEqual({ width: 320, aspectRatio: 16 / 9 });
    expect(ownFilmBox(90, 160).width).toBeCloseTo(380 * (9 / 16));
    expect(ownFilmBox(null, null)).toEqual({ width: 320, aspectRatio: 4 / 3 });
  });
});

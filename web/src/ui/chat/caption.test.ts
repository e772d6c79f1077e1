import { describe, expect, it } from "vitest";

import { captionOf, withCaption, wordsOf } from "./caption";

describe("the caption of a message", () => {
  it("is that of a picture, sound, film or file, and of nothing else", () => {
    for (const kind of ["Image", "Audio", "Video", "File"] as const) {
      expect(captionOf({ kind, content: '{"url":"/a","caption":"here"}' })).toBe("here");
      expect(captionOf({ kind, content: '{"url":"/a"}' })).toBe("");
      expect(captionOf({ kind, content: '{"url":"/a","caption":7}' })).toBe("");
    }
    expect(captionOf({ kind: "Image", content: "https://example.org/a.png" })).toBeNull();
    expect(captionOf({ kind: "File", content: "{broken" })).toBeNull();
    expect(captionOf({ kind: "Custom", content: '{"caption":"here"}' })).toBeNull();
    expect(wordsOf({ kind: "Text", content: '{"caption":"here"}' })).toBe('{"caption":"here"}');
    expect(wordsOf({ kind: "Card", content: '{"uid":1}' })).toBeNull();
  });

  it("is changed, added and taken away, and all else stays as it was written, to the letter", () => {
    const odd = '{ "url" : "/a,{\\"b\\"}", "durationMs":1.0, "caption" : "old \\" }", "waveform":[1, {"caption":2}], "big":9007199254740993 }';
    const rest = '"url" : "/a,{\\"b\\"}","durationMs":1.0,"waveform":[1, {"caption":2}],"big":9007199254740993';
    expect(withCaption(odd, 'new "one"\n')).toBe(`{${rest},"caption":"new \\"one\\"\\n"}`);
    expect(withCaption(odd, "")).toBe(`{${rest}}`);
    expect(withCaption('{"url":"/a"}', "first")).toBe('{"url":"/a","caption":"first"}');
    expect(captionOf({ kind: "File", content: withCaption(odd, "again") })).toBe("again");
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { createTranslator, loadLanguage, loadLater } from "../../i18n/translator";
import { problemText, refusalText } from "./problems";

await Promise.all([loadLanguage("zh"), loadLater()]);
const [english, chinese] = [createTranslator("en"), createTranslator("zh")];

/** What the rules of the server say where they refuse something, from where they say it. */
function refusalsOf(file: string): readonly string[] {
  const source = readFileSync(new URL(`../../../../crates/${file}`, import.meta.url), "utf8");
  const texts = [...source.matchAll(/#\[error\(\s*"((?:[^"\\]|\\.)*)"(?:,\s*within\("([^"]*)")?/g)].flatMap(([, text = "", done]) => {
    // For so long after something, or not at all.
    return done === undefined ? [text] : [`${done} for 2 hours`, `not ${done}`].map((within) => text.replace("{}", within));
  });
  return texts.map((text) => text.replaceAll(/\\\n\s*/g, "").replaceAll(/\{\w+\}/g, "7"));
}

describe("what the server refuses", () => {
  const refusals = ["core/src/refusal.rs", "server/src/accounts/mod.rs"].flatMap(refusalsOf).filter((text) => text.includes(" "));
  it.each(refusals)("is said in each language: %s", (refusal) => {
    expect(refusalText(chinese, refusal)).toMatch(/\p{Script=Han}/u);
    // The server's own words begin with a small letter and have numbers of users.
    expect(refusalText(english, refusal)).toMatch(/^\P{Ll}.*[.!]$/u);
    expect(refusalText(english, refusal)).not.toMatch(/user 7/);
  });

  it("is said of somebody by their name", () => {
    const refusal = "user 7 can be added by their contacts only: others have added them to many groups";
    expect(refusalText(english, refusal, (uid) => (uid === 7 ? "Anna" : null))).toMatch(/^Anna can only be added by their contacts/);
    expect(refusalText(english, refusal)).toMatch(/^Someone /);
  });

  it("is said of room with how much of it is taken", () => {
    const refusal = "you keep 20971000 bytes of 20971520: what nothing shows is removed after a day and makes room";
    expect(refusalText(english, refusal)).toBe(
      "Your files take up 21 MB of 21 MB. What nothing shows any more is removed after a day, which makes room.",
    );
    expect(refusalText(english, "you have uploaded 5000000 bytes today, of 4000000: go on tomorrow")).toBe(
      "You have sent files of 5 MB today, of 4 MB. Go on tomorrow.",
    );
    expect(refusalText(english, "a file has at most 1000000 bytes")).toBe("The file is too large. This server takes files of up to 1 MB.");
  });

  it.each([
    "avatar: a PNG, JPEG, GIF or WebP picture, and this is none",
    "avatar: a whole picture, and what this one is made of does not fit together",
    "avatar: at most 2048 × 2048 pixels, and this has 20000 × 20000",
    "avatar: at most 500 pictures in an animation, of 64 million pixels in all",
    "avatar: a JPEG that is complete in 64 scans",
  ])("is said of a picture, too: %s", (refusal) => {
    expect(refusalText(english, refusal)).toMatch(/^This picture cannot be used/);
    expect(refusalText(chinese, refusal)).toMatch(/^无法使用这张图片/);
  });

  it("is said in the server's words where there are no others", () => {
    expect(refusalText(chinese, "the moon is full")).toBe("the moon is full");
  });
});

it("what was not done, what is not known and when to try again are told apart", () => {
  const texts = [
    problemText(english, { is: "slow-down", seconds: 20 }),
    problemText(english, { is: "slow-down", seconds: 4000 }),
    problemText(english, { is: "busy", seconds: 1 }),
    problemText(english, { is: "unsure" }),
    problemText(english, { is: "offline" }),
  ];
  expect(texts).toEqual([
    "Too many attempts. Try again in 20 seconds.",
    "Too many attempts. Try again in 67 minutes.",
    "The server is busy and nothing was done. Try again in 1 second.",
    "This may or may not have worked. Check, and try again if it did not.",
    "No connection to the server. Try again when you are back online.",
  ]);
});

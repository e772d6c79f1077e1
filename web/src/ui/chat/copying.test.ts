import { expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import type { Message, MessageKind } from "../../engine/contract";
import { PLAIN } from "../../engine/plain";
import { createTranslator } from "../../i18n/translator";
import { between, copyOf } from "./copying";

const translator = createTranslator("en");
const NOON = new Date(2026, 10, 22, 12).getTime();
const message = (seq: number, content: string, kind: MessageKind = "Text"): Message => ({
  key: `k${seq}`,
  gid: 1,
  uid: seq % 2,
  kind,
  content,
  at: NOON + seq * 60_000,
  id: seq,
  seq,
  state: { is: "delivered" },
  ...PLAIN,
});
const nameOf = (uid: number): string => (uid === 0 ? "Anna\u202e" : "<Ben>");

it("copied messages are who, when and what, and nothing that is only shown", () => {
  const messages = [message(2, "Hello\nyou"), message(3, "**bold** `x`\n- a", "RichText"), message(4, '{"url":"/media/a.png"}', "Image")];
  const when = (at: number): string => translator.date(NOON + at * 60_000);
  const { text, html } = copyOf(messages, nameOf, translator);
  expect(text).toBe(
    `Anna, ${when(2)}\nHello\nyou\n\n<Ben>, ${when(3)}\nbold x\n• a\n\n` +
      `Anna, ${when(4)}\n[Picture] https://chat.example.org/media/a.png`,
  );
  expect(html).toContain("<b>&lt;Ben&gt;</b>");
  expect(html).toContain("<strong>bold</strong> <code>x</code></p><ul><li>a</li></ul>");
  expect(text + html).not.toContain("Delivered");
});

it("a long message is copied whole", () => {
  const long = "line\n".repeat(5000).trim();
  expect(copyOf([message(2, long)], nameOf, translator).text).toContain(long);
});

it("what is between two messages is found from either end", () => {
  const messages = [1, 2, 3, 4, 5].map((seq) => message(seq, "x"));
  const seqs = (a: string, b: string): readonly (number | null)[] | undefined => between(messages, a, b)?.map(({ seq }) => seq);
  expect(seqs("k2", "k4")).toEqual([2, 3, 4]);
  expect(seqs("k4", "k2")).toEqual([2, 3, 4]);
  expect(seqs("k4", "gone")).toBe(undefined);
});

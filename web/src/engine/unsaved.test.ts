// What is noted until it is stored, by several tabs at a time.

import { describe, expect, it } from "vitest";
import type { Notes } from "./ports";
import type { Pending } from "./storage";
import { Unsaved } from "./unsaved";

function message(clientMsgId: string, gid = 1): Pending {
  return { clientMsgId, gid, kind: "Text", content: clientMsgId, at: 1, order: 1, after: 0, state: { is: "waiting" } };
}

/** What all tabs share; `between` is what another tab does while this one is about to write. */
function shared(): { readonly notes: Notes; readonly kept: Map<string, string>; between: () => void } {
  const kept = new Map<string, string>();
  const world = {
    kept,
    between: (): void => undefined,
    notes: {
      names: () => [...kept.keys()],
      get: (name: string) => kept.get(name) ?? null,
      set(name: string, text: string | null) {
        const { between } = world;
        world.between = () => undefined;
        between();
        if (text === null) kept.delete(name);
        else kept.set(name, text);
      },
    },
  };
  return world;
}

describe("what is not stored yet", () => {
  it("is not brought back by another tab that notes something of the same chat at that moment", () => {
    const world = shared();
    const [one, other] = [new Unsaved(world.notes, 7), new Unsaved(world.notes, 7)];
    one.note({ pending: [message("a")] });
    world.between = () => one.settled("a");
    other.note({ pending: [message("b")], drafts: [{ gid: 1, text: "c" }] });
    expect(one.left()).toEqual({ pending: [message("b")], acts: [], settled: [], drafts: [{ gid: 1, text: "c" }] });
  });

  it("stays noted where the message was taken back before the store had it, until the store has that, too", () => {
    const unsaved = new Unsaved(shared().notes, 7);
    unsaved.note({ pending: [message("a")] });
    unsaved.note({ settled: ["a"] });
    unsaved.saved({ pending: [message("a")] });
    unsaved.settled("a");
    expect(unsaved.left()).toEqual({ pending: [], acts: [], settled: ["a"], drafts: [] });
    unsaved.saved({ settled: ["a"] });
    expect(unsaved.left()).toEqual({ pending: [], acts: [], settled: [], drafts: [] });
  });

  it("is the draft as it was written last, though an earlier one is stored now", () => {
    const unsaved = new Unsaved(shared().notes, 7);
    unsaved.note({ drafts: [{ gid: 1, text: "on" }] });
    unsaved.note({ drafts: [{ gid: 1, text: "one" }] });
    unsaved.saved({ drafts: [{ gid: 1, text: "on" }] });
    expect(unsaved.left().drafts).toEqual([{ gid: 1, text: "one" }]);
  });

  it("is the draft together with what it answers", () => {
    const unsaved = new Unsaved(shared().notes, 7);
    const draft = { gid: 1, text: "yes\0and\nno", replyTo: 30 };
    unsaved.note({ drafts: [draft] });
    expect(unsaved.left().drafts).toEqual([draft]);
    unsaved.saved({ drafts: [{ gid: 1, text: draft.text }] });
    expect(unsaved.left().drafts).toEqual([draft]);
    unsaved.saved({ drafts: [draft] });
    expect(unsaved.left().drafts).toEqual([]);
  });

  it("is read from the notes of an earlier client, which go", () => {
    const { notes, kept } = shared();
    kept.set("rim.unsaved.7.1", JSON.stringify({ draft: "half a", pending: [message("a")] }));
    kept.set("rim.unsaved.7.2", "{");
    kept.set("rim.unsaved.7.m.b", "[]");
    kept.set("rim.unsaved.77.1", JSON.stringify({ draft: "another's", pending: [] }));
    const unsaved = new Unsaved(notes, 7);
    expect(unsaved.left()).toEqual({ pending: [message("a")], acts: [], settled: [], drafts: [{ gid: 1, text: "half a" }] });
    unsaved.clear();
    expect([...kept.keys()]).toEqual(["rim.unsaved.77.1"]);
  });
});

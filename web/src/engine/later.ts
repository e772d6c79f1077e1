// What is sent later: what the server has of it, with what it is yet to hear.

import type { Act } from "./acts";
import type { Scheduled } from "./contract";
import { keepList } from "./live";
import type { Rest } from "./rest";
import { known } from "./wire";
import * as wire from "./wire.gen";

export class Later {
  private listed: readonly Scheduled[] | null = null;
  private readonly waiting = new WeakMap<Act, Scheduled>();
  private shown: readonly Scheduled[] | null = null;
  private round = 0;

  constructor(
    private readonly rest: Rest,
    private readonly changed: () => void,
  ) {}

  /** Null until the server was heard. */
  list(acts: readonly Act[]): readonly Scheduled[] | null {
    const waiting = acts.flatMap((act) => this.ofAct(act) ?? []);
    if (this.listed === null && waiting.length === 0) return null;
    const all = [...(this.listed ?? []), ...waiting].sort((a, b) => a.sendAt - b.sendAt);
    return (this.shown = keepList(this.shown, all));
  }

  async load(): Promise<void> {
    const round = ++this.round;
    const answer = await this.rest.ask(wire.listScheduled, {});
    if (!answer.ok || round !== this.round) return;
    this.listed = answer.value.map(({ kind, mentions, mentionAll, ...each }) => {
      return { ...each, failure: null, kind: known(kind), mentions: mentions ?? [], mentionAll: mentionAll === true };
    });
    this.changed();
  }

  find(id: number): Scheduled | null {
    return this.listed?.find((each) => each.id === id) ?? null;
  }

  private ofAct(act: Act): Scheduled | null {
    const { gid, deed, state } = act;
    if (deed.is !== "schedule") return null;
    const { kind, content, sendAt, extras } = deed;
    const failed = state.is === "failed" ? state.reason : null;
    const failure = failed === null ? null : act.id;
    const scheduled = this.waiting.get(act) ?? { id: null, gid, kind, content, sendAt, failed, failure, ...extras };
    this.waiting.set(act, scheduled);
    return scheduled;
  }
}

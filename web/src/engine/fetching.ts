// What the leader fetches of the past of a chat: pages below what is at hand, the part around a message, and what stands last
// in the list where that is gone.

import { bottom } from "./ranges";
import type { Around, Replica } from "./replica";
import { type Rest, mapped } from "./rest";
import { sees } from "./sight";
import type { Facts } from "./storage";
import { PAGE } from "./window";
import { aroundPage, happenedPage, historyPage } from "./wire";
import { listEvents, readAround, readHistory } from "./wire.gen";
import type { Writer } from "./writer";

/** What stands last in the list is looked for so many pages up. */
const PAGES_UP = 5;

export class Fetching {
  constructor(
    private readonly rest: Rest,
    private readonly replica: Replica,
    private readonly writer: Writer,
    private readonly isLeading: () => boolean,
    /** What is old does not arrive. */
    private readonly learned: (facts: Facts) => void,
  ) {}

  /** Fills the newest hole of a chat from its lower edge's side up: the page right below what is at hand. */
  async older(gid: number): Promise<boolean> {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return false;
    const beforeSeq = bottom(group.covered);
    if (beforeSeq <= 1) return true;
    const { home } = this.replica;
    const answer = mapped(await this.rest.ask(readHistory, { gid, page: 1, size: PAGE, beforeSeq }), historyPage);
    // Of another history it is other messages under the same numbers.
    if (!answer.ok || !this.isLeading() || this.replica.isOfAnother(home?.store ?? null)) return false;
    const { messages } = answer.value;
    this.learned(this.replica.fill(gid, beforeSeq, PAGE, answer.value));
    // In vain: then the lines between these messages are missing, and no message is.
    const fromSeq = messages.length < PAGE ? 0 : (messages[0]?.seq ?? 0);
    const lines = { gid, fromSeq, toSeq: beforeSeq - 1 };
    const happened = group.mode === 1 ? null : await this.rest.ask(listEvents, lines);
    if (!this.isLeading()) return false;
    if (happened?.ok === true) this.learned(this.replica.happened(gid, happenedPage(happened.value)));
    await this.writer.settled();
    return true;
  }

  /** The part of a chat around a message. */
  async around(gid: number, around: Around): Promise<boolean> {
    const { home, groups } = this.replica;
    const lastSeq = groups.get(gid)?.lastSeq ?? 0;
    const answer = mapped(await this.rest.ask(readAround, { gid, ...around }), aroundPage);
    if (!answer.ok || !this.isLeading() || this.replica.isOfAnother(home?.store ?? null)) return false;
    this.learned(this.replica.fillAround(gid, answer.value, lastSeq));
    await this.writer.settled();
    return true;
  }

  /** What stood last in the list is gone: what does now. */
  async last(gid: number): Promise<void> {
    for (let pages = 0; pages < PAGES_UP; pages++) {
      const group = this.replica.groups.get(gid);
      if (!this.isLeading() || group === undefined || group.last !== null) return;
      const lowest = bottom(group.covered);
      await this.writer.settled();
      const [message] = await this.writer.page(gid, lowest, group.lastSeq + 1, 1).catch(() => []);
      if (!this.isLeading()) return;
      const sight = this.replica.living.sight(gid);
      if (message !== undefined && sees(sight, message.seq)) {
        this.learned(this.replica.changes.relast(gid, message));
        return;
      }
      if (lowest <= 1 || sight.clearedSeq >= lowest - 1 || !(await this.older(gid))) return;
    }
  }
}

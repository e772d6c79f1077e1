// Who is in the chats that are looked at: lists of members, those of large groups by page, and strangers by their number.

import type { MembersPage, Outcome } from "./contract";
import type { Ports } from "./ports";
import type { Replica } from "./replica";
import { type Answer, type Rest, outcome } from "./rest";
import type { Facts } from "./storage";
import type { Large } from "./views";
import type { StoredMessage } from "./wire";
import * as wire from "./wire.gen";

/** So long a list of members is not read again. */
const LIST_MS = 60_000;
/** And one that could not be had is asked for again, while somebody looks. */
const LIST_RETRY_MS = 10_000;
/** So many of a large group are asked for at a time. */
const MEMBERS = 100;

export interface PeopleEvents {
  isStopped(): boolean;
  isWatched(gid: number): boolean;
  /** Who they are was learned. */
  met(facts: Facts): void;
  touched(gid: number): void;
}

export class People {
  /** Of the groups whose members are read in pages: how many they are, and what one is oneself. */
  readonly large = new Map<number, Large>();
  /** When the list of members of a chat was read. */
  private readonly listed = new Map<number, number>();
  /** Those large ones in which something has happened, so that they are asked about again soon. */
  private readonly stale = new Set<number>();
  /** Whom the server was asked about by their number. */
  private readonly asked = new Set<number>();
  private histories = 0;

  constructor(
    private readonly ports: Ports,
    private readonly rest: Rest,
    private readonly replica: Replica,
    private readonly events: PeopleEvents,
  ) {}

  /** Nothing of it is of this history. */
  clear(): void {
    for (const known of [this.large, this.listed, this.asked]) known.clear();
    this.histories += 1;
  }

  /** By order of joining, which sync does not tell; and with the names as they are now. */
  async list(gid: number): Promise<void> {
    const group = this.replica.groups.get(gid);
    if (group === undefined || !group.member) return;
    if (this.ports.elapsed() - (this.listed.get(gid) ?? -Infinity) < LIST_MS) return;
    this.listed.set(gid, this.ports.elapsed());
    const { home } = this.replica;
    const answer = group.membersOmitted
      ? await this.ask(gid, { size: 1 })
      : await this.rest.ask(wire.listMembers, { gid });
    if (this.events.isStopped() || this.replica.isOfAnother(home?.store ?? null)) return;
    if (!answer.ok) {
      this.listed.delete(gid);
      if (answer.problem.is === "refused") return;
      this.ports.after(LIST_RETRY_MS, () => this.listAgain(gid));
    } else if ("count" in answer.value) {
      // It is known to the view by now.
    } else this.events.met(this.replica.list(gid, answer.value));
  }

  /** Some members of a large group. */
  async page(gid: number, { search, after }: { search: string; after: number | null }): Promise<Outcome<MembersPage>> {
    const asked = { ...(search !== "" && { q: search }), ...(after !== null && { after }), size: MEMBERS };
    const { home } = this.replica;
    const answer = await this.ask(gid, asked);
    if (!answer.ok) return outcome(answer);
    const { members, count, next } = answer.value;
    if (!this.events.isStopped() && !this.replica.isOfAnother(home?.store ?? null)) {
      this.events.met(this.replica.introduce(members.map(({ user }) => user)));
    }
    const shown = members.map(({ user, role }) => ({ user: this.replica.called(user), admin: role === 2, readSeq: 0, deliveredSeq: 0 }));
    return { ok: true, value: { members: shown, count, next } };
  }

  /** Something has happened in a group: of a large one it is asked how many there are now, while somebody looks. */
  count(gid: number): void {
    if (!this.large.has(gid) || this.stale.has(gid) || !this.events.isWatched(gid)) return;
    this.stale.add(gid);
    // People come in crowds.
    this.ports.after(LIST_RETRY_MS, () => {
      this.stale.delete(gid);
      this.listed.delete(gid);
      this.listAgain(gid);
    });
  }

  /** In a large group anybody may write: whoever is looked at and not known is asked for. */
  introduce(messages: readonly StoredMessage[]): void {
    for (const { gid, uid } of messages) {
      const known = uid === this.replica.uid || this.replica.user(uid) !== null || this.asked.has(uid);
      if (!known && this.events.isWatched(gid)) void this.askFor(uid);
    }
  }

  private listAgain(gid: number): void {
    if (!this.events.isStopped() && this.events.isWatched(gid)) void this.list(gid);
  }

  private async ask(gid: number, asked: Omit<wire.MembersRequest, "gid">): Promise<Answer<wire.MembersAnswer>> {
    const { histories } = this;
    const answer = await this.rest.ask(wire.listMembersInPages, { gid, ...asked });
    if (answer.ok && histories === this.histories) {
      this.large.set(gid, { count: answer.value.count, admin: answer.value.role === 2 });
      this.events.touched(gid);
    }
    return answer;
  }

  private async askFor(uid: number): Promise<void> {
    this.asked.add(uid);
    const { home } = this.replica;
    const answer = await this.rest.ask(wire.getUser, { uid });
    if (this.events.isStopped() || this.replica.isOfAnother(home?.store ?? null)) return;
    if (answer.ok) this.events.met(this.replica.introduce([answer.value]));
    else if (answer.problem.is !== "refused") this.ports.after(LIST_RETRY_MS, () => this.asked.delete(uid));
  }
}

// What of all that is learned is news for a person: messages of others, and those that have come to mention the user.

import type { Replica } from "./replica";
import type { Facts } from "./storage";
import type { Arrival } from "./tabs";

/** So many that have arrived are remembered. */
const KEPT = 5_000;

export class Arrivals {
  /** The messages that have arrived lately. */
  private readonly known = new Set<number>();

  constructor(
    private readonly replica: Replica,
    private readonly isUnread: (gid: number, seq: number) => boolean,
  ) {}

  clear(): void {
    this.known.clear();
  }

  of({ messages = [] }: Facts, how: "live" | "sync" | "quietly"): readonly Arrival[] {
    const rung = this.replica.living.rung();
    if (how === "quietly") return [];
    const mentions = new Set(rung);
    const news = [...messages, ...rung.filter((message) => !messages.includes(message))];
    const others = news.filter((message) => message.uid !== this.replica.uid && this.isUnread(message.gid, message.seq));
    const arrivals = others.flatMap((message): Arrival[] => {
      const mention = mentions.has(message);
      // It comes again with what was missed before it.
      const isOld = this.known.has(message.id) && !mention;
      this.known.add(message.id);
      return isOld ? [] : [{ message, mention }];
    });
    for (const oldest of this.known) {
      if (this.known.size <= KEPT) break;
      this.known.delete(oldest);
    }
    if (how === "live") return arrivals;
    // After an absence one word of each chat is enough: that one is mentioned, if one is.
    const ofChat = new Map<number, Arrival>();
    for (const arrival of arrivals) {
      const { gid } = arrival.message;
      if (arrival.mention || ofChat.get(gid)?.mention !== true) ofChat.set(gid, arrival);
    }
    return [...ofChat.values()];
  }
}

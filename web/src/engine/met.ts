// Messages that were met in lists, by their key, so that what can be done with a message can be done with those, too.

import type { Latest } from "./contract";
import { newer } from "./noted";
import type { Views } from "./views";
import { type StoredMessage, keyOf } from "./wire";

/** So many are remembered. */
const KEPT = 2_000;

export class Met {
  private readonly met = new Map<string, StoredMessage>();

  constructor(private readonly views: Views) {}

  find(gid: number, key: string): StoredMessage | null {
    return this.met.get(`${gid}/${key}`) ?? null;
  }

  remember(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      const name = `${message.gid}/${keyOf(message.uid, message.clientMsgId)}`;
      const known = newer(this.met.get(name), message);
      this.met.delete(name);
      this.met.set(name, known);
    }
    for (const oldest of this.met.keys()) {
      if (this.met.size <= KEPT) break;
      this.met.delete(oldest);
    }
  }

  /** How those that were met are drawn now. */
  listed(): Latest {
    return (gid, key) => {
      const message = this.find(gid, key);
      return message && this.views.message(message);
    };
  }

  clear(): void {
    this.met.clear();
  }
}

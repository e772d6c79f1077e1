// The acts that are asked for over REST, and what their answers say.

import type { Act } from "./acts";
import type { Replica } from "./replica";
import { type Answer, type Rest, mapped } from "./rest";
import type { Facts, Range } from "./storage";
import { beside, listed } from "./wire";
import * as wire from "./wire.gen";

/** What is known once it is done. */
export async function askFor(rest: Rest, replica: Replica, act: Act): Promise<Answer<Facts>> {
  const { id: clientMsgId, gid, deed, on } = act;
  const msgIds = on.flatMap(({ id }) => (id === null ? [] : [id]));
  const [msgId = 0] = msgIds;
  switch (deed.is) {
    case "star":
    case "unstar": {
      const isOn = deed.is === "star";
      const answer = await rest.ask(isOn ? wire.starMessage : wire.unstarMessage, { gid, msgId });
      return mapped(answer, () => replica.changes.starred(gid, msgId, isOn));
    }
    case "hide": {
      const ranges = on.flatMap(({ seq }): Range[] => (seq === null ? [] : [{ from: seq, to: seq }]));
      return mapped(await rest.ask(wire.hideMessages, { gid, msgIds }), () => replica.changes.gone(gid, 0, ranges));
    }
    case "clear": {
      const { seq } = deed;
      return mapped(await rest.ask(wire.clearChat, { gid, seq }), () => replica.changes.gone(gid, seq, []));
    }
    case "forward": {
      const { to, merged, withoutOrigin } = deed;
      return mapped(await rest.ask(wire.forwardMessages, { from: gid, msgIds, to, merged, withoutOrigin, clientMsgId }), () => ({}));
    }
    case "schedule": {
      const { kind, content, sendAt, extras } = deed;
      return mapped(await rest.ask(wire.scheduleMessage, { gid, kind, content, sendAt, clientMsgId, ...beside(extras) }), () => ({}));
    }
    default:
      throw new Error(`${deed.is} is said by the socket`);
  }
}

/** The messages that acts were on, as they are now; null where that could not be had. */
export async function lookAt(rest: Rest, replica: Replica, acts: readonly Act[]): Promise<Facts | null> {
  const messages = [];
  for (const { gid, on: [target] } of acts) {
    if (target?.id === undefined || target.id === null) continue;
    const answer = await rest.ask(wire.getMessage, { gid, msgId: target.id });
    if (answer.ok) messages.push(listed(answer.value));
    // What may not be seen any more is as it is.
    else if (answer.problem.is !== "refused") return null;
  }
  return replica.changes.restated(messages);
}

// Whom one may mention in a chat.

import { useMemo } from "react";

import type { ChatView, User } from "../../../engine/contract";
import { useMe } from "../../base/context";

export interface Candidate {
  /** Null is everybody. */
  readonly user: User | null;
  /** What then stands in the text. */
  readonly name: string;
}

export interface Nameable {
  /** Those who are known: the members, or of a large group whoever wrote last. */
  readonly people: readonly User[];
  /** Whether there are more, whom the server finds. */
  readonly large: boolean;
  readonly all: boolean;
}

const NONE: Nameable = { people: [], large: false, all: false };

/** Whom one may mention: in a single chat it is clear who is meant. */
export function useNameable({ group, members, writers, large, self, settings }: ChatView): Nameable {
  const me = useMe();
  const all = self !== null && (self.admin || group.creator === me.id || settings?.whoMentionsAll === "all");
  return useMemo(() => {
    if (group.single) return NONE;
    const people = (large ? writers : members.map(({ user }) => user)).filter(({ id }) => id !== me.id);
    return { people, large, all };
  }, [group.single, members, writers, large, all, me.id]);
}

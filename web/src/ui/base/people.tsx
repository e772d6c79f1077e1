// What lists of people have in common.

import { useMemo } from "react";

import type { User } from "../../engine/contract";
import { Avatar } from "./Avatar";
import { useTranslator } from "./context";
import { matches } from "./text";
import { Words } from "./words";
import "./PeoplePicker.css";

/** Height of a row with a face and two names. */
export const PERSON_PX = 54;

/** Those whose name or account the search finds, by name. */
export function usePeopleFound(people: readonly User[], search: string): readonly User[] {
  const translator = useTranslator();
  return useMemo(
    () =>
      people
        .filter((user) => matches(`${user.name} ${user.account}`, search))
        .sort((a, b) => translator.compare(a.name, b.name)),
    [people, search, translator],
  );
}

/** Face, name and account. */
export function Person({ user }: { user: User }) {
  return (
    <>
      <Avatar name={user.name} address={user.avatar} seed={user.id} size={38} />
      <span className="lines">
        <span className="ellipsis">
          <Words text={user.name} />
        </span>
        <span className="note ellipsis">
          <Words text={`@${user.account}`} />
        </span>
      </span>
    </>
  );
}

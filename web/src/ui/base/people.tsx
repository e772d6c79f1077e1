// What lists of people have in common.

import type { User } from "../../engine/contract";
import { Avatar } from "./Avatar";
import { knownBy } from "./text";
import { Words } from "./words";
import "./PeoplePicker.css";

/** Height of a row with a face and two names. */
export const PERSON_PX = 54;

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
          <Words text={knownBy(user)} />
        </span>
      </span>
    </>
  );
}

// What people wrote, as an element.

import { type ReactNode } from "react";

import { plainly } from "../../i18n/direction";

/** A name, an account or some words of a person, wherever they are shown. A page translator leaves them alone. */
export function Words({ text }: { text: string }): ReactNode {
  return (
    <bdi dir="auto" translate="no">
      {plainly(text)}
    </bdi>
  );
}

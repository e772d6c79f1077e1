// Of a message in a list: whose or where it is, when it was sent, and some of its words.

import type { ReactNode } from "react";

import { useNow, useTranslator } from "./context";
import { Words } from "./words";
import "./FoundLines.css";

export interface FoundLinesProps {
  readonly title: string;
  /** Below the title. */
  readonly note?: string | undefined;
  readonly at: number;
  readonly children: ReactNode;
}

export function FoundLines({ title, note, at, children }: FoundLinesProps) {
  const translator = useTranslator();
  const now = useNow();
  return (
    <span className="lines">
      <span className="found-lines__head">
        <span className="found-lines__title ellipsis">
          <Words text={title} />
        </span>
        <time className="note" dateTime={new Date(at).toISOString()} title={translator.full(at)}>
          {translator.brief(at, now)}
        </time>
      </span>
      {note !== undefined && (
        <span className="note ellipsis">
          <Words text={note} />
        </span>
      )}
      <span className="found-lines__words">{children}</span>
    </span>
  );
}

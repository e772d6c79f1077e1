// Those who may be meant behind an "@". The focus stays in the text; its keys choose.

import { useEffect, useRef } from "react";

import { Avatar } from "../../base/Avatar";
import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { Words } from "../../base/words";
import type { Candidate } from "./nameable";
import "./MentionPicker.css";

export interface MentionPickerProps {
  readonly id: string;
  readonly candidates: readonly Candidate[];
  readonly selected: number;
  readonly onPick: (candidate: Candidate) => void;
}

export function MentionPicker({ id, candidates, selected, onPick }: MentionPickerProps) {
  const { t } = useTranslator();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[selected]?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <div ref={list} id={id} className="naming" role="listbox" aria-label={t("mentions.pick")}>
      {candidates.map((candidate, at) => (
        <div
          key={candidate.user?.id ?? "all"}
          id={`${id}-${at}`}
          className="naming__one"
          role="option"
          aria-selected={at === selected}
          // The focus stays where it is.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(candidate)}
        >
          {candidate.user === null ? (
            <span className="naming__all">
              <Icon name="contacts" size={18} />
            </span>
          ) : (
            <Avatar name={candidate.user.name} address={candidate.user.avatar} seed={candidate.user.id} size={30} />
          )}
          <span className="ellipsis">
            <Words text={candidate.user?.name ?? candidate.name} />
          </span>
          <span className="naming__account ellipsis">
            {candidate.user === null ? t("mentions.allNote") : <Words text={`@${candidate.user.account}`} />}
          </span>
        </div>
      ))}
    </div>
  );
}

// All messages of a card, as they were when they were forwarded. A card within it opens over it.

import { useState } from "react";

import type { MessageKind } from "../../../engine/contract";
import { Avatar } from "../../base/Avatar";
import { useEngine, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { seedColour } from "../../base/initials";
import { Words } from "../../base/words";
import { type MergedItem, parseContent } from "../content";
import { MessageBody } from "../MessageBody";
import "./dialogs.css";

export function MergedDialog({ kind, content: source, onClose }: { kind: MessageKind; content: string; onClose: () => void }) {
  const { t } = useTranslator();
  const [within, setWithin] = useState<MergedItem | null>(null);
  const content = parseContent(kind, source);
  if (content.is !== "merged") return null;
  return (
    <Dialog title={content.title === "" ? t("merged.title") : content.title} className="dialog--wide" onClose={onClose}>
      <ol className="merged-list" tabIndex={0} data-begin="" aria-label={t("merged.count", { count: content.items.length })}>
        {content.items.map((item, at) => (
          <Item key={at} item={item} onMerged={() => setWithin(item)} />
        ))}
      </ol>
      {within !== null && <MergedDialog kind={within.kind} content={within.content} onClose={() => setWithin(null)} />}
    </Dialog>
  );
}

function Item({ item, onMerged }: { item: MergedItem; onMerged: () => void }) {
  const engine = useEngine();
  const translator = useTranslator();
  const name = (engine.user(item.uid)?.name ?? item.name) || translator.t("chat.someone");
  return (
    <li className="merged-list__one">
      <Avatar name={name} address={engine.user(item.uid)?.avatar ?? ""} seed={item.uid} size={32} />
      <div className="merged-list__words">
        <p className="merged-list__head">
          <span className={`name--${seedColour(item.uid)} merged-list__name ellipsis`}>
            <Words text={name} />
          </span>
          <time className="note">{translator.date(item.at)}</time>
        </p>
        <MessageBody kind={item.kind} content={item.content} from={name} id={`merged.${item.uid}.${item.at}`} onMerged={onMerged} />
      </div>
    </li>
  );
}

// Several messages that were forwarded as one: a card with the first of them, which opens all.

import { useTranslator } from "../../base/context";
import { Words } from "../../base/words";
import type { Content, MergedItem } from "../content";
import { previewOfContent } from "../preview";
import "./Merged.css";

const SHOWN = 4;

export function MergedCard({ content, onOpen }: { content: Content & { is: "merged" }; onOpen: (() => void) | undefined }) {
  const { t } = useTranslator();
  return (
    <button type="button" className="merged" onClick={onOpen}>
      <span className="merged__title">
        <Words text={content.title === "" ? t("merged.title") : content.title} />
      </span>
      {content.items.slice(0, SHOWN).map((item, at) => (
        <MergedLine key={at} item={item} />
      ))}
      <span className="merged__count">{t("merged.count", { count: content.items.length })}</span>
    </button>
  );
}

function MergedLine({ item }: { item: MergedItem }) {
  const translator = useTranslator();
  return (
    <span className="merged__line ellipsis">
      {translator.t("chats.sender", { name: item.name === "" ? translator.t("chat.someone") : item.name })}
      <Words text={previewOfContent(item.kind, item.content, translator)} />
    </span>
  );
}

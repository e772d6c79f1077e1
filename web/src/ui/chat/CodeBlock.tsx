// Code in a message: what it is written in, a button that copies it, and colours where somebody has said the language.

import { type ReactNode, useEffect, useState } from "react";

import { copyText } from "../base/clipboard";
import { useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import type { Coloured } from "./highlight/colours";

/** Longer code is not coloured: it would be thousands of elements. */
const LONGEST_COLOURED = 20_000;

export function CodeBlock({ label, text }: { label: string; text: string }) {
  const translator = useTranslator();
  const { t } = translator;
  const language = label.split(/[\s,{:]/)[0]?.toLowerCase() ?? "";
  const coloured = useColours(language, text);
  return (
    <div className="code" translate="no">
      <div className="code__bar">
        <bdi className="code__label ellipsis">{label}</bdi>
        <button type="button" className="code__copy" onClick={() => void copyText(text, translator)}>
          <Icon name="copy" size={15} />
          {t("message.copyCode")}
        </button>
      </div>
      <pre tabIndex={0} dir="ltr">
        <code>{coloured ?? text}</code>
      </pre>
    </div>
  );
}

/** The text in coloured pieces, or null while and where it has none. */
function useColours(language: string, text: string): ReactNode {
  const [coloured, setColoured] = useState<{ readonly text: string; readonly pieces: readonly Coloured[] } | null>(null);
  useEffect(() => {
    if (language === "" || text.length > LONGEST_COLOURED) return undefined;
    let wanted = true;
    import("./highlight/highlight")
      .then(({ highlight }) => highlight(language, text))
      .then((pieces) => {
        if (wanted && pieces !== null) setColoured({ text, pieces });
      })
      // Without colours it is the same code.
      .catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [language, text]);
  if (coloured?.text !== text) return null;
  return coloured.pieces.map(([tokenClass, piece], at) =>
    tokenClass === "" ? (
      piece
    ) : (
      <span key={at} className={`code__${tokenClass}`}>
        {piece}
      </span>
    ),
  );
}

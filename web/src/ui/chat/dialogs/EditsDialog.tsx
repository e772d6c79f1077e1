// What a message said before it was changed, the newest words first.

import { useCallback } from "react";

import type { Message } from "../../../engine/contract";
import { Answer, useAsked } from "../../base/asked";
import { useEngine, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { MessageBody } from "../MessageBody";
import "./dialogs.css";

export function EditsDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, key, kind } = message;
  const asked = useAsked(useCallback(() => engine.edits(gid, key), [engine, gid, key]));
  return (
    <Dialog title={t("edits.title")} onClose={onClose}>
      <Answer asked={asked}>
        {(edits) => (
          <ol className="edits">
            {[...edits].reverse().map(({ content, at }, index) => (
              <li key={index} className="edits__one">
                <p className="note">
                  {index === 0 ? t("edits.present") : index === edits.length - 1 ? t("edits.first") : ""} <time>{translator.date(at)}</time>
                </p>
                <div className="edits__words">
                  <MessageBody kind={kind} content={content} from="" id={`${gid}.${key}.${at}`} />
                </div>
              </li>
            ))}
          </ol>
        )}
      </Answer>
    </Dialog>
  );
}

// Files that are pasted or dropped. Messages cannot carry them yet, so that is said, wherever it happens; and nothing
// that is dropped leads away from the page, as browsers would have it.

import { useEffect } from "react";

import { useTranslator } from "../base/context";
import { showToast } from "../base/toasts";

/** Fields take text that is dropped, and the choosing of a file takes files. */
const TAKES_TEXT = "textarea, input:not([type=file])";
const TAKES_FILES = "input[type=file]";

export function useRefusedFiles(): void {
  const { t } = useTranslator();
  useEffect(() => {
    const refuse = (): void => showToast("problem", t("files.notYet"));
    const over = (event: DragEvent): void => {
      if (mayTake(event)) return;
      event.preventDefault();
      // Only what may be dropped is told of: a "none" would never come to `drop`.
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = hasFiles(event) ? "copy" : "none";
    };
    const drop = (event: DragEvent): void => {
      if (mayTake(event)) return;
      event.preventDefault();
      if (hasFiles(event)) refuse();
    };
    const paste = ({ clipboardData, target }: ClipboardEvent): void => {
      // What is copied from a table or a text has its picture beside it: then the text is meant.
      if (clipboardData === null || clipboardData.files.length === 0 || clipboardData.types.includes("text/plain")) return;
      if (!(target instanceof Element && target.matches(TAKES_FILES))) refuse();
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, [t]);
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") === true;
}

function mayTake(event: DragEvent): boolean {
  return event.target instanceof Element && event.target.matches(hasFiles(event) ? TAKES_FILES : TAKES_TEXT);
}

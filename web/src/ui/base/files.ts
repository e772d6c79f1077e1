// Files that are pasted or dropped, anywhere on the page: they go to the chat that is open. Where none is, that is said; and
// nothing that is dropped leads away from the page, as browsers would have it.

import { useEffect } from "react";

import { Cell } from "./cell";
import { useTranslator } from "./context";
import { isCovered } from "./layers";
import { showToast } from "./toasts";

/** Who takes files now. */
export interface Taker {
  take(files: readonly File[]): void;
  /** Whether it is what lies over the page. */
  isOver(): boolean;
}

/** Fields take text that is dropped, and the choosing of a file takes files. */
const TAKES_TEXT = "textarea, input:not([type=file])";
const TAKES_FILES = "input[type=file]";
/** Browsers tell twice a second at least that something is being dragged, and not always that it has left. */
const DRAGGED_MS = 1000;

let taker: Taker | null = null;
/** Whether files are held over the page that would be taken. */
export const dragged = new Cell(false);

/** Until what is returned is called. */
export function takeFiles(by: Taker): () => void {
  taker = by;
  return () => {
    if (taker === by) taker = null;
    dragged.set(false);
  };
}

export function useFiles(): void {
  const { t } = useTranslator();
  useEffect(() => {
    let timer = 0;
    const hold = (held: boolean): void => {
      clearTimeout(timer);
      dragged.set(held);
      if (held) timer = window.setTimeout(() => dragged.set(false), DRAGGED_MS);
    };
    const give = (files: FileList): void => {
      if (mayGive()) taker?.take([...files]);
      else showToast("problem", t("files.nowhere"));
    };
    const over = (event: DragEvent): void => {
      if (mayTake(event)) return;
      event.preventDefault();
      const files = hasFiles(event);
      if (files && mayGive()) hold(true);
      // Only what may be dropped is told of: a "none" would never come to `drop`.
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = files ? "copy" : "none";
    };
    const leave = ({ relatedTarget }: DragEvent): void => {
      if (relatedTarget === null) hold(false);
    };
    const drop = (event: DragEvent): void => {
      hold(false);
      if (mayTake(event)) return;
      event.preventDefault();
      const files = event.dataTransfer?.files;
      if (files !== undefined && files.length > 0) give(files);
    };
    const paste = (event: ClipboardEvent): void => {
      const { clipboardData, target } = event;
      if (clipboardData === null || !areMeant(clipboardData) || (target instanceof Element && target.matches(TAKES_FILES))) return;
      event.preventDefault();
      give(clipboardData.files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      hold(false);
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, [t]);
}

function mayGive(): boolean {
  return taker !== null && (!isCovered() || taker.isOver());
}

/** What is copied from a table or a text has its picture beside it: then the text is meant. Where files are, it is their names. */
function areMeant(data: DataTransfer): boolean {
  if (data.files.length === 0) return false;
  const text = data.getData("text/plain").trim();
  return text === "" || text.split(/\r?\n/).every((line) => [...data.files].some(({ name }) => line.endsWith(name)));
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") === true;
}

function mayTake(event: DragEvent): boolean {
  return event.target instanceof Element && event.target.matches(hasFiles(event) ? TAKES_FILES : TAKES_TEXT);
}

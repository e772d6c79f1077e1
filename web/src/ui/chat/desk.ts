// What one is doing in an open chat beside reading it: answering, changing, choosing messages, looking for one. The rows,
// the composer, the menus and the dialogs share it; each is drawn by the part that it shows.

import { createContext, useContext, useMemo, useSyncExternalStore } from "react";

import type { ChatView, Engine, Extras, Live, Message, Rewrite, User } from "../../engine/contract";
import { Cell } from "../base/cell";
import { between } from "./copying";
import type { Place } from "./mentions";

/** What is to be sent later. */
export type Unscheduled = Extras & { readonly kind: "Text" | "RichText"; readonly content: string };

/** What lies over the chat. */
export type Over =
  | { readonly is: "edits" | "reactors" | "readers" | "merged"; readonly message: Message; readonly emoji?: string }
  | { readonly is: "forward"; readonly keys: readonly string[] }
  | { readonly is: "schedule"; readonly message: Unscheduled; readonly done: () => void }
  | { readonly is: "scheduled" }
  /** From the one of that key; `among` others than those that are loaded of the chat. */
  | { readonly is: "pictures"; readonly key: string; readonly among: readonly Message[] | null }
  | { readonly is: "pins" };

/** A menu of a message: at a point, or beside what it belongs to. */
export interface OpenMenu {
  readonly message: Message;
  readonly at: { readonly x: number; readonly y: number } | DOMRect;
  /** Only the emoji, to react with. */
  readonly emoji: boolean;
}

/** What the composer does when something is to be written. */
export interface Writer {
  focus(): void;
  /** Puts words in, behind what is there. */
  put(words: Rewrite): void;
  /** What is being written answers this message; null: none. */
  answer(id: number | null): void;
  /** What is written and not sent, and who stands in it. */
  draft(): { readonly text: string; readonly places: readonly Place[] };
  /** It is written elsewhere, and now reads so; `isOver`: it was sent from there. */
  redraft(text: string, isOver: boolean): void;
}

export class Desk {
  /** The message under the mouse or the focus of keys: it shows its toolbar. */
  readonly pointed = new Cell<string | null>(null);
  /** The message whose words are in the composer. */
  readonly editing = new Cell<Message | null>(null);
  /** Keys of the messages that are chosen; null where one does not choose. */
  readonly chosen = new Cell<ReadonlySet<string> | null>(null);
  readonly menu = new Cell<OpenMenu | null>(null);
  readonly over = new Cell<Over | null>(null);
  /** What has come to be sent and was not looked at yet; null where nothing is about to be sent. */
  readonly attaching = new Cell<readonly File[] | null>(null);
  /** The message whose answers are shown beside the chat. */
  readonly thread = new Cell<Message | null>(null);
  /** Whether one looks for messages in the chat. */
  readonly finding = new Cell(false);
  /** The message that was looked for, and is shown to be the one. */
  readonly found = new Cell<string | null>(null);
  /** The message that is to be scrolled to as soon as it is there. */
  readonly wanted = new Cell<string | null>(null);
  writer: Writer | null = null;

  constructor(
    readonly engine: Engine,
    readonly me: User,
    private drawn: ChatView,
  ) {}

  /** As it was drawn last. */
  get view(): ChatView {
    return this.drawn;
  }

  draws(view: ChatView): void {
    this.drawn = view;
  }

  get gid(): number {
    return this.view.group.gid;
  }

  message(key: string): Message | undefined {
    return this.view.messages.find((each) => each.key === key);
  }

  byId(id: number): Message | "gone" | undefined {
    return this.view.messages.find((each) => each.id === id) ?? this.view.quotes.get(id);
  }

  /** Lets go of a message that was recalled while it was being changed, or looked at more closely. */
  forgetRecalled(messages: readonly Message[]): void {
    const isRecalled = (message: Message): boolean => messages.some(({ key, recalled }) => key === message.key && recalled !== null);
    const editing = this.editing.get();
    if (editing !== null && isRecalled(editing)) this.editing.set(null);
    const over = this.over.get();
    if (over !== null && "message" in over && "key" in over.message && isRecalled(over.message)) this.over.set(null);
  }

  /** Beside the message, for keys. */
  openMenu(message: Message, emoji: boolean): void {
    const key = CSS.escape(message.key);
    const bubble = document.querySelector(`article [data-of="${key}"]`) ?? document.querySelector(`article[data-key="${key}"] .bubble`);
    if (bubble !== null) this.menu.set({ message, at: bubble.getBoundingClientRect(), emoji });
  }

  reply(message: Message): void {
    if (message.id === null) return;
    this.editing.set(null);
    this.writer?.answer(message.id);
    this.writer?.focus();
  }

  edit(message: Message): void {
    this.editing.set(message);
    this.writer?.focus();
  }

  /** Shows what is about to be sent. */
  attach(files: readonly File[]): void {
    if (files.length > 0) this.attaching.set([...(this.attaching.get() ?? []), ...files]);
  }

  /** Adds a message to those that are chosen, or takes it away; `through` adds all from the one before to this one. */
  choose(key: string, through = false): void {
    const next = new Set(this.chosen.get() ?? []);
    const last = [...next].at(-1);
    if (through && last !== undefined) {
      for (const each of between(this.view.messages, last, key) ?? []) next.add(each.key);
    } else if (!next.delete(key)) next.add(key);
    this.chosen.set(next);
  }
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("a part of a chat was rendered outside of it");
  return desk;
}

/** A part of what is shared: those who draw by it hear of nothing else. */
export function useOf<T, R>(cell: Live<T>, of: (value: T) => R): R {
  const subscribe = useMemo(() => (changed: () => void) => cell.subscribe(changed), [cell]);
  return useSyncExternalStore(subscribe, () => of(cell.get()));
}

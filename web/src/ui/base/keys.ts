// Every key that does something. What is pressed is looked up here, and the list that people read is made of it.

import type { Key } from "../../i18n/catalogue";

interface Entry {
  /** "Mod" is Ctrl, and on a Mac the command key, where Ctrl edits: Ctrl+E goes to the end. The first one is shown. */
  readonly keys: readonly string[];
  readonly text: Key;
}

/** By where they count, in the order in which they are listed. */
const GROUPS = {
  everywhere: {
    keys: { keys: ["Mod+/"], text: "keys.keys" },
    find: { keys: ["Mod+K"], text: "keys.find" },
    unfilter: { keys: ["Backspace"], text: "keys.unfilter" },
    previousChat: { keys: ["Alt+ArrowUp"], text: "keys.previousChat" },
    nextChat: { keys: ["Alt+ArrowDown"], text: "keys.nextChat" },
    close: { keys: ["Escape"], text: "keys.close" },
  },
  chat: {
    findHere: { keys: ["Mod+Shift+F"], text: "find.open" },
    pageUp: { keys: ["PageUp"], text: "keys.pageUp" },
    pageDown: { keys: ["PageDown"], text: "keys.pageDown" },
    editLast: { keys: ["ArrowUp"], text: "keys.editLast" },
    send: { keys: ["Enter", "Mod+Enter"], text: "keys.send" },
    line: { keys: ["Shift+Enter"], text: "keys.line" },
    bold: { keys: ["Mod+B"], text: "composer.bold" },
    italic: { keys: ["Mod+I"], text: "composer.italic" },
    code: { keys: ["Mod+E"], text: "composer.code" },
  },
  message: {
    reply: { keys: ["R"], text: "act.reply" },
    editMessage: { keys: ["E"], text: "act.edit" },
    react: { keys: ["A"], text: "reactions.add" },
    forwardMessage: { keys: ["F"], text: "act.forward" },
    choose: { keys: ["X"], text: "act.choose" },
    recall: { keys: ["Delete"], text: "act.recall" },
  },
  pictures: {
    previousPicture: { keys: ["ArrowLeft"], text: "keys.previousPicture" },
    nextPicture: { keys: ["ArrowRight"], text: "keys.nextPicture" },
    larger: { keys: ["+", "="], text: "keys.larger" },
    smaller: { keys: ["-"], text: "keys.smaller" },
    fitting: { keys: ["0"], text: "keys.fitting" },
  },
  lists: {
    up: { keys: ["ArrowUp"], text: "keys.up" },
    down: { keys: ["ArrowDown"], text: "keys.down" },
    first: { keys: ["Home"], text: "keys.first" },
    last: { keys: ["End"], text: "keys.last" },
  },
  attached: {
    earlier: { keys: ["ArrowLeft", "ArrowUp"], text: "keys.earlier" },
    later: { keys: ["ArrowRight", "ArrowDown"], text: "keys.later" },
    remove: { keys: ["Delete", "Backspace"], text: "keys.remove" },
  },
  emoji: {
    left: { keys: ["ArrowLeft"], text: "keys.left" },
    right: { keys: ["ArrowRight"], text: "keys.right" },
    pick: { keys: ["Enter"], text: "keys.pick" },
    pickMore: { keys: ["Shift+Enter"], text: "keys.pickMore" },
  },
} as const satisfies Record<string, Record<string, Entry>>;

type Group = keyof typeof GROUPS;
type NameOf<G> = G extends Group ? keyof (typeof GROUPS)[G] : never;
export type KeyName = NameOf<Group>;

const ENTRIES = Object.assign({}, ...Object.values(GROUPS)) as Record<KeyName, Entry>;
const MAC = /Mac|iPhone|iPad/;

/** For the list of keys. */
export const KEY_GROUPS: readonly { readonly title: Key; readonly names: readonly KeyName[] }[] = (
  Object.keys(GROUPS) as Group[]
).map((group) => ({ title: `keys.in.${group}` as const, names: Object.keys(GROUPS[group]) as KeyName[] }));

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
}

/** Whether an input method is composing: then no key means anything but that. Safari says 229 at its end. */
export function isComposing(event: { readonly isComposing: boolean; readonly keyCode: number }): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Which of the names is pressed; null for none of them, and while an input method composes. */
export function whichKey<Name extends KeyName>(
  event: Pressed,
  names: readonly Name[],
  platform = navigator.platform,
): Name | null {
  return names.find((name) => isKey(event, name, platform)) ?? null;
}

export function isKey(event: Pressed, name: KeyName, platform = navigator.platform): boolean {
  return !isComposing(event) && ENTRIES[name].keys.some((keys) => fits(event, keys, platform));
}

/** Whether "Mod" is held, and not the other of the two keys as well. */
export function isMod(
  { ctrlKey, metaKey }: { readonly ctrlKey: boolean; readonly metaKey: boolean },
  platform = navigator.platform,
): boolean {
  return MAC.test(platform) ? metaKey && !ctrlKey : ctrlKey && !metaKey;
}

function fits(event: Pressed, keys: string, platform: string): boolean {
  const parts = keys === "+" ? [keys] : keys.split("+");
  const key = parts.at(-1) ?? "";
  // Some keyboards have "/" above another one: then Shift belongs to it.
  const shift = /^[A-Z]$|^\w{2,}$/.test(key) ? event.shiftKey === parts.includes("Shift") : true;
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    (parts.includes("Mod") ? isMod(event, platform) : !event.ctrlKey && !event.metaKey) &&
    event.altKey === parts.includes("Alt") &&
    shift
  );
}

export function keyText(name: KeyName): Key {
  return ENTRIES[name].text;
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  PageUp: "Page Up",
  PageDown: "Page Down",
};

/** As written on the keys of this machine: ["Ctrl", "K"]. */
export function keySigns(name: KeyName, platform = navigator.platform): string[] {
  const mac = MAC.test(platform);
  const modifiers: Record<string, string> = mac ? { Mod: "⌘", Alt: "⌥", Shift: "⇧" } : { Mod: "Ctrl" };
  const shown = ENTRIES[name].keys[0] ?? "";
  return (shown === "+" ? [shown] : shown.split("+")).map((part) => modifiers[part] ?? SIGNS[part] ?? part);
}

/** The same in a sentence: "Ctrl+K". */
export function keyWords(name: KeyName, platform = navigator.platform): string {
  return keySigns(name, platform).join("+");
}

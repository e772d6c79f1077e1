// Reacting to messages: which emoji are offered first, and taking one.

import type { Message, MessageActs } from "../../engine/contract";
import { preferences, setPreferences } from "../base/preferences";

/** The row that is offered at once. */
const QUICK = 6;
const KEPT = 24;
/** For who has not reacted to anything yet. */
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "😢"];
/** Different ones on a message, by the server. */
const MOST_DIFFERENT = 20;

/** Those that were used last, then those that most people use. */
export function quickReactions(): readonly string[] {
  return [...new Set([...preferences().recentReactions, ...FIRST])].slice(0, QUICK);
}

/** Whether there is room for another one. */
export function mayAdd({ reactions }: Message, emoji: string): boolean {
  return reactions.length < MOST_DIFFERENT || reactions.some((each) => each.emoji === emoji);
}

export function addReaction(engine: MessageActs, message: Message, emoji: string): void {
  const others = preferences().recentReactions.filter((other) => other !== emoji);
  setPreferences({ recentReactions: [emoji, ...others].slice(0, KEPT) });
  if (mayAdd(message, emoji)) engine.react(message.gid, message.key, emoji, true);
}

/** Adds one's own, or takes it away where it is there already. */
export function toggleReaction(engine: MessageActs, message: Message, emoji: string): void {
  const mine = message.reactions.some((each) => each.emoji === emoji && each.mine);
  if (mine) engine.react(message.gid, message.key, emoji, false);
  else addReaction(engine, message, emoji);
}

// How many messages that mention oneself are not read yet, in all chats.

import type { ChatRow } from "../../engine/contract";

export function countMentions(rows: readonly ChatRow[]): number {
  return rows.reduce((sum, { unreadMentions }) => sum + unreadMentions, 0);
}

// A problem in the words of people.

import type { Problem } from "../../engine/contract";
import type { Key } from "../../i18n/catalogue";
import type { Translator } from "../../i18n/translator";

// The server speaks English; what it says often is said in the language of the page.
const REFUSALS: readonly (readonly [words: string, key: Exclude<Key, "problem.slowDown" | "problem.busy">])[] = [
  ["account existed", "problem.accountTaken"],
  ["this account looks like one", "problem.accountAlike"],
  ["at least one character that can be seen", "problem.invisible"],
  ["wrong password", "problem.wrongPassword"],
  ["wrong account or password", "problem.wrongLogin"],
  ["account not found", "problem.noSuchAccount"],
  ["user not found", "problem.noSuchUser"],
  ["you cannot be your own friend", "problem.selfFriend"],
  ["no such group", "problem.noSuchGroup"],
  ["you are not a member", "problem.notMember"],
  ["he is not a member", "problem.noSuchMember"],
  ["only an admin", "problem.notAdmin"],
  ["only the creator", "problem.notCreator"],
  ["the creator can be neither", "problem.creatorStays"],
  ["registration is closed", "problem.registrationClosed"],
  ["disabled", "problem.disabled"],
  ["system error", "problem.fault"],
  ["the server did not answer this message", "problem.unanswered"],
  ["this was written for another chat", "problem.elsewhere"],
];

export function refusalText({ t }: Translator, message: string): string {
  const said = message.toLowerCase();
  for (const [words, key] of REFUSALS) if (said.includes(words)) return (t as (key: Key) => string)(key);
  return message;
}

export function problemText(translator: Translator, problem: Problem): string {
  switch (problem.is) {
    case "refused":
      return refusalText(translator, problem.message);
    case "offline":
      return translator.t("problem.offline");
    case "slow-down":
      return translator.t("problem.slowDown", { time: translator.duration(problem.seconds) });
    case "busy":
      return translator.t("problem.busy", { time: translator.duration(problem.seconds) });
    case "unsure":
      return translator.t("problem.unsure");
    case "fault":
      return translator.t("problem.fault");
  }
}

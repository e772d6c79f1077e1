// A problem in the words of people.

import type { Problem } from "../../engine/contract";
import type { Key } from "../../i18n/catalogue";
import type { Translator } from "../../i18n/translator";

/** Whose number a refusal names; null where that is not known. */
export type NameOf = (uid: number) => string | null;

type PersonKey = "problem.theirGroups" | "problem.contactsOnly";
type BytesKey = "problem.quota" | "problem.fileDay" | "problem.fileSize";
type PlainKey = Exclude<Key, PersonKey | BytesKey | "problem.slowDown" | "problem.busy">;

// The server speaks English; what it says often is said in the language of the page. Of two that fit the first one counts.
const REFUSALS: readonly (readonly [words: string, key: PlainKey])[] = [
  ["account existed", "problem.accountTaken"],
  ["this account looks like one", "problem.accountAlike"],
  ["this account cannot be had", "problem.accountRefused"],
  ["at least one character that can be seen", "problem.invisible"],
  ["wrong password", "problem.wrongPassword"],
  ["wrong account or password", "problem.wrongLogin"],
  ["account not found", "problem.noSuchAccount"],
  ["user not found", "problem.noSuchUser"],
  ["no such user", "problem.noSuchUser"],
  ["you cannot be your own friend", "problem.selfFriend"],
  ["no such group", "problem.noSuchGroup"],
  ["you are not a member", "problem.notMember"],
  ["not a member of this group", "problem.noSuchMember"],
  ["no such message", "problem.noSuchMessage"],
  ["no such file", "problem.noSuchFile"],
  ["this file cannot be shown as that", "problem.fileKind"],
  ["a picture has at most", "problem.pictureSize"],
  ["says where it was taken", "problem.locationStays"],
  ["of your uploads are going on", "problem.uploads"],
  ["disk is nearly full", "problem.diskFull"],
  ["the message was recalled", "problem.wasRecalled"],
  ["only its sender may do this", "problem.notSender"],
  ["a message may be edited for", "problem.editWindow"],
  ["a message may not be edited", "problem.editWindow"],
  ["a message may be recalled for", "problem.recallWindow"],
  ["a message may not be recalled", "problem.recallWindow"],
  ["texts may be edited into other texts", "problem.editKind"],
  ["times, and this one was", "problem.editedOften"],
  ["different reactions", "problem.reactions"],
  ["only voice messages are opened", "problem.noVoice"],
  ["may pin messages", "problem.mayNotPin"],
  ["may mention everybody", "problem.mayNotMentionAll"],
  ["and can hide no more", "problem.hidden"],
  ["a message that expires", "problem.expiring"],
  ["what is forwarded as one message", "problem.mergedSize"],
  ["merged messages stand in each other", "problem.mergedDepth"],
  ["this is too much to forward at once", "problem.forwardMuch"],
  ["no such scheduled message", "problem.noScheduled"],
  ["scheduled messages, and can have no more", "problem.scheduledFull"],
  ["the server was down when it was due", "problem.wasDown"],
  ["messages never expire (0)", "problem.expireSeconds"],
  ["the timer of this group was set", "problem.timers"],
  ["a search has at most", "problem.searchLong"],
  ["only an admin", "problem.notAdmin"],
  ["only the creator", "problem.notCreator"],
  ["the creator can be neither", "problem.creatorStays"],
  ["a single chat has its two people", "problem.singleChat"],
  ["a group has at most", "problem.groupFull"],
  ["and can be in no more", "problem.ownGroups"],
  ["people have not answered yet", "problem.pendingRequests"],
  ["no such session", "problem.noSuchSession"],
  ["jpeg, gif or webp picture, and this is none", "problem.picture"],
  ["avatar: a whole picture", "problem.picture"],
  ["pixels, and this has", "problem.picture"],
  ["pictures in an animation", "problem.picture"],
  ["a jpeg that is complete in", "problem.picture"],
  ["the session has ended", "problem.sessionEnded"],
  ["login required", "problem.sessionEnded"],
  ["the password has changed meanwhile", "problem.passwordChanged"],
  ["there is no such request any more", "problem.requestGone"],
  ["registration is closed", "problem.registrationClosed"],
  ["disabled", "problem.disabled"],
  ["a richtext", "problem.richText"],
  ["avatar: ", "problem.badPicture"],
  ["system error", "problem.fault"],
  ["the request took too long", "problem.timedOut"],
  ["the server did not answer this message", "problem.unanswered"],
  ["this was written for another chat", "problem.elsewhere"],
];

/** Those that are about somebody, whom the server names by number: "user 7 …". */
const OF_PEOPLE: readonly (readonly [words: string, key: PersonKey])[] = [
  ["as many groups as others can add them to", "problem.theirGroups"],
  ["can be added by their contacts only", "problem.contactsOnly"],
];

/** Those that are about bytes: how many there are of how many, or how many there may be. */
const OF_BYTES: readonly (readonly [said: RegExp, key: BytesKey])[] = [
  [/you keep (\d+) bytes of (\d+)/, "problem.quota"],
  [/you have uploaded (\d+) bytes today, of (\d+)/, "problem.fileDay"],
  [/a file has at most (\d+) bytes/, "problem.fileSize"],
];

export function refusalText({ t, bytes }: Translator, message: string, nameOf: NameOf = () => null): string {
  const said = message.toLowerCase();
  for (const [words, key] of OF_BYTES) {
    const [, used, allowed = used] = words.exec(said) ?? [];
    if (used !== undefined) return t(key, { used: bytes(Number(used)), allowed: bytes(Number(allowed)) });
  }
  for (const [words, key] of OF_PEOPLE) {
    if (!said.includes(words)) continue;
    const name = nameOf(Number(/user (\d+)/.exec(said)?.[1]));
    return t(key, { name: name ?? t("chat.someone") });
  }
  for (const [words, key] of REFUSALS) if (said.includes(words)) return (t as (key: PlainKey) => string)(key);
  return message;
}

export function problemText(translator: Translator, problem: Problem, nameOf?: NameOf): string {
  switch (problem.is) {
    case "refused":
      return refusalText(translator, problem.message, nameOf);
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

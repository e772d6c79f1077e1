import type { User } from "../../engine/contract";

const encoder = new TextEncoder();

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** What stands below a name: the account, and before it the name that others know, where one has one's own. */
export function knownBy({ realName, account }: Pick<User, "realName" | "account">): string {
  return realName === undefined ? `@${account}` : `${realName} · @${account}`;
}

/** What everybody calls somebody: for whatever leaves this device. */
export function realNameOf(user: User | null | undefined): string | undefined {
  return user?.realName ?? user?.name;
}

/** Whether `name` has all words of a search, without regard to case, marks, forms of one character and order. */
export function matches(name: string, search: string): boolean {
  const text = fold(name);
  return fold(search)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Without regard to case, marks and forms of one character. By way of the upper case: there ß is SS, both sigmas are one, and so are the i of Turkish, with and without a dot. */
export function fold(text: string): string {
  const bare = text.normalize("NFKD").replace(/[\p{Mn}\p{Default_Ignorable_Code_Point}]/gu, "");
  return bare.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

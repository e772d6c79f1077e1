// What a message says, read with suspicion: anybody may have written the JSON. See "Kinds of messages" of protocol.md.

import { attachedIn } from "../../engine/attached";
import type { Attached, AttachedKind, MessageKind } from "../../engine/contract";
import { linkAddress, pictureAddress } from "../base/address";

export type Content =
  /** A file of the server, or one that is on its way to it. */
  | { readonly is: "attached"; readonly as: AttachedKind; readonly file: Attached }
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "rich"; readonly source: string }
  | {
      readonly is: "image";
      readonly url: string;
      readonly width: number | null;
      readonly height: number | null;
      readonly size: number | null;
    }
  | { readonly is: "audio"; readonly url: string; readonly size: number | null }
  | {
      readonly is: "video";
      readonly url: string;
      readonly poster: string | null;
      readonly ratio: number;
      readonly size: number | null;
    }
  | { readonly is: "file"; readonly url: string; readonly name: string; readonly size: number | null }
  | { readonly is: "location"; readonly latitude: number; readonly longitude: number; readonly name: string; readonly address: string }
  | { readonly is: "card"; readonly uid: number; readonly name: string; readonly avatar: string }
  | { readonly is: "custom"; readonly source: string }
  /** Several messages that were forwarded as one. */
  | { readonly is: "merged"; readonly title: string; readonly items: readonly MergedItem[] }
  /** The server's disk has not given it back as it was written. */
  | { readonly is: "damaged" }
  | { readonly is: "unreadable" };

export interface MergedItem {
  readonly uid: number;
  readonly name: string;
  readonly kind: MessageKind;
  readonly content: string;
  readonly at: number;
}

/** What a server says in the place of such a message. */
const DAMAGED = "[This message was damaged on the server's disk.";
/** Which word each kind of file has. */
export const ATTACHED = { Image: "image", Audio: "audio", Video: "video", File: "file" } as const;
const UNREADABLE: Content = { is: "unreadable" };
/** All that a date can be. */
const MOST_MS = 8.64e15;
const KINDS: readonly MessageKind[] = ["Text", "RichText", "Image", "Audio", "Video", "File", "Location", "Card", "Custom", "Merged"];

export function parseContent(kind: MessageKind, content: string): Content {
  switch (kind) {
    case "Text":
      return content.startsWith(DAMAGED) ? { is: "damaged" } : { is: "text", text: content };
    case "RichText":
      return { is: "rich", source: content };
    case "Image":
    case "Audio":
    case "Video":
    case "File": {
      const file = attachedIn(kind, content);
      if (file !== null) return { is: "attached", as: kind, file };
      if (kind === "Image") return image(content);
      break;
    }
    case "Custom":
      return { is: "custom", source: content };
    default:
      break;
  }
  const fields = object(content);
  if (fields === null) return UNREADABLE;
  switch (kind) {
    case "Audio": {
      const url = media(fields["url"]);
      return url === null ? UNREADABLE : { is: "audio", url, size: amount(fields["size"]) };
    }
    case "Video": {
      const url = media(fields["url"]);
      const width = amount(fields["width"]);
      const height = amount(fields["height"]);
      const ratio = width !== null && height !== null && width > 0 && height > 0 ? width / height : 16 / 9;
      if (url === null) return UNREADABLE;
      return { is: "video", url, poster: media(fields["poster"]), ratio, size: amount(fields["size"]) };
    }
    case "File": {
      const url = typeof fields["url"] === "string" ? linkAddress(fields["url"]) : null;
      return url === null
        ? UNREADABLE
        : { is: "file", url, name: words(fields["name"]), size: amount(fields["size"]) };
    }
    case "Location": {
      const latitude = fields["latitude"];
      const longitude = fields["longitude"];
      if (typeof latitude !== "number" || typeof longitude !== "number") return UNREADABLE;
      if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return UNREADABLE;
      return { is: "location", latitude, longitude, name: words(fields["name"]), address: words(fields["address"]) };
    }
    case "Card": {
      const uid = fields["uid"];
      if (typeof uid !== "number" || !Number.isSafeInteger(uid)) return UNREADABLE;
      return { is: "card", uid, name: words(fields["name"]), avatar: words(fields["avatar"]) };
    }
    case "Merged": {
      const items = Array.isArray(fields["items"]) ? fields["items"].flatMap(mergedItem) : [];
      return items.length === 0 ? UNREADABLE : { is: "merged", title: words(fields["title"]), items };
    }
  }
}

function image(content: string): Content {
  const fields = content.trimStart().startsWith("{") ? object(content) : { url: content };
  const url = media(fields?.["url"]);
  if (fields === null || url === null) return UNREADABLE;
  const [width, height, size] = [fields["width"], fields["height"], fields["size"]].map(amount);
  return { is: "image", url, width: width ?? null, height: height ?? null, size: size ?? null };
}

function mergedItem(value: unknown): MergedItem[] {
  if (typeof value !== "object" || value === null) return [];
  const { uid, name, kind, content, createdAt: at } = value as Record<string, unknown>;
  if (typeof uid !== "number" || typeof content !== "string" || typeof at !== "number" || Math.abs(at) > MOST_MS) return [];
  return [{ uid, name: words(name), kind: KINDS.find((each) => each === kind) ?? "Custom", content, at }];
}

function object(content: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function media(value: unknown): string | null {
  return typeof value === "string" ? pictureAddress(value) : null;
}

function words(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 300) : "";
}

function amount(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

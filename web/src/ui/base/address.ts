// Addresses that other people wrote. Only what cannot run anything is let through.

import { addressOf } from "../../basePath";

/** An address to be shown as a picture: of this server, or of the web. */
export function pictureAddress(address: string): string | null {
  return safeAddress(address, ["http:", "https:"]);
}

/** An address to be followed by a click. */
export function linkAddress(address: string): string | null {
  return safeAddress(address, ["http:", "https:", "mailto:", "tel:"]);
}

function safeAddress(address: string, protocols: readonly string[]): string | null {
  const text = address.trim();
  if (text === "") return null;
  // Only a path from the root is of this server: "example.org/page" is a site, and "page" is nothing.
  const site = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/?#:]|$)/i.test(text);
  const own = /^\/(?![/\\])/.test(text);
  if (!site && !own && !/^(?:\/\/|[a-z][a-z0-9+.-]*:)/i.test(text)) return null;
  try {
    const url = own ? addressOf(text) : new URL(site ? `https://${text}` : text, document.baseURI);
    return protocols.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// Pictures, sound and films are loaded by the browser itself, which says who asks by a cookie. It is set at login; a browser may
// lose it, and a session that is older than it never had it.

import type { Ports } from "./ports";
import type { Rest } from "./rest";
import { setCookie } from "./wire.gen";

const MEDIA = "/media";
/** What cannot be loaded with a cookie as young as this cannot be loaded with another one either. */
const FRESH_MS = 10_000;

export class FileAccess {
  private asking: Promise<boolean> | null = null;
  private openedAt = -Infinity;

  constructor(
    private readonly ports: Ports,
    private readonly rest: Rest,
  ) {}

  /** Whether there is a new cookie; all who ask meanwhile get the same answer. */
  open(): Promise<boolean> {
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  /** Something could not be loaded: whether that may be for want of a cookie, and there is one now. */
  async reopen(): Promise<boolean> {
    if (this.asking === null && this.ports.elapsed() - this.openedAt < FRESH_MS) return false;
    return this.open();
  }

  private async ask(): Promise<boolean> {
    const path = new URL(this.ports.addressOf(MEDIA)).pathname;
    // Below a path of its own a page sends no cookie of the root's.
    const asked = path === MEDIA ? "" : `?path=${encodeURIComponent(path)}`;
    const answer = await this.rest.ask({ post: `/api/file/cookie${asked}`, answers: setCookie.answers }, {});
    if (answer.ok) this.openedAt = this.ports.elapsed();
    return answer.ok;
  }
}

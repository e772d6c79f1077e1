// Parts that are loaded when they are needed first.
//
// One may be gone: the server has another version, which names its files differently. Then the page is loaded anew, once
// for that version, by itself; the outbox and drafts are kept. Without a network it is asked for again when one tries again.

import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";

import { addressOf } from "../../basePath";
import { loadLater } from "../../i18n/translator";
import { Boundary, Fault } from "./Boundary";

/** The same component, which is there when it is loaded, with `waiting` in its place until then: what is as large, where it is known. */
export function chunk<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: ReactNode | ((props: P) => ReactNode) = null,
  fallback?: (retry: () => void, props: P) => ReactNode,
): ComponentType<P> {
  const attempt = async (): Promise<{ default: ComponentType<P> }> => {
    try {
      const [part] = await Promise.all([load(), loadLater()]);
      return { default: part };
    } catch (error) {
      // A lazy component never asks again: who tries again needs another one.
      view = lazy(attempt);
      await renew(pageOf(document));
      throw error;
    }
  };
  let view = lazy(attempt);
  return function Chunk(props: P) {
    const [View, setView] = useState(() => view);
    const failed = (retry: () => void): ReactNode => {
      const again = (): void => {
        setView(() => view);
        retry();
      };
      return fallback === undefined ? <Fault onRetry={again} /> : fallback(again, props);
    };
    return (
      <Boundary fallback={failed}>
        <Suspense fallback={typeof waiting === "function" ? waiting(props) : waiting}>
          <View {...props} />
        </Suspense>
      </Boundary>
    );
  };
}

/** What `renew` needs of a page. */
export interface RenewablePage {
  /** The script this page was begun by: its name changes with each version. */
  readonly script: string | null;
  /** The page as the server has it now, or null where it does not answer. */
  fetch(): Promise<string | null>;
  /** For which page it was loaded anew already. */
  remembered(): string | null;
  remember(page: string): void;
  reload(): void;
}

/** Loads the page anew if the server has another version of it, but once for each. Else it comes back. */
export async function renew(page: RenewablePage): Promise<void> {
  if (page.script === null) return;
  const served = await page.fetch();
  if (served === null || served.includes(page.script) || page.remembered() === served) return;
  page.remember(served);
  page.reload();
  // What comes is another page: nothing is to be shown of this one any more.
  await new Promise(() => undefined);
}

const RENEWED = "rim.renewed";

function pageOf(document: Document): RenewablePage {
  return {
    script: document.querySelector("script[type=module][src]")?.getAttribute("src") ?? null,
    async fetch() {
      try {
        const answer = await fetch(addressOf("/"), { cache: "no-store" });
        return answer.ok ? await answer.text() : null;
      } catch {
        return null;
      }
    },
    remembered: () => stored(() => sessionStorage.getItem(RENEWED)),
    remember: (served) => stored(() => sessionStorage.setItem(RENEWED, served)),
    reload: () => location.reload(),
  };
}

/** Where storage is forbidden nothing is remembered. */
function stored<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

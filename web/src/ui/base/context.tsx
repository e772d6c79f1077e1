// What every view may ask for: the engine, live values, the language.

import { createContext, type ReactNode, useContext, useEffect, useLayoutEffect, useMemo, useState, useSyncExternalStore } from "react";

import type { Engine, Live, User } from "../../engine/contract";
import { createTranslator, isLoaded, type Language, loadLanguage, type Translator } from "../../i18n/translator";
import { chosenLanguage, usePreferences } from "./preferences";
import { RemoteContext, remoteOf } from "./remote";

export const EngineContext = createContext<Engine | null>(null);
export const TranslatorContext = createContext<Translator | null>(null);
const MeContext = createContext<User | null>(null);

export function Surroundings({ engine, children }: { engine: Engine; children: ReactNode }) {
  const language = useLoaded(chosenLanguage(usePreferences()));
  const translator = useMemo(() => createTranslator(language, navigator.languages), [language]);
  // Before the first sight: fonts and the reading voice go by it.
  useLayoutEffect(() => {
    document.documentElement.lang = translator.locale;
  }, [translator]);
  return (
    <EngineContext value={engine}>
      <TranslatorContext value={translator}>{children}</TranslatorContext>
    </EngineContext>
  );
}

/** The language that is wanted, or the one before it until that one is loaded. */
function useLoaded(wanted: Language): Language {
  const [language, setLanguage] = useState(wanted);
  useEffect(() => {
    let current = true;
    void loadLanguage(wanted).then((is) => {
      if (current && is) setLanguage(wanted);
    });
    return () => {
      current = false;
    };
  }, [wanted]);
  return isLoaded(wanted) ? wanted : language;
}

/** Around everything that is only shown to who is logged in. */
export function SignedIn({ me, children }: { me: User; children: ReactNode }) {
  return (
    <MeContext value={me}>
      <RemoteContext value={remoteOf(me.id)}>{children}</RemoteContext>
    </MeContext>
  );
}

export function useEngine(): Engine {
  return demand(useContext(EngineContext));
}

export function useTranslator(): Translator {
  return demand(useContext(TranslatorContext));
}

export function useMe(): User {
  return demand(useContext(MeContext));
}

export function useLive<T>(live: Live<T>): T {
  // The engine's methods may need their `this`.
  const [subscribe, get] = useMemo(
    () => [(changed: () => void) => live.subscribe(changed), () => live.get()] as const,
    [live],
  );
  return useSyncExternalStore(subscribe, get);
}

/** Whether somebody is known to be online; null is nobody. */
export function useOnline(uid: number | null): boolean {
  const { online } = useEngine();
  const subscribe = useMemo(() => (changed: () => void) => online.subscribe(changed), [online]);
  return useSyncExternalStore(subscribe, () => uid !== null && online.get().has(uid));
}

/** The time by the server's clock, renewed at every minute: for what is said in days and minutes. */
export function useNow(): number {
  const ahead = useLive(useEngine().clockAhead);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
    // Whatever moved the server away from this device's clock may have been that clock.
  }, [ahead]);
  return now + ahead;
}

/** Whether the window is as wide as that. */
export function useMedia(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query]);
  return useSyncExternalStore(
    (changed) => {
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => list.matches,
  );
}

/** As in the stylesheets: below, one pane at a time. */
export const NARROW = "(max-width: 759px)";

/** A screen that is touched, whose keyboard covers half of it. */
export const COARSE = "(hover: none) and (pointer: coarse)";

function demand<T>(value: T | null): T {
  if (value === null) throw new Error("a view was rendered outside of its surroundings");
  return value;
}

// The whole client, drawn from the engine's state.

import { useLayoutEffect, useRef } from "react";

import type { Engine } from "../engine/contract";
import { SignInPage } from "./account/SignInPage";
import { Boundary } from "./base/Boundary";
import { SignedIn, Surroundings, useEngine, useLive, useMedia, useTranslator } from "./base/context";
import { Logo } from "./base/Icon";
import { usePreferences } from "./base/preferences";
import { exit } from "./base/router";
import { useFiles } from "./base/files";
import { forgetSearch } from "./chats/search";
import { Shell } from "./shell/Shell";
import { Toasts } from "./shell/Toasts";
import "./App.css";

export function App({ engine }: { engine: Engine }) {
  useLook();
  return (
    <Surroundings engine={engine}>
      <Boundary>
        <Door />
      </Boundary>
      <Boundary fallback={() => null}>
        <Toasts />
      </Boundary>
    </Surroundings>
  );
}

function Door() {
  useFiles();
  const account = useLive(useEngine().account);
  const was = useRef(account.is);
  // In every tab, and before anything is drawn.
  useLayoutEffect(() => {
    if (was.current === "in" && account.is === "out") {
      forgetSearch();
      if (account.why === null) exit();
    }
    was.current = account.is;
  }, [account]);
  const { t } = useTranslator();
  switch (account.is) {
    case "loading":
      return (
        <main className="splash" aria-busy="true">
          <Logo size={64} />
          <p className="hidden">{t("app.loading")}</p>
        </main>
      );
    case "out":
      return <SignInPage why={account.why} />;
    case "in":
      return (
        <SignedIn me={account.me}>
          <Shell key={account.me.id} />
        </SignedIn>
      );
  }
}

/** Light or dark, as was chosen or as the system says; at the start, as src/look.js has set it. */
function useLook(): void {
  const { theme } = usePreferences();
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "dark" || (theme === "system" && systemDark);
  useLayoutEffect(() => {
    document.documentElement.dataset["look"] = dark ? "dark" : "light";
    document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", dark ? "dark" : "light");
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute("content", colour.trim());
  }, [dark]);
}

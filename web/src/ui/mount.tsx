import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { Engine } from "../engine/contract";
import { loadLanguage } from "../i18n/translator";
import { App } from "./App";
import { Boundary } from "./base/Boundary";
import { watchFocus } from "./base/layers";
import { chosenLanguage, preferences } from "./base/preferences";

export async function mount(engine: Engine): Promise<void> {
  const element = document.getElementById("root");
  if (element === null) throw new Error("the page has no #root");
  watchFocus();
  // Nobody is to see another language first. The engine is at work already.
  await loadLanguage(chosenLanguage(preferences()));
  createRoot(element).render(
    <StrictMode>
      <Boundary>
        <App engine={engine} />
      </Boundary>
    </StrictMode>,
  );
}

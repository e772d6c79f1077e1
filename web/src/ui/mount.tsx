import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { Engine } from "../engine/contract";
import { App } from "./App";
import { Boundary } from "./base/Boundary";
import { watchFocus } from "./base/layers";

export function mount(engine: Engine): void {
  const element = document.getElementById("root");
  if (element === null) throw new Error("the page has no #root");
  watchFocus();
  createRoot(element).render(
    <StrictMode>
      <Boundary>
        <App engine={engine} />
      </Boundary>
    </StrictMode>,
  );
}

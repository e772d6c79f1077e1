import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { Engine } from "../engine/contract";
import { App } from "./App";
import { Boundary } from "./base/Boundary";
import { watchFocus } from "./base/layers";

export function mount(engine: Engine): void {
  const place = document.getElementById("root");
  if (place === null) throw new Error("the page has no #root");
  watchFocus();
  createRoot(place).render(
    <StrictMode>
      <Boundary>
        <App engine={engine} />
      </Boundary>
    </StrictMode>,
  );
}

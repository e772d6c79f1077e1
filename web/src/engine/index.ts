// What the views import: the contract, and the engine of a browser.

import { browserPorts } from "./browser";
import type { Engine } from "./contract";
import { RimEngine } from "./engine";

export type * from "./contract";

/** Starts at once; one for each page. */
export function createEngine(): Engine {
  return new RimEngine(browserPorts(), async () => (await import("./lists")).Lists);
}

import { defineConfig } from "vitest/config";

import { PATIENCE_MS } from "./support/patience.ts";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    globalSetup: "support/setup.ts",
    // For what never ends; within it PATIENCE_MS says what did not come.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { interval: 50, timeout: PATIENCE_MS } },
    // Two stories at a time keep two cores busy. All use one browser, so nothing is gained by setting up each file anew.
    maxWorkers: 2,
    isolate: false,
    // Node 20 has WebSocket only so.
    execArgv: ["--experimental-websocket"],
  },
});

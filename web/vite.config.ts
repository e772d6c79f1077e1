import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// Where `make web-dev` finds a running rim.
const server = "http://127.0.0.1:8000";

/** Tells the service worker the names of the files of its version. */
function versionForWorker(): Plugin {
  return {
    name: "version-for-worker",
    apply: "build",
    writeBundle({ dir }, bundle) {
      const files = Object.keys(bundle).filter((file) => file.startsWith("assets/"));
      const path = join(dir ?? "dist", "sw.js");
      const named = JSON.stringify(files.sort());
      writeFileSync(path, readFileSync(path, "utf8").replace("const FILES = [];", `const FILES = ${named};`));
    },
  };
}

/** Makes src/look.js a hashed file like all others: a script that blocks is no module, so the bundler leaves it alone. */
function look(): Plugin {
  const file = "/src/look.js";
  return {
    name: "look",
    apply: "build",
    buildStart() {
      this.emitFile({ type: "asset", name: "look.js", source: readFileSync(new URL(`.${file}`, import.meta.url)) });
    },
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const made = Object.values(bundle ?? {}).find((each) => each.type === "asset" && each.names.includes("look.js"));
        return made === undefined ? html : html.replace(file, `./${made.fileName}`);
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), look(), versionForWorker()],
  // A proxy may have put the client below a path.
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The server sends `default-src 'self'`: nothing may be inlined, neither pictures as data: nor scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // All that the first sight needs is one file: what it shares with parts that are loaded later would be a dozen small ones, which
    // are compressed worse.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "index", tags: ["$initial"] }] } } },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": server,
      "/media": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    // For what never ends; no test is about how fast the machine is.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

// The automatic part of an audit of accessibility.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GRAVE = ["serious", "critical"];

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What is gravely wrong with what the page shows now, in lines to be read. */
export async function audit(page: Page): Promise<string[]> {
  await page.evaluate(`${AXE};0`);
  const { violations } = (await page.evaluate("axe.run()")) as { violations: Finding[] };
  return violations
    .filter(({ impact }) => GRAVE.includes(impact))
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.target.join(" ")}: ${node.failureSummary}`));
}

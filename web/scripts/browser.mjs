// The browser for the scripts here.

import { chromium as playwright } from "playwright-core";

import { chromium } from "./chromium.mjs";

export async function launch() {
  return playwright.launch({
    executablePath: await chromium(),
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
  });
}

// For all tests: one browser and one server. Tests that need a server for themselves start it.

import { chromium as playwright } from "playwright-core";
import type { TestProject } from "vitest/node";

import { chromium } from "../../scripts/chromium.mjs";
import { Account } from "./account";
import { Rim } from "./rim";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A microphone that beeps.
  "--use-fake-device-for-media-stream",
];

declare module "vitest" {
  interface ProvidedContext {
    /** Where the browser is told what to do. */
    browser: string;
    /** Where rim is. */
    rim: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const browser = await playwright.launchServer({ executablePath: await chromium(), headless: true, args: FLAGS });
  const rim = await Rim.start();
  // Who comes first to an empty server finds another page, and that is a story of its own.
  await Account.create(rim.url, "First");
  project.provide("browser", browser.wsEndpoint());
  project.provide("rim", rim.url);
  return async () => {
    await browser.close();
    await rim.stop();
  };
}

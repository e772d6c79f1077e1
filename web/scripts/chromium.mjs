// Finds a Chromium for the end-to-end tests and prints its path; installs one where there is none.
//
//   CHROMIUM=/path/to/chrome node scripts/chromium.mjs     that one and no other
//   node scripts/chromium.mjs                              the first that there is

import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
// Carries a Chromium inside of it. Asked for only where nothing else is at hand, so no dependency.
const PACKAGE = "@sparticuz/chromium@153.0.0";

/** The path of an executable; throws where there is none and none can be installed. */
export async function chromium() {
  if (process.env.CHROMIUM) {
    if (!isExecutable(process.env.CHROMIUM)) throw new Error(`CHROMIUM: ${process.env.CHROMIUM} cannot be run`);
    return process.env.CHROMIUM;
  }
  return onThisMachine() ?? fromDebian() ?? (await fromNpm());
}

function onThisMachine() {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter).filter(Boolean)];
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** Debian's package, where one may install it. */
function fromDebian() {
  if (process.getuid?.() !== 0 || !isExecutable("/usr/bin/apt-get")) return undefined;
  console.error("no Chromium here: installing Debian's");
  try {
    run("apt-get", ["update"]);
    run("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"]);
  } catch (error) {
    console.error(`that did not work: ${error.message}`);
  }
  return onThisMachine();
}

/** The one of an npm package, in a folder of its own so that node_modules stays as the lock file has it. */
async function fromNpm() {
  console.error(`no Chromium here: taking that of ${PACKAGE}`);
  const folder = fileURLToPath(new URL("../node_modules/.chromium", import.meta.url));
  mkdirSync(folder, { recursive: true });
  run("npm", ["install", "--prefix", folder, "--no-save", "--no-package-lock", PACKAGE]);
  const main = createRequire(join(folder, "/")).resolve("@sparticuz/chromium");
  const carried = await import(pathToFileURL(main).href);
  return carried.default.executablePath();
}

/** What it says goes to standard error: standard output is for the path. */
function run(program, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync(program, args, { env, stdio: ["ignore", 2, 2] });
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await chromium());
}

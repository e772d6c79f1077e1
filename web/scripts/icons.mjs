// Draws the PNG icons of the manifest from our mark. Run it when the mark changes; the results are committed.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { launch } from "./browser.mjs";

const folder = fileURLToPath(new URL("../public/icons/", import.meta.url));
const mark = readFileSync(`${folder}favicon.svg`, "utf8");
// A maskable icon is cut to any shape by the system: colour to the edge, the mark in the inner 80 %.
const square = mark.replace('rx="17"', "");
const maskable = square.replace('viewBox="0 0 64 64"', 'viewBox="-9 -9 82 82"').replace(
  '<rect width="64" height="64"',
  '<rect x="-9" y="-9" width="82" height="82"',
);

const browser = await launch();
for (const [name, size, svg] of [
  ["icon-192", 192, mark],
  ["icon-512", 512, mark],
  ["maskable-512", 512, maskable],
  ["apple-touch-icon", 180, square],
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const sized = svg.replace("<svg ", `<svg width="${size}" height="${size}" `);
  await page.setContent(`<body style="margin:0;background:transparent">${sized.replace("<svg ", '<svg style="display:block" ')}</body>`);
  await page.screenshot({ path: `${folder}${name}.png`, omitBackground: true });
  await page.close();
}
await browser.close();

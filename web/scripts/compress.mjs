// Writes FILE.br and FILE.gz beside every file of dist/ that they make smaller, for the server to embed.
//
//   npm run build && node scripts/compress.mjs

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// Pictures and fonts are compressed already; below this a packet is sent anyhow.
const COMPRESSIBLE = /\.(html|js|css|json|webmanifest|svg|txt)$/;
const WORTH_IT_BYTES = 512;

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const total = { files: 0, plain: 0, br: 0, gz: 0 };

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const plain = readFileSync(path);
  if (plain.length < WORTH_IT_BYTES) continue;
  const br = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  const gz = gzipSync(plain, { level: 9 });
  if (br.length < plain.length) writeFileSync(`${path}.br`, br);
  if (gz.length < plain.length) writeFileSync(`${path}.gz`, gz);
  total.files += 1;
  total.plain += plain.length;
  total.br += br.length;
  total.gz += gz.length;
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`${total.files} files, ${kib(total.plain)}: ${kib(total.br)} as brotli, ${kib(total.gz)} as gzip`);

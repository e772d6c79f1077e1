// Colours code beside the page: whatever somebody sends, nobody's page waits for it.

import { coloursOf } from "./colours";
import { languages } from "./languages";

const hljs = languages();

addEventListener("message", ({ data }: MessageEvent<{ id: number; language: string; text: string }>) => {
  const { id, language, text } = data;
  postMessage({ id, pieces: coloursOf(hljs, language, text) });
});

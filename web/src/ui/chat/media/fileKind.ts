// What sort of file a name and a type speak of, for its sign. Pure.

const SORTS = {
  pdf: ["pdf"],
  text: ["txt", "md", "rtf", "doc", "docx", "odt", "pages", "epub"],
  sheet: ["csv", "tsv", "xls", "xlsx", "ods", "numbers"],
  slides: ["ppt", "pptx", "odp", "key"],
  archive: ["zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar", "jar", "apk", "dmg", "iso"],
  code: ["js", "ts", "tsx", "rs", "go", "py", "java", "c", "h", "cpp", "cs", "rb", "php", "sh", "sql", "json", "xml", "html", "css", "yaml", "yml", "toml"],
  audio: ["mp3", "m4a", "aac", "ogg", "opus", "flac", "wav"],
  video: ["mp4", "m4v", "mov", "mkv", "webm", "avi"],
  image: ["jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "avif", "svg", "tif", "tiff", "bmp", "psd"],
} as const;

export type FileSort = keyof typeof SORTS | "other";

/** What stands on the sign has room for so many letters. */
const MOST_LETTERS = 5;

/** Without the dot, in small letters; empty where there is none. */
export function endingOf(name: string): string {
  return /[^.\s]\.([a-z0-9]+)$/i.exec(name.trim())?.[1]?.toLowerCase() ?? "";
}

/** By the end of its name, else by its type. */
export function sortOf(name: string, mime: string): FileSort {
  const ending = endingOf(name);
  const sorts = Object.keys(SORTS) as (keyof typeof SORTS)[];
  const named = sorts.find((sort) => (SORTS[sort] as readonly string[]).includes(ending));
  if (named !== undefined) return named;
  const [general = ""] = mime.split("/");
  return sorts.find((sort) => sort === general) ?? "other";
}

/** What is written on it: PDF, XLSX; empty where the ending is none that people know. */
export function signOf(name: string): string {
  const ending = endingOf(name);
  return ending.length <= MOST_LETTERS ? ending.toUpperCase() : "";
}

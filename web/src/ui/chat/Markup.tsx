// A tree as React elements. Only what is listed here becomes an element: HTML in a message is shown as the text that it
// is, and pictures as links, so that nobody's words load anything.

import { memo, type ReactNode } from "react";

import { useTranslator } from "../base/context";
import { CodeBlock } from "./CodeBlock";
import { Mention } from "./message/Mention";
import type { Block, Inline, Tree } from "./markup";
import "./Markup.css";

/**
 * A page translator may have its texts: it puts elements of its own in their place, so nothing in here is ever changed.
 * Another tree is another element.
 */
export function Markup({ tree }: { tree: Tree }) {
  return <Shown key={numberOf(tree)} tree={tree} />;
}

const numbers = new WeakMap<Tree, number>();
let lastNumber = 0;

function numberOf(tree: Tree): number {
  const number = numbers.get(tree) ?? ++lastNumber;
  numbers.set(tree, number);
  return number;
}

const Shown = memo(function Shown({ tree }: { tree: Tree }) {
  const [only, ...more] = tree.blocks;
  // Most messages are one paragraph. Its last line is where the time of the message finds room.
  if (only?.is === "paragraph" && more.length === 0) {
    return (
      <span className="body__text" dir="auto" translate="yes">
        {inlines(only.of)}
      </span>
    );
  }
  return (
    <div className="rich" translate="yes">
      {blocks(tree.blocks)}
    </div>
  );
});

// What is isolated by `dir` is each paragraph by itself: one in Arabic does not turn the next one in English.
function blocks(nodes: readonly Block[]): ReactNode {
  return nodes.map((node, at) => block(node, at));
}

function block(node: Block, key: number): ReactNode {
  switch (node.is) {
    case "paragraph":
      return (
        <p key={key} dir="auto">
          {inlines(node.of)}
        </p>
      );
    case "heading":
      // A message is no chapter: it looks like a heading and stays out of the page's outline.
      return (
        <p key={key} dir="auto" className={`rich__heading rich__heading--${Math.min(node.level, 3)}`}>
          {inlines(node.of)}
        </p>
      );
    case "code":
      return <CodeBlock key={key} label={node.label} text={node.text} />;
    case "quote":
      return <blockquote key={key}>{blocks(node.of)}</blockquote>;
    case "list": {
      const items = node.items.map(({ done, of }, at) => {
        const [head, ...rest] = of;
        return (
          <li key={at} dir="auto" className={done === null ? undefined : "rich__task"}>
            {done !== null && <Task done={done} />}
            {head?.is === "paragraph" ? <span>{inlines(head.of)}</span> : head !== undefined && block(head, -1)}
            {blocks(rest)}
          </li>
        );
      });
      if (node.first === null) return <ul key={key}>{items}</ul>;
      // Numbers of three digits have room, too.
      return (
        <ol key={key} start={node.first} style={{ paddingInlineStart: `${numberWidth(node)}em` }}>
          {items}
        </ol>
      );
    }
    case "table":
      return <Table key={key} node={node} />;
    case "rule":
      return <hr key={key} />;
  }
}

function numberWidth({ first, items }: Block & { is: "list" }): number {
  return 0.9 + 0.6 * String((first ?? 1) + items.length - 1).length;
}

function Task({ done }: { done: boolean }) {
  const { t } = useTranslator();
  return <input type="checkbox" checked={done} disabled readOnly aria-label={done ? t("message.taskDone") : t("message.task")} />;
}

function Table({ node }: { node: Block & { is: "table" } }) {
  const { t } = useTranslator();
  const [head = [], ...rows] = node.rows;
  return (
    <div className="rich__table" tabIndex={0} role="group" aria-label={t("message.table")}>
      <table>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} dir="auto" style={alignment(node.align[at])}>
                {inlines(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, at) => (
                <td key={at} dir="auto" style={alignment(node.align[at])}>
                  {inlines(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function alignment(align: "start" | "center" | "end" | null | undefined): { textAlign: "start" | "center" | "end" } | undefined {
  return align === null || align === undefined ? undefined : { textAlign: align };
}

function inlines(nodes: readonly Inline[]): ReactNode {
  return nodes.map((node, at) => inline(node, at));
}

function inline(node: Inline, key: number): ReactNode {
  switch (node.is) {
    case "text":
      return node.text;
    case "code":
      return (
        <code key={key} translate="no">
          {node.text}
        </code>
      );
    case "strong":
      return <strong key={key}>{inlines(node.of)}</strong>;
    case "emphasis":
      return <em key={key}>{inlines(node.of)}</em>;
    case "deleted":
      return <del key={key}>{inlines(node.of)}</del>;
    case "link":
      return (
        <a key={key} href={node.href} title={node.href} target="_blank" rel="noopener noreferrer nofollow">
          {inlines(node.of)}
        </a>
      );
    case "mention":
      return (
        <Mention key={key} uid={node.uid}>
          {inlines(node.of)}
        </Mention>
      );
  }
}

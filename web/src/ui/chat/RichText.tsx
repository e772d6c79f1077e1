// CommonMark as React elements. The parser gives a tree, and only what is listed here becomes an element: HTML in a
// message is shown as the text that it is, and pictures as links, so that nobody's words load anything.

import type { Nodes, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { memo, type ReactNode, useMemo } from "react";

import { linkAddress } from "../base/address";
import { linkify } from "./linkify";
import "./RichText.css";

interface Targets {
  readonly get: (identifier: string) => string | undefined;
}

// Quotes in quotes in quotes: deeper is shown as text.
const DEEPEST = 24;

export const RichText = memo(function RichText({ source }: { source: string }) {
  const content = useMemo(() => {
    const tree = fromMarkdown(source);
    const targets = new Map<string, string>();
    collect(tree, targets, 0);
    return children(tree.children, targets, 0);
  }, [source]);
  return (
    <div className="rich" dir="auto">
      {content}
    </div>
  );
});

function collect(node: Nodes, targets: Map<string, string>, depth: number): void {
  if (node.type === "definition" && !targets.has(node.identifier)) targets.set(node.identifier, node.url);
  if ("children" in node && depth < DEEPEST) for (const child of node.children) collect(child, targets, depth + 1);
}

function children(nodes: readonly RootContent[], targets: Targets, depth: number): ReactNode {
  if (depth > DEEPEST) return "…";
  return nodes.map((node, at) => element(node, at, targets, depth + 1));
}

function element(node: RootContent, key: number, targets: Targets, depth: number): ReactNode {
  switch (node.type) {
    case "text":
      return linkify(node.value).map((piece, at) =>
        piece.is === "text" ? piece.text : <Link key={`${key}.${at}`} url={piece.href} content={piece.text} />,
      );
    case "paragraph":
      return <p key={key}>{children(node.children, targets, depth)}</p>;
    case "strong":
      return <strong key={key}>{children(node.children, targets, depth)}</strong>;
    case "emphasis":
      return <em key={key}>{children(node.children, targets, depth)}</em>;
    case "inlineCode":
      return <code key={key}>{node.value}</code>;
    case "code":
      return (
        <pre key={key} tabIndex={0}>
          <code>{node.value}</code>
        </pre>
      );
    case "heading":
      // A message is no chapter: it looks like a heading and stays out of the page's outline.
      return (
        <p key={key} className={`rich__heading rich__heading--${Math.min(node.depth, 3)}`}>
          {children(node.children, targets, depth)}
        </p>
      );
    case "blockquote":
      return <blockquote key={key}>{children(node.children, targets, depth)}</blockquote>;
    case "list": {
      const items = children(node.children, targets, depth);
      return node.ordered === true ? (
        <ol key={key} start={node.start ?? 1}>
          {items}
        </ol>
      ) : (
        <ul key={key}>{items}</ul>
      );
    }
    case "listItem": {
      // A tight list has no paragraphs.
      const tight = node.spread !== true;
      return (
        <li key={key}>
          {node.children.map((child, at) =>
            tight && child.type === "paragraph" ? (
              <span key={at}>{children(child.children, targets, depth)}</span>
            ) : (
              element(child, at, targets, depth + 1)
            ),
          )}
        </li>
      );
    }
    case "thematicBreak":
      return <hr key={key} />;
    case "break":
      return <br key={key} />;
    case "link":
      return <Link key={key} url={node.url} content={plainChildren(node.children, targets, depth)} />;
    case "linkReference":
      return (
        <Link key={key} url={targets.get(node.identifier) ?? ""} content={plainChildren(node.children, targets, depth)} />
      );
    case "image":
      return <Link key={key} url={node.url} content={node.alt === "" || !node.alt ? node.url : node.alt} />;
    case "imageReference":
      return <Link key={key} url={targets.get(node.identifier) ?? ""} content={node.alt ?? node.identifier} />;
    case "html":
      return <span key={key}>{node.value}</span>;
    default:
      return null;
  }
}

/** In a link there is no other link. */
function plainChildren(nodes: readonly RootContent[], targets: Targets, depth: number): ReactNode {
  return nodes.map((node, at) => (node.type === "text" ? node.value : element(node, at, targets, depth + 1)));
}

function Link({ url, content }: { url: string; content: ReactNode }) {
  const href = linkAddress(url);
  if (href === null) return content;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  );
}

// Writes what the client knows of the wire from what the server says of it: src/engine/wire.gen.ts, wire.later.gen.ts and
// limits.gen.ts from docs/openapi.json and docs/frames.json. Needs Node and nothing else.
//
//   node scripts/wire.mjs           writes them
//   node scripts/wire.mjs --check   fails where they are not what it would write

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const read = (file) => JSON.parse(readFileSync(new URL(`../../docs/${file}`, import.meta.url), "utf8"));
const openapi = read("openapi.json");
const frames = read("frames.json");
const schemas = openapi.components.schemas;

/** What the client has no use for: it is neither checked nor kept. */
const LEFT_OUT = [
  "User.password",
  "Message.createTime",
  "Message.updateTime",
  "ChatItem.group",
  "ChatItem.unread",
  "ChatItem.left",
  "ListedMember.joinedAt",
  "EventsAnswer.more",
  "Session.expiresAt",
  "ScheduledMessage.createdAt",
  "ServerInfo.version",
  "ServerLimits.accountBytes",
  "ServerLimits.nameChars",
  "ServerLimits.passwordBytes",
  "ServerLimits.contentBytes",
  "ServerLimits.frameBytes",
  "ServerLimits.bodyBytes",
  "ServerLimits.pictureBytes",
  "ServerLimits.usersPerRequest",
  "ServerLimits.groupMembers",
  "ServerLimits.watchedUsers",
  "ServerLimits.pageSize",
  "ServerLimits.uploadQuota",
  "ServerLimits.mentions",
  "ServerLimits.reactions",
  "ServerLimits.pins",
  "ServerLimits.fileQuota",
  "ServerLimits.fileDay",
  "ServerLimits.transfers",
  "ReceivedAck.kind",
  "ReceivedAck.content",
  "ReceivedError.kind",
  "ReceivedError.serverMsgId",
  "ReceivedNotify.content",
  "ReceivedNotify.clientMsgId",
  "ReceivedNotify.uids",
  "ReceivedNotify.role",
  "ReceivedNotify.createdAt",
  "ReceivedNotify.name",
];

/**
 * What servers did not tell from the beginning. While nodes are replaced one by one, a page of a new one asks old ones, so a
 * key that is new to answers belongs here.
 */
const NOT_OF_OLD_SERVERS = [
  "ServerInfo.remotePictures",
  "ServerInfo.directory",
  "ServerLimits.maxFileBytes",
  "GroupDelta.joinedAt",
  "GroupDelta.events",
  "SyncAnswer.store",
  "SyncAnswer.now",
  "SyncAnswer.next",
  "GroupDelta.changed",
  "GroupDelta.expired",
  "GroupDelta.unreadMentions",
  "SyncAnswer.hidden",
  "SyncAnswer.cleared",
  "SyncAnswer.starred",
];

/** Names of which a new server may know more: any is taken, and whoever reads it says what becomes of a new one. */
const MAY_GROW = ["Kind", "Notice", "Registration", "RemotePictures", "Directory", "Who"];

/** Operations of parts that are loaded later than the first sight: what these alone need stands in wire.later.gen.ts. */
const LATER = ["list_edits", "list_reactions", "list_readers", "list_replies", "list_media", "list_stars", "cancel_scheduled", "send_scheduled", "search_messages"];

/** Bounds that the client keeps to by itself, by their path. */
const LIMITS = {
  MAX_CONTENT_BYTES: ["Of what a message says, in UTF-8.", sent("Msg").content.maxBytes],
  MAX_WATCHED: ["Users that one connection watches.", sent("Watch").uids.maxItems],
  MAX_SYNC_GROUPS: ["Groups that one request of a sync may name.", field("SyncRequest", "groups").maxItems],
  MAX_ACCOUNT_BYTES: ["In UTF-8.", field("UserCreate", "account").maxBytes],
  MAX_NAME_CHARS: ["Of users and groups, in code points.", field("UserCreate", "name").maxLength],
  MAX_EMAIL_BYTES: ["In UTF-8.", field("UserUpdate", "email").maxBytes],
};

function sent(event) {
  return frames.sent.find((each) => each.event === event).body.properties;
}

function field(schema, key) {
  return schemas[schema].properties[key];
}

/** Where a schema is met: what is sent may leave out what it need not say; in what was read every key is there. */
const SENT = "sent";
const READ = "read";

const unused = new Set([...LEFT_OUT, ...NOT_OF_OLD_SERVERS, ...MAY_GROW, ...LATER]);

/** By name; in the order in which they are first needed, each after what it is made of. */
const made = new Map();

/** Whether a list above has the path. One that no document has any more is an error at the end. */
function is(list, path) {
  if (!list.includes(path)) return false;
  unused.delete(path);
  return true;
}

/** What a schema is in TypeScript, and how it is checked: the shape is null where it is only sent. */
function typed(schema, way) {
  if (schema.$ref !== undefined) return named(schema.$ref.split("/").at(-1), way);
  if (schema.oneOf !== undefined) {
    const something = schema.oneOf.filter((each) => each.type !== "null");
    if (something.length !== 1) throw new Error(`oneOf is known for null alone: ${JSON.stringify(schema)}`);
    return orNull(typed(something[0], way));
  }
  if (Array.isArray(schema.type)) {
    const [type, none, ...more] = schema.type;
    if (none !== "null" || more.length > 0) throw new Error(`a choice is known for null alone: ${JSON.stringify(schema)}`);
    return orNull(typed({ ...schema, type }, way));
  }
  switch (schema.type) {
    case "null":
      return { type: "null", shape: "NOTHING" };
    case "boolean":
      return { type: "boolean", shape: "FLAG" };
    case "integer":
      return { type: "number", shape: schema.minimum >= 0 ? "NATURAL" : "INTEGER" };
    case "string": {
      const choices = schema.enum ?? (schema.const === undefined ? null : [schema.const]);
      return { type: way === SENT && choices !== null ? union(choices) : "string", shape: "TEXT" };
    }
    case "array": {
      const item = typed(schema.items, way);
      return { type: `readonly ${item.type.includes(" ") ? `(${item.type})` : item.type}[]`, shape: `[${item.shape}]` };
    }
    default:
      throw new Error(`not known: ${JSON.stringify(schema)}`);
  }
}

function orNull({ type, shape }) {
  return { type: `${type} | null`, shape: `[${shape}, null]` };
}

function union(choices) {
  return choices.map((each) => JSON.stringify(each)).join(" | ");
}

function named(name, way) {
  const schema = schemas[name];
  if (schema.enum !== undefined) return choice(name, schema, way);
  if (schema.type !== "object") return typed(schema, way);
  object(name, schema, way);
  return { type: name, shape: name };
}

function choice(name, schema, way) {
  const grows = is(MAY_GROW, name);
  if (!made.has(name)) {
    const one = `export type ${name} = ${union(schema.enum)};\n`;
    const all = `export const ${name}: readonly ${name}[] = [${schema.enum.map((each) => JSON.stringify(each)).join(", ")}];\n`;
    made.set(name, { way: null, text: `${comment(schema.description)}${one}${grows ? all : ""}` });
  }
  if (grows && way === READ) return { type: "string", shape: "TEXT" };
  return { type: name, shape: `"${schema.enum.join("|")}"` };
}

function object(name, schema, way) {
  const before = made.get(name);
  if (before !== undefined) {
    // Sent first and read later: the type is the same, and now its shape is needed.
    if (before.way === way || (before.way === READ && before.plain)) return;
    if (!before.plain) throw new Error(`${name} goes both ways and has keys that may be left out: give it two names`);
  }
  const keys = Object.entries(schema.properties ?? {}).filter(([key]) => way === SENT || !is(LEFT_OUT, `${name}.${key}`));
  const required = schema.required ?? [];
  let plain = true;
  const lines = [];
  const shapes = [];
  for (const [key, its] of keys) {
    let { type, shape } = typed(its, way);
    const mayLack = !required.includes(key) || (way === READ && is(NOT_OF_OLD_SERVERS, `${name}.${key}`));
    plain &&= !mayLack && !type.endsWith(" | null");
    if (mayLack && way === READ && !type.endsWith(" | null")) ({ type, shape } = orNull({ type, shape }));
    lines.push(`${comment(its.description, "  ")}  readonly ${key}${mayLack && way === SENT ? "?" : ""}: ${type};\n`);
    shapes.push(`  ${key}: ${shape},\n`);
  }
  const type = `${comment(schema.description)}export interface ${name} {\n${lines.join("")}}\n`;
  const shape = way === READ ? `export const ${name}: Shape<${name}> = {\n${shapes.join("")}};\n` : "";
  // Behind what it is made of.
  made.delete(name);
  made.set(name, { way, plain, text: type + shape });
}

function comment(text, indent = "") {
  if (text === undefined || text === "") return "";
  const lines = text.split("\n");
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

/** `list_members_in_pages` is `listMembersInPages`. */
function camel(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function operation(method, path, operation) {
  const { summary, operationId, parameters, requestBody } = operation;
  let asked = "Nothing";
  if (parameters !== undefined) {
    const keys = parameters.map(({ name, required, schema }) => {
      return `readonly ${name}${required ? "" : "?"}: ${typed(schema, SENT).type}`;
    });
    asked = `{ ${keys.join("; ")} }`;
  } else if (requestBody !== undefined) {
    const json = requestBody.content["application/json"];
    asked = json === undefined ? "Blob" : typed(json.schema, SENT).type;
  }
  const { properties } = operation.responses[200].content["application/json"].schema.oneOf[0];
  if (Object.keys(properties).join() !== "ok,code,msg,data") throw new Error(`${path} is answered in another envelope`);
  const { type, shape } = typed(properties.data, READ);
  return (
    `/** ${summary} */\n` +
    `export const ${camel(operationId)}: Operation<${asked}, ${type}> = { ${method}: "${path}", answers: ${shape} };\n`
  );
}

const MADE_BY = `// Made by scripts/wire.mjs from docs/openapi.json and docs/frames.json. Not to be edited: \`npm run wire\` writes it.\n`;

function wire() {
  const sentFrames = frames.sent.map(({ event, does, body }) => {
    object(`Sent${event}`, { ...body, description: `\`${event}\`: ${does}.` }, SENT);
    return `  readonly ${event}: Sent${event};\n`;
  });
  for (const { answer, event, says, frame, body } of frames.received) {
    object(`Received${answer ?? event}`, { ...(frame ?? body), description: `\`${answer ?? event}\`: ${says}.` }, READ);
  }
  const all = Object.entries(openapi.paths).flatMap(([path, item]) => Object.entries(item).map(([method, its]) => [method, path, its]));
  const operations = all.filter(([, , { operationId }]) => !LATER.includes(operationId)).map((each) => operation(...each));
  const first = new Set(made.keys());
  const later = all.filter(([, , { operationId }]) => is(LATER, operationId)).map((each) => operation(...each));
  if (unused.size > 0) throw new Error(`there is nothing like ${[...unused].join(", ")}`);
  const typesOf = (isOf) => [...made].filter(([name]) => isOf(name)).map(([, { text }]) => text);
  const sent = `/** The bodies of the frames of a client, by event. */\nexport interface Sent {\n${sentFrames.join("")}}\n`;
  const laters = [...typesOf((name) => !first.has(name)), ...later].join("\n");
  const shared = [...first].filter((name) => uses(laters, name)).sort().map((name) => (made.get(name).way === READ ? name : `type ${name}`));
  return {
    first: withImports([...typesOf((name) => first.has(name)), sent, ...operations].join("\n"), ""),
    later: withImports(laters, `import { ${shared.join(", ")} } from "./wire.gen";\n`),
  };
}

/** Whether the text has the name outside of comments. */
function uses(text, name) {
  return new RegExp(`\\b${name}\\b`).test(text.replaceAll(/\/\*\*[^]*?\*\//g, ""));
}

function withImports(text, more) {
  const used = ["FLAG", "INTEGER", "NATURAL", "NOTHING", "TEXT", "type Nothing", "type Operation", "type Shape"];
  const imports = used.filter((each) => uses(text, each.replace("type ", ""))).join(", ");
  return `${MADE_BY}\nimport { ${imports} } from "./shape";\n${more}\n${text}`;
}

function limits() {
  const lines = Object.entries(LIMITS).map(([name, [says, limit]]) => {
    if (!Number.isSafeInteger(limit)) throw new Error(`the documents have no ${name}`);
    return `/** ${says} */\nexport const ${name} = ${limit.toLocaleString("en").replaceAll(",", "_")};\n`;
  });
  return `${MADE_BY}// Bounds of the server that the client keeps to.\n\n${lines.join("\n")}`;
}

let isRight = true;
const { first, later } = wire();
for (const [file, text] of [
  ["wire.gen.ts", first],
  ["wire.later.gen.ts", later],
  ["limits.gen.ts", limits()],
]) {
  const path = fileURLToPath(new URL(`../src/engine/${file}`, import.meta.url));
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    isRight = false;
    console.error(`src/engine/${file} is not what the documents say: run \`npm run wire\` in web/`);
  }
}
process.exit(isRight ? 0 : 1);

//! The reference page: the OpenAPI document as one static HTML page.

use serde_json::{Map, Value};

use super::markdown::{self, escape};

/// The page of a document.
pub(super) fn render(document: &Value) -> String {
    let page = Page { document };
    let info = &document["info"];
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<nav aria-label="Operations">
<p class="brand"><a href="#top">{title}</a> <small>{version}</small></p>
{contents}
</nav>
<main id="top">
<header>
<h1>{title} API</h1>
<p class="lead">{summary}</p>
{introduction}
<p><a href="openapi.json">The OpenAPI document</a> says the same for programs.</p>
</header>
{sections}
<section id="schemas"><h2>Objects</h2>{schemas}</section>
</main>
</body>
</html>
"##,
        title = escape(text(&info["title"])),
        version = escape(text(&info["version"])),
        summary = escape(text(&info["summary"])),
        introduction = markdown::render(text(&info["description"])),
        contents = page.contents(),
        sections = page.tags().map(|tag| page.section(tag)).collect::<String>(),
        schemas = page.schemas(),
    )
}

struct Page<'a> {
    document: &'a Value,
}

/// An operation with its place.
#[derive(Clone, Copy)]
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    is: &'a Value,
}

impl<'a> Page<'a> {
    fn tags(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.document["tags"].as_array().into_iter().flatten()
    }

    fn operations(&self, tag: &'a str) -> impl Iterator<Item = Operation<'a>> + use<'a> {
        let paths = entries(&self.document["paths"]);
        let all = paths
            .flat_map(|(path, item)| entries(item).map(move |(method, is)| Operation { method, path, is }));
        all.filter(move |operation| operation.is["tags"][0] == tag)
    }

    fn contents(&self) -> String {
        let section = |tag: &'a Value| {
            let name = text(&tag["name"]);
            let links = self.operations(name).map(|operation| {
                let (id, summary) = (text(&operation.is["operationId"]), text(&operation.is["summary"]));
                format!("<li><a href=\"#{id}\">{}</a></li>", escape(summary))
            });
            format!("<p><a href=\"#{name}\">{name}</a></p><ul>{}</ul>", links.collect::<String>())
        };
        let sections = self.tags().map(section).collect::<String>();
        format!("{sections}<p><a href=\"#schemas\">objects</a></p>")
    }

    fn section(&self, tag: &'a Value) -> String {
        let name = text(&tag["name"]);
        format!(
            "<section id=\"{name}\"><h2>{name}</h2>{}{}</section>\n",
            markdown::render(text(&tag["description"])),
            self.operations(name).map(|operation| self.operation(operation)).collect::<String>(),
        )
    }

    fn operation(&self, operation: Operation<'_>) -> String {
        let Operation { method, path, is } = operation;
        let access = if is_open(is) { "open to everybody" } else { "needs a token" };
        let data = data_schema(is);
        format!(
            r#"<article id="{id}">
<h3>{summary}</h3>
<p class="route"><b class="{method}">{method}</b> <code>{path}</code> <small>{access}</small></p>
{description}
{input}
<h4>Answer</h4>
<p>{answer_type} · {answer}</p>
<h4>Example</h4>
<pre><code>{curl}

{example}</code></pre>
</article>
"#,
            id = text(&is["operationId"]),
            summary = escape(text(&is["summary"])),
            path = escape(path),
            description = markdown::render(text(&is["description"])),
            input = self.input(is),
            answer_type = self.type_name(data),
            answer = markdown::line(text(&is["responses"]["200"]["description"])),
            curl = escape(&self.curl(operation)),
            example = escape(&self.answer(data)),
        )
    }

    /// What a request consists of, beside its path.
    fn input(&self, operation: &Value) -> String {
        if let Some(parameters) = operation["parameters"].as_array() {
            let rows = parameters.iter().map(|parameter| {
                let required = parameter["required"] == true;
                self.row(text(&parameter["name"]), required, &parameter["schema"], &parameter["description"])
            });
            return format!("<h4>Query</h4><dl>{}</dl>", rows.collect::<String>());
        }
        match body_schema(operation) {
            Some(schema) => format!("<h4>Body</h4>{}", self.fields(self.resolve(schema))),
            None if takes_a_file(operation) => {
                let types = entries(&operation["requestBody"]["content"]);
                let types = types.map(|(name, _)| format!("<code>{}</code>", escape(name)));
                format!("<h4>Body</h4><p>{}</p>", types.collect::<Vec<_>>().join(" or "))
            }
            None => String::new(),
        }
    }

    fn schemas(&self) -> String {
        let named = entries(&self.document["components"]["schemas"]);
        let objects = named.filter(|(name, schema)| !self.is_body(name) && is_worth_a_name(schema));
        let article = |(name, schema): (&str, &Value)| {
            let details = if schema["properties"].is_object() {
                self.fields(schema)
            } else {
                format!("<p>{}</p>", self.type_name(schema))
            };
            let description = markdown::render(text(&schema["description"]));
            format!("<article id=\"schema-{name}\"><h3>{name}</h3>{description}{details}</article>\n")
        };
        objects.map(article).collect()
    }

    /// Whether the schema is the body of an operation, where its fields are shown already.
    fn is_body(&self, name: &str) -> bool {
        let reference = format!("#/components/schemas/{name}");
        let mut operations = entries(&self.document["paths"]).flat_map(|(_, item)| entries(item));
        operations.any(|(_, operation)| {
            body_schema(operation).is_some_and(|schema| text(&schema["$ref"]) == reference)
        })
    }

    fn fields(&self, schema: &Value) -> String {
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it == name));
        let rows = entries(&schema["properties"])
            .map(|(name, field)| self.row(name, required(name), field, &field["description"]));
        format!("<dl>{}</dl>", rows.collect::<String>())
    }

    fn row(&self, name: &str, required: bool, schema: &Value, description: &Value) -> String {
        let optional = if required { "" } else { ", optional" };
        let limits = self.limits(schema);
        format!(
            "<dt><code>{}</code> <small>{}{limits}{optional}</small></dt><dd>{}</dd>",
            escape(name),
            self.type_name(schema),
            markdown::line(text(description)),
        )
    }

    /// The type in words. A named object is a link to its fields.
    fn type_name(&self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            let target = self.resolve(schema);
            return if is_worth_a_name(target) {
                format!("<a href=\"#schema-{name}\">{name}</a>")
            } else {
                self.type_name(target)
            };
        }
        if let Some(value) = schema.get("const") {
            return format!("<code>{}</code>", escape(&value.to_string()));
        }
        if let Some(values) = schema["enum"].as_array() {
            let names = values.iter().map(|value| format!("<code>{}</code>", escape(text(value))));
            return names.collect::<Vec<_>>().join(" ");
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let null_last = |choice: &&Value| choice["type"] == "null";
            let mut choices: Vec<&Value> = choices.iter().collect();
            choices.sort_by_key(null_last);
            return choices.iter().map(|choice| self.type_name(choice)).collect::<Vec<_>>().join(" or ");
        }
        match &schema["type"] {
            Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
            Value::String(name) if name == "array" => format!("list of {}", self.type_name(&schema["items"])),
            Value::String(name) => escape(name),
            _ => "anything".to_owned(),
        }
    }

    fn limits(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (_, Some(rim_protocol::id::ID_LAST)) => return ", below 2^53".to_owned(),
            (Some(least), Some(most)) => return format!(", {least} to {most}"),
            _ => {}
        }
        match (schema["maxLength"].as_u64(), schema["maxItems"].as_u64()) {
            (Some(most), _) => format!(", up to {most} characters"),
            (_, Some(most)) => format!(", up to {most}"),
            _ => String::new(),
        }
    }

    fn curl(&self, operation: Operation<'_>) -> String {
        let parameters = operation.is["parameters"].as_array().into_iter().flatten();
        let query = parameters
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| {
                let value = match text(&parameter["name"]) {
                    "token" => "$TOKEN".to_owned(),
                    "account" => "anna".to_owned(),
                    "gid" => "2001".to_owned(),
                    _ => self.example(&parameter["schema"]).to_string(),
                };
                format!("{}={value}", text(&parameter["name"]))
            })
            .collect::<Vec<_>>();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let mut lines = vec![format!("curl \"http://localhost:8000{}{query}\"", operation.path)];
        if !is_open(operation.is) {
            lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
        }
        match body_schema(operation.is) {
            // No example of ours holds a single quote.
            Some(schema) => lines.push(format!("-d '{}'", self.example(schema))),
            None if takes_a_file(operation.is) => lines.push("--data-binary @picture.png".to_owned()),
            None if operation.method == "post" => lines.push("-X POST".to_owned()),
            None => {}
        }
        lines.join(" \\\n  ")
    }

    fn answer(&self, data: &Value) -> String {
        format!(r#"{{"ok":true,"code":200,"msg":null,"data":{}}}"#, self.example(data))
    }

    /// A value that the schema allows: the example beside it, or one made up from its parts.
    fn example(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(example) = schema.get("example").or(schema.get("const")) {
            return example.clone();
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let value = choices.iter().find(|choice| choice["type"] != "null");
            return value.map_or(Value::Null, |choice| self.example(choice));
        }
        let kind = match &schema["type"] {
            Value::Array(types) => text(&types[0]),
            kind => text(kind),
        };
        match kind {
            "object" => entries(&schema["properties"])
                .map(|(name, field)| (name.to_owned(), self.example(field)))
                .collect::<Map<_, _>>()
                .into(),
            "array" => vec![self.example(&schema["items"])].into(),
            "string" => "rim_7pVb…".into(),
            "integer" => schema["minimum"].as_u64().map_or(101, |least| least.max(1)).into(),
            "boolean" => true.into(),
            _ => Value::Null,
        }
    }

    /// What a reference leads to; null where it leads nowhere.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }
}

fn is_open(operation: &Value) -> bool {
    operation["security"].is_array()
}

fn body_schema(operation: &Value) -> Option<&Value> {
    operation["requestBody"]["content"]["application/json"].get("schema")
}

/// Whether the body is a file as it is, and no JSON.
fn takes_a_file(operation: &Value) -> bool {
    operation["requestBody"].is_object() && body_schema(operation).is_none()
}

/// The schema of `data` in the envelope of success.
fn data_schema(operation: &Value) -> &Value {
    let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    &answer["oneOf"][0]["properties"]["data"]
}

/// Objects and enumerations are; an id is just a number.
fn is_worth_a_name(schema: &Value) -> bool {
    schema["properties"].is_object() || schema["enum"].is_array() || schema["oneOf"].is_array()
}

fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_on_the_page() {
        let document = super::super::openapi::document();
        let page = render(&document);
        for (path, _) in entries(&document["paths"]) {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        assert!(!page.contains("<script") && !page.contains("style="), "no inline script or style");
    }
}

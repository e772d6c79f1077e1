//! The OpenAPI document: what the handlers say of themselves, in the frame that all of them share.
//!
//! A handler documents its `data` alone. The envelope around it and the failures that any operation may
//! end in are added here, once, as [`crate::http::answer`] and [`crate::http::error`] do to the answers.

use serde_json::{Map, Value, json};

use super::bounds;
use crate::http::operations;

/// The document, whole.
pub(super) fn document() -> Value {
    let handlers = serde_json::to_value(operations::all().into_openapi())
        .expect("an OpenAPI document always has a JSON form");
    let mut paths = handlers["paths"].clone();
    let mut schemas = handlers["components"]["schemas"].clone();
    bounds::add(&mut schemas);
    for operation in operations_of(&mut paths) {
        wrap(operation);
    }
    schemas["Failure"] = failure_schema();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "rim",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The REST operations of a self-hosted instant-messaging server",
            "description": include_str!("introduction.md"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": failures(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that `POST /api/user/login` answers with.",
                },
            },
        },
    })
}

fn tags() -> Value {
    json!([
        {"name": "server", "description": "What a client may know before anybody is logged in."},
        {"name": "user", "description": "Registration, login, and who is who."},
        {"name": "session", "description": "Where one is logged in. Each login of each device is a session."},
        {"name": "friend", "description": "Friendship is mutual: asked for by one, accepted by the other."},
        {
            "name": "group",
            "description": "A group is any conversation: a single chat of two people (`mode` 1) or a group chat.",
        },
        {"name": "message", "description": "Reading. Messages are sent over the WebSocket."},
        {"name": "chat", "description": "What one does with a chat of one's own, for oneself alone."},
        {"name": "sync", "description": "What a device missed while it was away, exactly once."},
        {
            "name": "file",
            "description": "Files, which messages name and which are shown to whoever sees those; and pictures of users and groups, whose addresses everybody can read.",
        },
        {"name": "websocket", "description": include_str!("websocket.md")},
    ])
}

fn operations_of(paths: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    items.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// Puts the `data` of an operation into its envelope, and adds the failures it may end in.
fn wrap(operation: &mut Map<String, Value>) {
    let has_query = operation.contains_key("parameters");
    let takes_json =
        operation.get("requestBody").is_some_and(|body| body["content"]["application/json"].is_object());
    let has_body = operation.contains_key("requestBody");
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(&operation["responses"]["200"]));
    for (status, name, applies) in FAILURES {
        if applies.to(has_query, has_body, takes_json) {
            responses.insert((*status).to_owned(), json!({"$ref": format!("#/components/responses/{name}")}));
        }
    }
    operation.insert("responses".to_owned(), Value::Object(responses));
}

fn success(response: &Value) -> Value {
    let content = response["content"].as_object().and_then(|content| content.values().next());
    let mut data = content.map_or(Value::Null, |content| content["schema"].clone());
    if let Some(example) = content.and_then(|content| content.get("example")) {
        data["example"] = example.clone();
    }
    json!({
        "description": response["description"],
        "content": {"application/json": {"schema": {"oneOf": [
            {
                "type": "object",
                "required": ["ok", "code", "msg", "data"],
                "properties": {
                    "ok": {"type": "boolean", "const": true},
                    "code": {"type": "integer", "const": 200},
                    "msg": {"type": "null"},
                    "data": data,
                },
            },
            {"$ref": "#/components/schemas/Failure"},
        ]}}},
    })
}

fn failure_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why there is no answer. The status is 200 where a rule of the product said no.",
        "required": ["ok", "code", "msg", "data"],
        "properties": {
            "ok": {"type": "boolean", "const": false},
            "code": {
                "type": "integer",
                "description": "500 refused, 1001 no such user, 401 login required; else the HTTP status.",
            },
            "msg": {"type": "string", "description": "The reason, in words for a person."},
            "data": {"type": "null"},
        },
        "example": {"ok": false, "code": 500, "msg": "Account Existed", "data": null},
    })
}

/// Which operations a failure belongs to.
#[derive(Clone, Copy)]
enum Applies {
    Always,
    WithQuery,
    WithBody,
    WithJson,
    /// Where the body is a file as it is.
    WithFile,
}

impl Applies {
    const fn to(self, has_query: bool, has_body: bool, takes_json: bool) -> bool {
        match self {
            Self::Always => true,
            Self::WithQuery => has_query,
            Self::WithBody => has_body,
            Self::WithJson => takes_json,
            Self::WithFile => has_body && !takes_json,
        }
    }
}

const FAILURES: &[(&str, &str, Applies)] = &[
    ("400", "Malformed", Applies::WithJson),
    ("404", "InvalidRequest", Applies::WithQuery),
    ("408", "TimedOut", Applies::Always),
    ("413", "TooLarge", Applies::WithBody),
    ("422", "WrongField", Applies::WithJson),
    ("422", "LocationStays", Applies::WithFile),
    ("429", "TooManyRequests", Applies::Always),
    ("500", "SystemError", Applies::Always),
    ("503", "Busy", Applies::Always),
    ("504", "Unsure", Applies::Always),
    ("507", "DiskNearlyFull", Applies::WithFile),
];

fn failures() -> Value {
    let failure = |description: &str| {
        json!({
            "description": description,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
        })
    };
    let pause = |description: &str| {
        let mut response = failure(description);
        response["headers"] = json!({
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
        });
        response
    };
    json!({
        "Malformed": failure("The body is no JSON."),
        "InvalidRequest": failure("A query parameter is missing or cannot be read."),
        "TimedOut": failure("The request took too long."),
        "TooLarge": failure("The body is larger than the server takes."),
        "WrongField": failure("A key of the body is missing, of the wrong type or out of range."),
        "LocationStays": failure("The file says where it was taken, and that cannot be taken out of it."),
        "TooManyRequests": pause("Too many requests."),
        "SystemError": failure("A fault of the server."),
        "Busy": pause("The server is at its limit, and nothing was done. Try again."),
        "DiskNearlyFull": failure("There is no room for files on the server's disk. All else goes on."),
        "Unsure": failure("It is not known whether it was done. Look, and try again."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_does_and_what_it_answers() {
        let mut paths = document()["paths"].take();
        let operations: Vec<_> = operations_of(&mut paths).collect();
        assert!(!operations.is_empty());
        for operation in operations {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
            let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            assert!(answer["oneOf"][0]["properties"]["data"].is_object(), "{id}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("$ref").and_then(Value::as_str));
                    object.values().for_each(|value| references(value, found));
                }
                Value::Array(values) => values.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50);
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("into the document itself");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}

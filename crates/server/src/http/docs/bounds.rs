//! The bounds of fields in the OpenAPI document, from the constants that the checks go by.
//!
//! The derive of utoipa takes literals alone, and a number that is written twice is wrong once. A field that a
//! client sends and that has no bound here fails a test, and what is written here is held to what the server does
//! by `tests/stories/properties`.

use rim_core::message::MessageKind;
use rim_core::message::forward::{MAX_GROUPS, MAX_MESSAGES};
use rim_core::search::{Has, MAX_CHARACTERS, MAX_ZONE_CHARS};
use rim_protocol::id::ID_LAST;
use rim_protocol::limits::{
    MAX_ACCOUNT_BYTES, MAX_AVATAR_BYTES, MAX_CLIENT_MSG_ID_BYTES, MAX_CONTENT_BYTES, MAX_EMAIL_BYTES,
    MAX_EMOJI_BYTES, MAX_MENTIONS, MAX_MESSAGES_PER_REQUEST, MAX_NAME_CHARS, MAX_PASSWORD_BYTES,
    MAX_SYNC_GROUPS, MAX_USERS_PER_REQUEST,
};
use serde_json::{Map, Value, json};

#[derive(Clone, Copy)]
enum Bound {
    /// Of a text, in characters, blanks around it aside.
    Length(usize, usize),
    /// Of a text, in bytes of UTF-8. JSON Schema counts characters, of which there are no more.
    Bytes(usize, usize),
    /// Of a list.
    Items(usize),
    /// Of a number.
    Within(u64, u64),
}

use Bound::{Bytes, Items, Length, Within};

/// Any number that fits; more is read as the limit that the description names.
const COUNT: Bound = Within(0, u32::MAX as u64);
const ID: Bound = Within(0, ID_LAST);
const ROLE: Bound = Within(1, 2);

/// By `Schema.field`; of an answer, too, where its number is a small one.
const FIELDS: &[(&str, Bound)] = &[
    ("AroundRequest.after", COUNT),
    ("AroundRequest.before", COUNT),
    ("AroundRequest.msgId", ID),
    ("AroundRequest.seq", ID),
    ("ChatClear.seq", ID),
    ("ChatDelete.seq", ID),
    ("ChatList.page", COUNT),
    ("ChatList.size", COUNT),
    // Any number, of which two mean something.
    ("FriendModify.status", Within(0, u64::MAX)),
    ("Group.mode", Within(0, u8::MAX as u64)),
    ("GroupCreate.users", Items(MAX_USERS_PER_REQUEST)),
    ("GroupEvent.role", ROLE),
    ("GroupRev.recalledTo", ID),
    ("GroupUpdate.avatar", Bytes(0, MAX_AVATAR_BYTES)),
    ("GroupUpdate.name", Length(0, MAX_NAME_CHARS)),
    ("History.beforeSeq", ID),
    ("History.page", COUNT),
    ("History.size", COUNT),
    ("ListedMember.role", ROLE),
    ("MemberChange.uids", Items(MAX_USERS_PER_REQUEST)),
    ("MemberItem.role", ROLE),
    ("MemberState.role", ROLE),
    ("MediaRequest.before", ID),
    ("MediaRequest.size", COUNT),
    ("MentionsRequest.before", ID),
    ("MentionsRequest.gid", ID),
    ("MentionsRequest.page", COUNT),
    ("MentionsRequest.size", COUNT),
    ("MembersRequest.after", ID),
    ("MembersRequest.q", Length(0, MAX_NAME_CHARS)),
    ("MembersRequest.size", COUNT),
    ("MessageEdit.clientMsgId", Bytes(1, MAX_CLIENT_MSG_ID_BYTES)),
    ("MessageEdit.content", Bytes(0, MAX_CONTENT_BYTES)),
    ("MessageEdit.mentions", Items(MAX_MENTIONS)),
    ("MessageHide.msgIds", Items(MAX_MESSAGES_PER_REQUEST)),
    ("MessageReaction.emoji", Bytes(1, MAX_EMOJI_BYTES)),
    ("MessageForward.clientMsgId", Bytes(1, MAX_CLIENT_MSG_ID_BYTES)),
    ("MessageForward.from", ID),
    ("MessageForward.msgIds", Items(MAX_MESSAGES)),
    ("MessageForward.to", Items(MAX_GROUPS)),
    ("MessageSchedule.clientMsgId", Bytes(1, MAX_CLIENT_MSG_ID_BYTES)),
    ("MessageSchedule.content", Bytes(0, MAX_CONTENT_BYTES)),
    ("MessageSchedule.id", ID),
    ("MessageSchedule.mentions", Items(MAX_MENTIONS)),
    ("MessageSchedule.replyTo", ID),
    ("MessageSchedule.sendAt", ID),
    ("MessageSend.clientMsgId", Bytes(1, MAX_CLIENT_MSG_ID_BYTES)),
    ("MessageSend.content", Bytes(0, MAX_CONTENT_BYTES)),
    ("MessageSend.mentions", Items(MAX_MENTIONS)),
    ("MessageSend.replyTo", ID),
    ("NewGroup.avatar", Bytes(0, MAX_AVATAR_BYTES)),
    ("NewGroup.mode", Within(0, u8::MAX as u64)),
    ("NewGroup.name", Length(0, MAX_NAME_CHARS)),
    ("NewGroupSettings.expireSeconds", Within(0, ID_LAST)),
    ("PasswordChange.newPassword", Bytes(1, MAX_PASSWORD_BYTES)),
    ("ReactionsRequest.emoji", Bytes(1, MAX_EMOJI_BYTES)),
    ("ReactionsRequest.page", COUNT),
    ("ReactionsRequest.size", COUNT),
    ("RepliesRequest.after", ID),
    ("ScheduledList.gid", ID),
    ("SearchRequest.after", ID),
    ("SearchRequest.before", ID),
    ("SearchRequest.beforeId", ID),
    ("SearchRequest.gid", ID),
    ("SearchRequest.has", Items(Has::ALL.len())),
    ("SearchRequest.kinds", Items(MessageKind::ALL.len())),
    ("SearchRequest.q", Length(0, MAX_CHARACTERS)),
    ("SearchRequest.size", COUNT),
    ("SearchRequest.uid", ID),
    ("SearchRequest.zone", Length(0, MAX_ZONE_CHARS)),
    ("StarsRequest.before", ID),
    ("StarsRequest.page", COUNT),
    ("StarsRequest.size", COUNT),
    ("StoreState.epoch", Within(0, u64::MAX)),
    ("SyncRequest.after", ID),
    ("SyncRequest.groups", Items(MAX_SYNC_GROUPS)),
    ("SyncRequest.limit", COUNT),
    ("SyncRequest.rev", ID),
    ("SyncRequest.to", ID),
    ("SyncRequest.window", COUNT),
    ("UserCreate.account", Bytes(1, MAX_ACCOUNT_BYTES)),
    ("UserCreate.avatar", Bytes(0, MAX_AVATAR_BYTES)),
    ("UserCreate.email", Bytes(0, MAX_EMAIL_BYTES)),
    ("UserCreate.name", Length(1, MAX_NAME_CHARS)),
    ("UserCreate.password", Bytes(1, MAX_PASSWORD_BYTES)),
    ("UserLogin.device", Length(0, MAX_NAME_CHARS)),
    ("UserUpdate.avatar", Bytes(0, MAX_AVATAR_BYTES)),
    ("UserUpdate.email", Bytes(0, MAX_EMAIL_BYTES)),
    ("UserUpdate.name", Length(1, MAX_NAME_CHARS)),
];

/// What is compared with what is stored, and kept nowhere: as long as the request may be.
#[cfg(test)]
const COMPARED: &[&str] = &[
    "FileRef.id",
    "FriendAdd.account",
    "PasswordChange.oldPassword",
    "StoreState.id",
    "UserLogin.account",
    "UserLogin.password",
    "file/cookie?path",
    "file/get?id",
    "file/poster?id",
    "file/upload?name",
    "user/search?account",
    "user/token?token",
];

/// Bodies that have one of two keys, and not both.
const EITHER: &[(&str, [&str; 2])] = &[("FriendAdd", ["fid", "account"])];

/// Writes the bounds into the document. A nullable field has the same.
pub(super) fn add(schemas: &mut Value) {
    for (path, bound) in FIELDS {
        let (schema, field) = path.split_once('.').expect("a schema and its field");
        let found = &mut schemas[schema]["properties"][field];
        write(found.as_object_mut().unwrap_or_else(|| panic!("there is no field {path}")), *bound);
    }
    for (schema, keys) in EITHER {
        let schema = schemas[*schema].as_object_mut().expect("a schema");
        let one_of_them = keys.map(|key| json!({"required": [key]}));
        schema.insert("anyOf".to_owned(), json!(one_of_them));
        schema.insert("not".to_owned(), json!({"required": keys}));
    }
}

fn write(schema: &mut Map<String, Value>, bound: Bound) {
    let mut set = |key: &str, value: u64| drop(schema.insert(key.to_owned(), value.into()));
    match bound {
        Length(least, most) => {
            if least > 0 {
                set("minLength", least as u64);
            }
            set("maxLength", most as u64);
        }
        Bytes(least, most) => {
            write(schema, Length(least, most));
            schema.insert("maxBytes".to_owned(), most.into());
        }
        Items(most) => set("maxItems", most as u64),
        Within(least, most) => {
            set("minimum", least);
            set("maximum", most);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::docs::openapi;

    /// Every text, list and number that a client sends, by its path.
    #[derive(Default)]
    struct Sent {
        bounded: BTreeSet<String>,
        free: BTreeSet<String>,
    }

    impl Sent {
        fn look_at(&mut self, document: &Value, path: &str, schema: &Value) {
            if let Some(reference) = schema["$ref"].as_str() {
                let name = reference.rsplit('/').next().expect("a name");
                let target = &document["components"]["schemas"][name];
                return self.look_at(
                    document,
                    if target["properties"].is_object() { name } else { path },
                    target,
                );
            }
            for choice in schema["oneOf"].as_array().into_iter().flatten() {
                self.look_at(document, path, choice);
            }
            let is = |name: &str| {
                schema["type"] == name
                    || schema["type"].as_array().is_some_and(|types| types.contains(&name.into()))
            };
            let bound = match () {
                () if is("string") && schema["enum"].is_null() => "maxLength",
                () if is("integer") => "maximum",
                () if is("array") => {
                    self.look_at(document, path, &schema["items"]);
                    "maxItems"
                }
                () => {
                    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
                        self.look_at(document, &format!("{path}.{field}"), schema);
                    }
                    return;
                }
            };
            if schema[bound].is_u64() { &mut self.bounded } else { &mut self.free }.insert(path.to_owned());
        }
    }

    #[test]
    fn every_field_that_is_sent_has_a_bound() {
        let document = openapi::document();
        let mut sent = Sent::default();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for operation in item.as_object().expect("operations").values() {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                sent.look_at(&document, path, body);
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let (path, name) =
                        (path.trim_start_matches("/api/"), parameter["name"].as_str().expect("a name"));
                    sent.look_at(&document, &format!("{path}?{name}"), &parameter["schema"]);
                }
            }
        }
        assert!(sent.bounded.contains("NewGroup.mode") && sent.bounded.len() > 30, "{:?}", sent.bounded);
        let known = COMPARED.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(sent.free, known, "give them a bound in FIELDS");
    }
}

//! Bodies of the REST operations, and the texts in them.

use std::fmt::Debug;

use rim_protocol::limits;
use rim_protocol::rest::{
    ChatDelete, ChatList, FriendAdd, FriendModify, GroupCreate, GroupRead, GroupRef, GroupTransfer,
    GroupUpdate, History, MemberChange, PasswordChange, RoleChange, SessionRevoke, UserCreate, UserLogin,
    UserUpdate,
};
use rim_protocol::sync::{EventsRequest, SyncRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spelled::texts;

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "1",
    "\"x\"",
    "\"gid\":1",
    "\"uid\":1",
    "\"fid\":1",
    "\"id\":1",
    "\"uids\":[1,2]",
    "\"users\":[{\"uid\":1,\"role\":2}]",
    "\"group\":{\"name\":\"\",\"avatar\":\"\",\"mode\":2}",
    "\"role\":1",
    "\"opType\":2",
    "\"status\":1",
    "\"page\":1",
    "\"size\":20",
    "\"beforeSeq\":5",
    "\"seq\":5",
    "\"fromSeq\":0",
    "\"toSeq\":9",
    "\"rev\":3",
    "\"groups\":[{\"gid\":1,\"rev\":2}]",
    "\"store\":{\"id\":\"x\",\"epoch\":1}",
    "\"account\":\"a\"",
    "\"password\":\"p\"",
    "\"name\":\"n\"",
    "\"avatar\":\"\"",
    "\"oldPassword\":\"o\"",
    "\"newPassword\":\"n\"",
    "-1",
    "1.5",
    "9007199254740992",
    "18446744073709551616",
];

pub fn body(bytes: &[u8]) {
    for text in texts(bytes, WORDS) {
        read::<ChatDelete>(&text);
        read::<ChatList>(&text);
        read::<EventsRequest>(&text);
        read::<FriendAdd>(&text);
        read::<FriendModify>(&text);
        read::<GroupCreate>(&text);
        read::<GroupRead>(&text);
        read::<GroupRef>(&text);
        read::<GroupTransfer>(&text);
        read::<GroupUpdate>(&text);
        read::<History>(&text);
        read::<MemberChange>(&text);
        read::<PasswordChange>(&text);
        read::<RoleChange>(&text);
        read::<SessionRevoke>(&text);
        read::<SyncRequest>(&text);
        read::<UserCreate>(&text);
        read::<UserLogin>(&text);
        read::<UserUpdate>(&text);
    }
}

fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    if let Ok(body) = serde_json::from_str::<T>(text) {
        let written = serde_json::to_string(&body).expect("it has a JSON form");
        assert_eq!(serde_json::from_str::<T>(&written).expect("it is read again"), body);
    }
}

pub fn field(bytes: &[u8]) {
    const LETTERS: &[&str] = &[
        " ",
        "\u{3000}",
        "\0",
        "\n",
        "a",
        "Z",
        "e\u{301}",
        "é",
        "ﷺ",
        "号",
        "\u{200b}",
        "\u{202e}",
        "\u{1f468}",
        "\u{200d}",
        "\u{1112}\u{1161}\u{11ab}",
        "\u{3164}",
        "\u{fb03}",
    ];
    for text in texts(bytes, LETTERS) {
        for read in [limits::account, limits::user_name, limits::group_name, limits::device_name] {
            if let Ok(kept) = read(&text) {
                assert_eq!(read(&kept).as_deref(), Ok(kept.as_str()), "{text:?}");
            }
        }
        for read in [limits::avatar, limits::email] {
            if let Ok(kept) = read(&text) {
                assert_eq!(read(kept), Ok(kept), "{text:?}");
            }
        }
    }
}

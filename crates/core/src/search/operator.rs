//! What is said in a query beside words: `from:anna`, `-has:image`, `来自:张三`.

use crate::gallery::Part;
use crate::message::{Message, MessageKind};

/// An operator with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Whether it must not hold.
    pub not: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Who wrote it, as they were called there.
    From(String),
    /// In which group.
    In(String),
    Has(Has),
    Is(Is),
    Kind(MessageKind),
    Before(Date),
    /// On that day or later.
    After(Date),
    On(Date),
}

/// What a message may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    Link,
    Image,
    Video,
    Audio,
    File,
}

impl Has {
    pub const ALL: [Self; 5] = [Self::Link, Self::Image, Self::Video, Self::Audio, Self::File];

    pub fn holds(self, message: &Message) -> bool {
        self.kind().map_or_else(|| Part::Link.has(message), |kind| message.kind == kind)
    }

    /// The kind of those that have it; `None` of links, which stand in texts.
    pub const fn kind(self) -> Option<MessageKind> {
        match self {
            Self::Link => None,
            Self::Image => Some(MessageKind::Image),
            Self::Video => Some(MessageKind::Video),
            Self::Audio => Some(MessageKind::Audio),
            Self::File => Some(MessageKind::File),
        }
    }
}

/// What a message may be to whoever searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Pinned,
    Starred,
    /// It mentions them, or everybody.
    Mention,
    Mine,
    Edited,
}

/// A day, month or year, of whichever zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    pub year: i16,
    pub month: Option<i8>,
    pub day: Option<i8>,
}

impl Date {
    /// `2026`, `2026-11` or `2026-11-22`; also with `/` or `.`. Whether there is such a day is not looked at.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(['-', '/', '.']);
        let number = |text: &str, most: usize| {
            let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.parse::<i16>().ok()).flatten()
        };
        let small = |text: Option<&str>, most: i16| match text {
            None => Some(None),
            Some(text) => {
                let found = number(text, 2).filter(|number| (1..=most).contains(number))?;
                i8::try_from(found).ok().map(Some)
            }
        };
        let year = number(parts.next()?, 4).filter(|year| *year >= 1000)?;
        let (month, day) = (small(parts.next(), 12)?, small(parts.next(), 31)?);
        parts.next().is_none().then_some(Self { year, month, day })
    }
}

/// What an operator of that name tests with that value; `None` where nobody knows it, so that it is a word.
pub(super) fn test(name: &str, value: &str) -> Option<Test> {
    let lower = value.to_lowercase();
    Some(match name.to_lowercase().as_str() {
        "from" | "来自" | "來自" | "发自" | "發自" => Test::From(value.to_owned()),
        "in" | "在" => Test::In(value.to_owned()),
        "has" | "包含" => Test::Has(has(&lower)?),
        "is" | "是" => Test::Is(is(&lower)?),
        "kind" => {
            Test::Kind(MessageKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(value))?)
        }
        "before" | "之前" => Test::Before(Date::parse(value)?),
        "after" | "之后" | "之後" => Test::After(Date::parse(value)?),
        "on" | "during" | "日期" => Test::On(Date::parse(value)?),
        _ => return None,
    })
}

/// Whether there is an operator of that name.
pub(super) fn is_known(name: &str) -> bool {
    let names = [
        "from", "来自", "來自", "发自", "發自", "in", "在", "has", "包含", "is", "是", "kind", "before",
        "之前", "after", "之后", "之後", "on", "during", "日期",
    ];
    names.contains(&name.to_lowercase().as_str())
}

fn has(value: &str) -> Option<Has> {
    Some(match value {
        "link" | "链接" | "連結" => Has::Link,
        "image" | "picture" | "图片" | "圖片" => Has::Image,
        "video" | "视频" | "視頻" | "影片" => Has::Video,
        "audio" | "voice" | "语音" | "語音" | "音频" => Has::Audio,
        "file" | "文件" | "檔案" => Has::File,
        _ => return None,
    })
}

fn is(value: &str) -> Option<Is> {
    Some(match value {
        "pinned" | "置顶" | "置頂" => Is::Pinned,
        "starred" | "收藏" | "星标" => Is::Starred,
        "mention" | "mentioned" | "提到我" => Is::Mention,
        "mine" | "我的" => Is::Mine,
        "edited" | "已编辑" | "已編輯" => Is::Edited,
        _ => return None,
    })
}

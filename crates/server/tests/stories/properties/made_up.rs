//! Values made up from a JSON Schema, and what is nearly such a value.

use serde_json::{Map, Number, Value, json};

use crate::chance::Chance;

/// Makes up values that a schema allows. References are followed in `document`.
pub struct MadeUp<'a> {
    pub document: &'a Value,
    /// Of users, groups and sessions that there are: others would be refused, all of them alike.
    pub ids: &'a [u64],
}

/// Texts that some program has fallen over. None has blanks around it, which do not count to its length.
const ODD_TEXTS: &[&str] = &[
    "",
    "x",
    "anna",
    "\0",
    "a\u{1}b\u{7f}",
    "'; DROP TABLE users; --",
    "\"\\/\u{8}\u{c}",
    "%00%s{{x}}${x}",
    "<img src=x onerror=alert(1)>",
    "👩‍👩‍👧‍👦",
    "e\u{301}\u{301}",
    "\u{202e}x",
    "\u{feff}x",
    "\u{fffe}\u{ffff}\u{10ffff}",
    "\u{3164}",
    "ﷺ",
    "null",
    "[object Object]",
    "../../etc/passwd",
    "http://127.0.0.1:1/\r\nX: y",
];

impl MadeUp<'_> {
    pub fn value(&self, schema: &Value, chance: &mut Chance) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("into the document itself");
            return self.value(self.document.pointer(pointer).expect("it leads somewhere"), chance);
        }
        if let Some(values) = schema["enum"].as_array() {
            return chance.pick(values).clone();
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            return self.value(chance.pick(choices), chance);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => chance.pick(kinds).as_str().expect("a type"),
            kind => kind.as_str().expect("a type"),
        };
        match kind {
            "null" => Value::Null,
            "boolean" => chance.one_in(2).into(),
            "integer" => self.number(schema, chance).into(),
            "string" => text(schema, chance).into(),
            "array" => {
                let length = [0, 1, 1, 2, 5, 30][chance.below(6)];
                (0..length).map(|_| self.value(&schema["items"], chance)).collect()
            }
            "object" => self.object(schema, chance).into(),
            other => panic!("nobody knows the type {other}"),
        }
    }

    fn object(&self, schema: &Value, chance: &mut Chance) -> Map<String, Value> {
        let required = schema["required"].as_array();
        let mut object = Map::new();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let required = required.is_some_and(|names| names.contains(&json!(name)));
            if required || chance.one_in(2) {
                object.insert(name.clone(), self.value(schema, chance));
            }
        }
        if chance.one_in(8) {
            // Keys that nobody knows are passed over.
            object.insert("unknown".to_owned(), deep(chance));
        }
        object
    }

    fn number(&self, schema: &Value, chance: &mut Chance) -> u64 {
        let (least, most) =
            (schema["minimum"].as_u64().unwrap_or(0), schema["maximum"].as_u64().unwrap_or(u64::MAX));
        let number = match chance.below(6) {
            0 => least,
            1 => most,
            2 => chance.next(),
            3 => chance.next() >> (chance.below(64) as u32),
            _ => *chance.pick(self.ids),
        };
        if (least..=most).contains(&number) { number } else { least + number % (most - least + 1) }
    }

    /// The same with something wrong somewhere; or not, as some of it is allowed.
    pub fn nearly(&self, mut value: Value, chance: &mut Chance) -> Value {
        let places = count(&value);
        let at = chance.below(places);
        change(&mut value, at, &mut 0, chance);
        value
    }
}

fn text(schema: &Value, chance: &mut Chance) -> String {
    let (least, most) = (schema["minLength"].as_u64().unwrap_or(0), schema["maxLength"].as_u64());
    let length = match (chance.below(8), most) {
        (0, _) => least,
        (1, Some(most)) => most,
        (2, None) => 5000,
        _ => {
            let text = *chance.pick(ODD_TEXTS);
            // What is as short as it must be.
            let text = if (text.chars().count() as u64) < least { "x" } else { text };
            return if chance.one_in(2) { format!("{text}{}", chance.below(1000)) } else { text.to_owned() };
        }
    };
    "x".repeat(usize::try_from(length).expect("a length"))
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(object) => object.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value at a place, counted from the outermost.
fn change(value: &mut Value, at: usize, seen: &mut usize, chance: &mut Chance) {
    let here = *seen == at;
    *seen += 1;
    if here {
        return wrong(value, chance);
    }
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| change(value, at, seen, chance)),
        Value::Object(object) => object.values_mut().for_each(|value| change(value, at, seen, chance)),
        _ => {}
    }
}

fn wrong(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Object(object) if !object.is_empty() && chance.one_in(2) => {
            let name = object.keys().nth(chance.below(object.len())).expect("a key").clone();
            let held = object.shift_remove(&name).expect("it is there");
            if chance.one_in(3) {
                // By a name of another case.
                object.insert(name.to_uppercase(), held);
            }
        }
        Value::Array(values) if chance.one_in(3) => {
            // Of many, each is small.
            let more = values.first().filter(|first| count(first) < 5).cloned().unwrap_or_else(|| 1.into());
            values.resize(*chance.pick(&[200, 10_000, 10_001]), more);
        }
        Value::String(text) if chance.one_in(2) => {
            *text = "x".repeat(*chance.pick(&[1, 64, 65, 254, 255, 1024, 1025, 2048, 2049, 70_000]));
        }
        Value::Number(number) if chance.one_in(2) => {
            let near = number.as_u64().unwrap_or_default();
            *number = match chance.below(3) {
                0 => near.wrapping_add(1).into(),
                1 => near.wrapping_sub(1).into(),
                _ => (u64::from(u32::MAX) + 1).into(),
            };
        }
        other => *other = anything(chance),
    }
}

fn anything(chance: &mut Chance) -> Value {
    match chance.below(14) {
        0 => Value::Null,
        1 => true.into(),
        2 => (-1).into(),
        3 => i64::MIN.into(),
        4 => u64::MAX.into(),
        5 => (1_u64 << 53).into(),
        6 => json!(0.5),
        7 => Value::Number(Number::from_f64(1.5e300).expect("a number")),
        8 => "1".into(),
        9 => json!([]),
        10 => json!({}),
        11 => json!([{"gid": 1}]),
        12 => deep(chance),
        _ => (*chance.pick(ODD_TEXTS)).into(),
    }
}

fn deep(chance: &mut Chance) -> Value {
    // Even one in another in another is not too deep for the parser of this story, which goes 128 levels down.
    let mut value = json!("deep");
    for _ in 0..chance.below(40) {
        value = if chance.one_in(2) { json!([value]) } else { json!({"": value}) };
    }
    value
}

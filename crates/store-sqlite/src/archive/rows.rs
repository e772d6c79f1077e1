//! Reading and writing any table.

use rim_core::message::{self, Message};
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};
use rim_store::archive::{Chunk, ColumnType, Key, MESSAGES, Row, TABLES, Table, Value, holds_objects};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, params_from_iter};

use crate::failure::{Failure, Result};
use crate::{checksum, client_ids};

pub(super) fn count(db: &Connection, table: &Table) -> Result<u64> {
    Ok(db.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0))?)
}

/// Whether there are no rows in any table.
pub(super) fn are_none(db: &Connection) -> Result<bool> {
    for table in TABLES.iter().filter(|table| !holds_objects(table)) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
        if db.query_row(&sql, [], |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn last_key(db: &Connection, table: &'static Table) -> Result<Option<Key>> {
    let key = table.key_names();
    let descending = key.replace(',', " DESC,") + " DESC";
    let sql = format!("SELECT {key} FROM {} ORDER BY {descending} LIMIT 1", table.name);
    let key = db.query_row(&sql, [], |row| {
        Ok((0..table.key).map(|index| read(table, index, row)).collect::<Result<Key>>())
    });
    key.optional()?.transpose()
}

pub(super) fn above(db: &Connection, table: &'static Table, above: Option<Key>) -> Result<Vec<Row>> {
    let (columns, key) = (table.column_names(), table.key_names());
    let condition = match above {
        Some(_) => format!("WHERE ({key}) > ({})", placeholders(table.key)),
        None => String::new(),
    };
    let checksum = if *table == MESSAGES { ", checksum" } else { "" };
    let sql = format!("SELECT {columns}{checksum} FROM {} {condition} ORDER BY {key}", table.name);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(above.iter().flatten().map(Param)))?;
    let mut chunk = Chunk::default();
    while !chunk.is_full()
        && let Some(row) = rows.next()?
    {
        let values =
            (0..table.columns.len()).map(|index| read(table, index, row)).collect::<Result<Row>>()?;
        if *table == MESSAGES {
            let expected: Option<i64> = row.get(values.len())?;
            let found = message(&values).map(|message| checksum::of(&message));
            // What is damaged is not moved on, to where nobody could see that it is.
            if expected.is_some() && expected != found {
                return Err(Failure::Corrupt {
                    table: table.name.into(),
                    column: "checksum".to_owned(),
                    row: values[0].to_string(),
                    value: "the row does not match it; restore a backup".to_owned(),
                });
            }
        }
        chunk.push(values);
    }
    Ok(chunk.rows)
}

fn read(table: &'static Table, index: usize, row: &rusqlite::Row<'_>) -> Result<Value> {
    let (column, found) = (&table.columns[index], row.get_ref(index)?);
    let value = match (found, column.column_type) {
        (ValueRef::Null, _) => Some(Value::Null),
        (ValueRef::Integer(number), ColumnType::Integer) => Some(Value::Integer(number)),
        (ValueRef::Text(text), ColumnType::Text) => {
            str::from_utf8(text).ok().map(|text| Value::Text(text.to_owned()))
        }
        (ValueRef::Blob(bytes), ColumnType::Bytes) => Some(Value::Bytes(bytes.to_vec())),
        _ => None,
    };
    value.filter(|value| value.fits(column)).ok_or_else(|| Failure::Corrupt {
        table: table.name.into(),
        column: column.name.to_owned(),
        row: row.get::<_, i64>(0).map_or_else(|_| "unknown".to_owned(), |key| key.to_string()),
        value: format!("a value of type {}", found.data_type()),
    })
}

pub(super) fn add(db: &mut Connection, table: &'static Table, rows: &[Row]) -> Result<()> {
    let tx = db.transaction()?;
    {
        let mut insert = tx.prepare_cached(&insert_sql(table))?;
        for row in rows {
            for (index, value) in row.iter().enumerate() {
                insert.raw_bind_parameter(index + 1, Param(value))?;
            }
            if *table == MESSAGES {
                let message = message(row).ok_or_else(|| Failure::Corrupt {
                    table: table.name.into(),
                    column: "kind".to_owned(),
                    row: row[0].to_string(),
                    value: row[6].to_string(),
                })?;
                insert.raw_bind_parameter(row.len() + 1, client_ids::hash(&message.client_msg_id, 0))?;
                insert.raw_bind_parameter(row.len() + 2, checksum::of(&message))?;
            }
            insert.raw_execute()?;
        }
    }
    Ok(tx.commit()?)
}

fn insert_sql(table: &'static Table) -> String {
    let (mut columns, mut count) = (table.column_names(), table.columns.len());
    if *table == MESSAGES {
        columns.push_str(", client_hash, checksum");
        count += 2;
    }
    format!("INSERT INTO {} ({columns}) VALUES ({})", table.name, placeholders(count))
}

/// A row of messages, if it is one: this backend keeps more of it than the others.
fn message(row: &[Value]) -> Option<Message> {
    use Value::{Integer, Text};
    let [
        Integer(id),
        Integer(group),
        Integer(seq),
        Integer(rev),
        Integer(sender),
        Text(client_msg_id),
        Integer(kind),
        Text(content),
        Integer(created_at),
    ] = row
    else {
        return None;
    };
    Some(Message {
        state: None,
        id: MessageId(id.unsigned_abs()),
        group: GroupId(group.unsigned_abs()),
        seq: Seq(seq.unsigned_abs()),
        rev: Rev(rev.unsigned_abs()),
        sender: UserId(sender.unsigned_abs()),
        client_msg_id: client_msg_id.clone(),
        kind: message::MessageKind::from_code(u8::try_from(*kind).ok()?)?,
        content: content.clone(),
        created_at: Timestamp(*created_at),
    })
}

fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

struct Param<'a>(&'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

//! Between the values of an archive and what PostgreSQL keeps, whose integers have several sizes.

use std::error::Error;

use bytes::BytesMut;
use rim_store::archive::Value;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::text::{OwnedText, Text};

type Wrong = Box<dyn Error + Sync + Send>;

/// A value on its way into a column.
#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        match (self.0, sql_type) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT8) => number.to_sql(sql_type, out),
            (Value::Integer(number), &Type::INT2) => i16::try_from(*number)?.to_sql(sql_type, out),
            (Value::Integer(number @ (0 | 1)), &Type::BOOL) => (*number == 1).to_sql(sql_type, out),
            (Value::Text(text), &Type::TEXT) => Text(text).to_sql(sql_type, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(sql_type, out),
            (value, sql_type) => Err(format!("{value} is no {sql_type}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value out of a column.
pub(super) struct Found(pub(super) Value);

impl<'a> FromSql<'a> for Found {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, Wrong> {
        Ok(Self(match *sql_type {
            Type::INT8 => Value::Integer(i64::from_sql(sql_type, raw)?),
            Type::INT2 => Value::Integer(i16::from_sql(sql_type, raw)?.into()),
            Type::BOOL => Value::Integer(bool::from_sql(sql_type, raw)?.into()),
            Type::TEXT => Value::Text(OwnedText::from_sql(sql_type, raw)?.0),
            Type::BYTEA => Value::Bytes(Vec::from_sql(sql_type, raw)?),
            _ => return Err(format!("a column of type {sql_type}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Wrong> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

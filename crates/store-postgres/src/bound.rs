//! Values of use cases as parameters.

use std::error::Error;

use bytes::BytesMut;
use rim_store::Value;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::text::Text;

/// A value on its way into a parameter, whatever PostgreSQL takes that to be.
#[derive(Debug)]
pub(crate) struct Bound<'v>(pub(crate) &'v Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        sql_type: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, sql_type) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::BOOL) => (*number != 0).to_sql(sql_type, out),
            (Value::Integer(number), &Type::INT2) => i16::try_from(*number)?.to_sql(sql_type, out),
            (Value::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(sql_type, out),
            (Value::Integer(number), &Type::INT8) => number.to_sql(sql_type, out),
            (Value::Text(text), &Type::TEXT) => Text(text).to_sql(sql_type, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.as_ref().to_sql(sql_type, out),
            (value, sql_type) => Err(format!("{value} is no parameter of type {sql_type}").into()),
        }
    }

    fn accepts(_sql_type: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

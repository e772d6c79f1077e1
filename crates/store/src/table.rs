//! What a table is, as far as every database has it: each stands beside the use cases that write it.

/// A table. The first columns are its key, which orders the rows: integers as they are, text by its bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// Columns of the key.
    pub key: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub column_type: ColumnType,
    /// Whether it may be null.
    pub optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Also what is true (1) or false (0).
    Integer,
    /// Any Unicode, U+0000 included.
    Text,
    Bytes,
}

pub(crate) const fn integer(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Integer, optional: false }
}

pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Text, optional: false }
}

pub(crate) const fn bytes(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Bytes, optional: false }
}

pub(crate) const fn optional(column: Column) -> Column {
    Column { optional: true, ..column }
}

impl Table {
    /// Their names, separated by commas.
    pub fn column_names(&self) -> String {
        names(self.columns)
    }

    /// Those of the key alone.
    pub fn key_names(&self) -> String {
        names(self.key_columns())
    }

    pub fn key_columns(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

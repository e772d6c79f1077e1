//! One statement for each of many sets of parameters, as one for all of them: what a statement costs on its way, on both sides, is
//! mostly more than what it does.

use std::collections::HashSet;
use std::fmt::Write;

use deadpool_postgres::GenericClient;
use rim_store::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::bound::Bound;
use crate::failure::Failure;

type Result<T> = std::result::Result<T, Failure>;

/// The rows of a `SELECT`, each with the place of the set of parameters that it is of: in the order of these, and of each in that
/// of the statement. `None` of any other statement.
pub(crate) async fn query(
    db: &impl GenericClient,
    sql: &str,
    params: &[Vec<Value<'_>>],
) -> Result<Option<Vec<(usize, Row)>>> {
    if !sql.trim_start().starts_with("SELECT") || sql.contains(" FOR ") {
        return Ok(None);
    }
    let Some(sets) = sets(db.prepare_cached(sql).await?.params()) else { return Ok(None) };
    // The window keeps what is inside as it is: planned by itself, and in its order.
    let all = format!(
        "SELECT q.*, k.at_of_each FROM {sets} CROSS JOIN LATERAL
         (SELECT s.*, row_number() OVER () AS nth_of_each FROM ({}) AS s) AS q
         ORDER BY k.at_of_each, q.nth_of_each",
        of_sets(sql)
    );
    let columns = columns(params);
    let rows = db.query(&db.prepare_cached(&all).await?, &as_params(&columns)).await?;
    let at = |row: &Row| Ok::<_, Failure>((row.try_get::<_, i64>(row.len() - 1)? - 1) as usize);
    rows.into_iter().map(|row| Ok((at(&row)?, row))).collect::<Result<_>>().map(Some)
}

/// Carries out an `INSERT` of values. `None` of any other statement, and where a row might be changed twice.
pub(crate) async fn insert(
    db: &impl GenericClient,
    sql: &str,
    params: &[Vec<Value<'_>>],
) -> Result<Option<u64>> {
    let Some(inserting) = Inserting::of(sql).filter(|inserting| inserting.changes_each_once(params)) else {
        return Ok(None);
    };
    let Inserting { head, values, tail } = inserting;
    let Some(sets) = sets(db.prepare_cached(sql).await?.params()) else { return Ok(None) };
    let all = format!("{head} SELECT {} FROM {sets} {tail}", of_sets(values));
    let columns = columns(params);
    Ok(Some(db.execute(&db.prepare_cached(&all).await?, &as_params(&columns)).await?))
}

fn columns<'v>(params: &'v [Vec<Value<'v>>]) -> Vec<Vec<Bound<'v>>> {
    let count = params.first().map_or(0, Vec::len);
    (0..count).map(|at| params.iter().map(|params| Bound(&params[at])).collect()).collect()
}

fn as_params<'c>(columns: &'c [Vec<Bound<'_>>]) -> Vec<&'c (dyn ToSql + Sync)> {
    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect()
}

/// `INSERT INTO …`, what stands between the brackets behind `VALUES`, and what comes then.
struct Inserting<'s> {
    head: &'s str,
    values: &'s str,
    tail: &'s str,
}

impl<'s> Inserting<'s> {
    fn of(sql: &'s str) -> Option<Self> {
        let (head, rest) = sql.split_once("VALUES (")?;
        let mut depth = 1;
        let end = rest.find(|char| {
            depth += match char {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        })?;
        let (values, tail) = (&rest[..end], &rest[end + 1..]);
        let is_plain = head.trim_start().starts_with("INSERT INTO")
            && !["$", "RETURNING"].iter().any(|word| tail.contains(word));
        is_plain.then_some(Self { head, values, tail })
    }

    /// One statement does not change a row that it has inserted.
    fn changes_each_once(&self, params: &[Vec<Value<'_>>]) -> bool {
        if !self.tail.contains("DO UPDATE") {
            return true;
        }
        let Some(keys) = self.keys() else { return false };
        let mut seen = HashSet::new();
        params.iter().all(|params| seen.insert(keys.iter().map(|at| params.get(*at)).collect::<Vec<_>>()))
    }

    /// Which of the parameters say what row it is.
    fn keys(&self) -> Option<Vec<usize>> {
        let list = |text: &'s str| -> Option<Vec<&'s str>> {
            let (list, _) = text.split_once('(')?.1.split_once(')')?;
            Some(list.split(',').map(str::trim).collect())
        };
        let columns = list(self.head)?;
        let values: Vec<_> = self.values.split(',').map(str::trim).collect();
        let key = |column: &str| {
            let at = columns.iter().position(|known| *known == column)?;
            values.get(at)?.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
        };
        list(self.tail)?.into_iter().map(key).collect()
    }
}

/// All sets, as a table; `None` if there is something in them that there is no list of.
fn sets(types: &[Type]) -> Option<String> {
    let (mut arrays, mut names) = (String::new(), String::new());
    for (number, sql_type) in (1..).zip(types) {
        let name = match *sql_type {
            Type::BOOL => "boolean",
            Type::INT2 => "smallint",
            Type::INT4 => "integer",
            Type::INT8 => "bigint",
            Type::TEXT => "text",
            Type::BYTEA => "bytea",
            _ => return None,
        };
        let comma = if number > 1 { ", " } else { "" };
        write!(arrays, "{comma}${number}::{name}[]").expect("a text takes all");
        write!(names, "p{number}, ").expect("a text takes all");
    }
    (!types.is_empty()).then(|| format!("unnest({arrays}) WITH ORDINALITY AS k ({names}at_of_each)"))
}

/// The same SQL with columns of that table for parameters.
fn of_sets(sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all.push_str("k.p");
        all.push_str(part);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_as_far_as_it_has_to_be() {
        let sql = "INSERT INTO t (a, b) VALUES ($1, greatest($2, 0)) ON CONFLICT DO NOTHING";
        let Inserting { head, values, tail } = Inserting::of(sql).expect("it is one");
        assert_eq!(
            (head, values, tail),
            ("INSERT INTO t (a, b) ", "$1, greatest($2, 0)", " ON CONFLICT DO NOTHING")
        );
        assert_eq!(of_sets(values), "k.p1, greatest(k.p2, 0)");
        let sql = "INSERT INTO t (a, b, c) VALUES ($2, $1, 3) ON CONFLICT (a, b) DO UPDATE SET c = 4";
        let inserting = Inserting::of(sql).expect("it is one");
        assert_eq!(inserting.keys(), Some(vec![1, 0]));
        let sets =
            |sets: &[[u64; 2]]| sets.iter().map(|set| set.map(Value::from).to_vec()).collect::<Vec<_>>();
        assert!(inserting.changes_each_once(&sets(&[[1, 2], [2, 2], [1, 3]])));
        assert!(!inserting.changes_each_once(&sets(&[[1, 2], [2, 2], [1, 2]])));
        let sql = "INSERT INTO t (a) VALUES (lower($1)) ON CONFLICT (a) DO UPDATE SET b = 1";
        assert!(!Inserting::of(sql).expect("it is one").changes_each_once(&sets(&[[1, 2]])));
        for other in [
            "INSERT INTO t (a) VALUES ($1) RETURNING a",
            "INSERT INTO t (a) SELECT $1",
            "UPDATE t SET a = $1",
        ] {
            assert!(Inserting::of(other).is_none(), "{other}");
        }
        assert_eq!(
            super::sets(&[Type::INT8, Type::TEXT]).as_deref(),
            Some("unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS k (p1, p2, at_of_each)")
        );
        assert_eq!((super::sets(&[Type::INT8, Type::FLOAT8]), super::sets(&[])), (None, None));
    }
}

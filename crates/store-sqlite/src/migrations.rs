//! Bringing a schema up to date.

use rim_store::migrations::SQLITE as STEPS;
use rusqlite::{Connection, TransactionBehavior};

use crate::OpenError;
use crate::failure::Failure;

/// In the file's header: what `file` and other tools know a rim database by. "rim1" in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x7269_6d31;

/// The version this rim reads and writes.
pub(crate) const VERSION: u32 = STEPS.len() as u32;

/// Brings the database to [`VERSION`], each step in a transaction of its own.
pub(crate) fn run(db: &mut Connection) -> Result<(), OpenError> {
    let version = version(db)?;
    for (step, sql) in STEPS.iter().enumerate().skip(version as usize) {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", step + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The version of a database of ours; 0 for an empty file.
pub(crate) fn version(db: &Connection) -> Result<u32, OpenError> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, found) = (number("application_id")?, number("user_version")?);
    let empty = application == 0
        && found == 0
        && db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    match u32::try_from(found) {
        Ok(0) if empty => Ok(0),
        Ok(found) if application == APPLICATION_ID && found > VERSION => {
            Err(OpenError::Newer { found, known: VERSION })
        }
        Ok(found) if application == APPLICATION_ID && found > 0 => Ok(found),
        _ => Err(OpenError::NotOurs),
    }
}

/// A real write, synced like any other, that changes nothing: it shows that writing works.
pub(crate) fn rewrite_version(db: &Connection) -> Result<(), Failure> {
    Ok(db.pragma_update(None, "user_version", VERSION)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_once() {
        let mut db = Connection::open_in_memory().expect("memory");
        run(&mut db).expect("the first start");
        run(&mut db).expect("the second start finds its tables");
        assert_eq!(version(&db).expect("ours"), VERSION);
    }

    #[test]
    fn a_newer_database_is_refused_with_both_versions() {
        let mut db = Connection::open_in_memory().expect("memory");
        run(&mut db).expect("the first start");
        db.pragma_update(None, "user_version", VERSION + 1).expect("update");
        assert!(matches!(
            run(&mut db),
            Err(OpenError::Newer { found, known }) if found == VERSION + 1 && known == VERSION
        ));
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let mut db = Connection::open_in_memory().expect("memory");
        db.execute_batch("CREATE TABLE other (id)").expect("create");
        assert!(matches!(run(&mut db), Err(OpenError::NotOurs)));
    }
}

//! Files, by names that say what is in them.

use deadpool_postgres::GenericClient;

use crate::failure::Result;
use crate::row;
use crate::text::Text;

pub(crate) async fn put(db: &impl GenericClient, name: String, content: Vec<u8>) -> Result<()> {
    let sql = "INSERT INTO media (name, content) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    row::execute(db, sql, &[&Text(&name), &content]).await?;
    Ok(())
}

pub(crate) async fn get(db: &impl GenericClient, name: String) -> Result<Option<Vec<u8>>> {
    row::first(db, "SELECT content FROM media WHERE name = $1", &[&Text(&name)], |row| row.get(0)).await
}

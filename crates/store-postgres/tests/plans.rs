//! What is asked of tables that grow is found by keys.

mod common;

use common::Database;
use rim_store::search::STATEMENTS;
use tokio_postgres::{NoTls, SimpleQueryMessage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_of_the_index_of_words_is_found_by_keys() {
    let database = Database::new();
    let (store, _feed) = database.node().await;
    let (client, connection) = tokio_postgres::connect(&database.0.url(), NoTls).await.expect("connected");
    let connected = tokio::spawn(connection);
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    client.batch_execute(settings).await.expect("set");
    for (number, (sql, params)) in STATEMENTS.into_iter().enumerate() {
        client.batch_execute(&format!("PREPARE s{number} AS {sql}")).await.expect("it is prepared");
        let explain = format!("EXPLAIN EXECUTE s{number} ({params})");
        let plan = client.simple_query(&explain).await.expect("a plan");
        let lines = plan.iter().filter_map(|line| match line {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let plan = lines.collect::<Vec<_>>().join("\n");
        assert!(plan.contains("Index Cond"), "{sql}:\n{plan}");
        for table in ["Seq Scan on search_blocks", "Seq Scan on search_entries"] {
            assert!(!plan.contains(table), "{sql}:\n{plan}");
        }
    }
    drop(client);
    connected.await.expect("no panic").expect("it ends in order");
    rim_store::Store::close(&*store).await;
}

//! The state in PostgreSQL, shared by several servers.
//!
//! The methods of [`Store`] block; they are called on threads that may block. A connection that failed or took too long is thrown
//! away, so that a database that went away and came back is used again without a restart.

use std::path::Path;
use std::time::Duration;

use deadpool_postgres::{
    GenericClient, Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts,
    Transaction,
};
use futures_util::future::try_join_all;
use license::protocol::service_side::random_secret;
use license::template::Refusal;
use license_service::{Entry, Store, StoreError, Table};
use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls;

/// Time for anything that the database is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that nobody has used for so long is tried before it is used: one that has broken off without a word would cost a
/// device its answer.
const UNUSED: Duration = Duration::from_secs(1);
/// Connections to the database.
const CONNECTIONS: usize = 8;
/// Nonces that are forgotten in one statement.
const BATCH: i64 = 10_000;
/// Of each transaction through a pooler. `local`: they end with it.
const SETTINGS: &str = "SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 5000; \
                        SET LOCAL transaction_isolation = 'read committed'";
/// Only one server at a time makes the tables.
const SCHEMA_LOCK: i64 = 0x6e61_7469_7665_6472;

/// Values of a statement with their types.
type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

pub struct PostgresStore {
    runtime: Handle,
    pool: Pool,
    pooled: bool,
    /// The key of what [`Store::check`] writes: another one in each server, so that they do not wait for each other.
    probe: [u8; 16],
}

impl PostgresStore {
    /// A pool of connections; none is opened yet. The address must be valid. With a file of authorities connections use
    /// TLS, without it they do not. `pooled`: between here and the database is a pooler that gives each transaction another
    /// connection, such as PgBouncer in transaction mode: nothing is kept in a connection, neither settings nor statements.
    pub fn new(runtime: Handle, url: &str, authorities: Option<&Path>, pooled: bool) -> Result<Self, String> {
        let mut config: Config = url.parse().map_err(|fault| format!("--database: {fault}"))?;
        if authorities.is_some() {
            config.ssl_mode(SslMode::Require);
        } else if config.get_ssl_mode() == SslMode::Require {
            return Err("--database: sslmode=require needs the authorities to trust: --database-ca FILE".into());
        }
        config.connect_timeout(PATIENCE).tcp_user_timeout(PATIENCE).application_name("native-drm-license-server");
        // Whatever the database's own settings are: what was confirmed is on its disk.
        if !pooled {
            config.options(
                "-c synchronous_commit=on -c statement_timeout=5000 -c lock_timeout=5000 \
                 -c default_transaction_isolation=read\\ committed",
            );
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
        let manager = match authorities {
            Some(path) => Manager::from_config(config, MakeRustlsConnect::new(tls::client(path)?), recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .pre_recycle(Hook::async_fn(|client, metrics| {
                let is_unused = metrics.last_used() >= UNUSED;
                Box::pin(async move {
                    if is_unused {
                        client.simple_query("").await.map_err(HookError::Backend)?;
                    }
                    Ok(())
                })
            }))
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|fault| fault.to_string())?;
        let probe = *random_secret().map_err(|fault| fault.to_string())?;
        Ok(Self { runtime, pool, pooled, probe })
    }

    /// What is to be said of a database of a later version, if it is one: nothing may be made in it.
    pub fn later_form(&self) -> Result<Option<String>, StoreError> {
        const IS_MADE: &str = "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid \
                               WHERE nspname = 'native_drm_license' AND relname = 'identity')";
        let is_made: bool = self.with(|store, client| {
            store.wait("look for the tables", async {
                let rows = store.query(client, IS_MADE, &[]).await?;
                rows[0].try_get(0)
            })
        })?;
        if is_made { license_service::later_form(self) } else { Ok(None) }
    }

    /// Makes the schema and the tables that are missing. If all are there, no right to make any is needed: `IF NOT EXISTS`
    /// would want it nevertheless.
    pub fn prepare(&self) -> Result<(), StoreError> {
        // No row without the schema; one row, of null, without anything in it.
        const EXISTING: &str = "SELECT relname::text FROM pg_namespace \
                                LEFT JOIN pg_class ON relnamespace = pg_namespace.oid WHERE nspname = 'native_drm_license'";
        let table = |name, columns| (name, format!("CREATE TABLE native_drm_license.{name} ({columns})"));
        let mut relations =
            Table::ALL.map(|kind| table(kind.name(), "key bytea PRIMARY KEY, value bytea NOT NULL")).to_vec();
        relations.push(table("nonce", "nonce bytea PRIMARY KEY, expires bigint NOT NULL"));
        relations.push(("nonce_expires", "CREATE INDEX nonce_expires ON native_drm_license.nonce (expires)".into()));
        self.with(|store, client| {
            store.wait("make the tables", async {
                let transaction = store.begin(client).await?;
                let lock = "SELECT pg_advisory_xact_lock($1)";
                store.execute(&transaction, lock, &[(&SCHEMA_LOCK, Type::INT8)]).await?;
                let rows = store.query(&transaction, EXISTING, &[]).await?;
                let existing: Vec<Option<String>> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
                if existing.is_empty() {
                    transaction.batch_execute("CREATE SCHEMA native_drm_license").await?;
                }
                for (name, statement) in &relations {
                    if !existing.iter().flatten().any(|there| there == name) {
                        transaction.batch_execute(statement).await?;
                    }
                }
                transaction.commit().await
            })
        })
    }

    /// Begins a transaction with the settings that everything here relies on.
    async fn begin<'a>(&self, client: &'a mut Object) -> Result<Transaction<'a>, tokio_postgres::Error> {
        let transaction = client.transaction().await?;
        if self.pooled {
            transaction.batch_execute(SETTINGS).await?;
        }
        Ok(transaction)
    }

    async fn query<C>(&self, client: &C, statement: &str, values: Values<'_>) -> Result<Vec<Row>, tokio_postgres::Error>
    where
        C: Connection,
    {
        if self.pooled {
            return tokio_postgres::GenericClient::query_typed(client.plain(), statement, values).await;
        }
        let statement = client.prepare_cached(statement).await?;
        GenericClient::query(client, &statement, &untyped(values)).await
    }

    async fn execute<C>(&self, client: &C, statement: &str, values: Values<'_>) -> Result<u64, tokio_postgres::Error>
    where
        C: Connection,
    {
        if self.pooled {
            return tokio_postgres::GenericClient::execute_typed(client.plain(), statement, values).await;
        }
        let statement = client.prepare_cached(statement).await?;
        GenericClient::execute(client, &statement, &untyped(values)).await
    }

    /// Runs `body` with a connection, which is thrown away if `body` fails: who knows what state it is in.
    fn with<T>(&self, body: impl FnOnce(&Self, &mut Object) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.runtime.block_on(self.pool.get());
        let mut connection = connection.map_err(|fault| StoreError::new("connect to the database", &causes(&fault)))?;
        let result = body(self, &mut connection);
        if result.is_err() {
            drop(Object::take(connection));
        }
        result
    }

    fn wait<T>(
        &self,
        action: &str,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        self.runtime.block_on(async {
            match tokio::time::timeout(PATIENCE, answer).await {
                Ok(answer) => answer.map_err(|fault| StoreError::new(action, &describe(&fault))),
                Err(_) => Err(StoreError::new(action, &"the database does not answer")),
            }
        })
    }
}

/// A connection or a transaction, with the pool's cache of statements and without it.
trait Connection: GenericClient {
    type Plain: tokio_postgres::GenericClient;

    fn plain(&self) -> &Self::Plain;
}

impl Connection for Object {
    type Plain = tokio_postgres::Client;

    fn plain(&self) -> &Self::Plain {
        self
    }
}

impl<'a> Connection for Transaction<'a> {
    type Plain = tokio_postgres::Transaction<'a>;

    fn plain(&self) -> &Self::Plain {
        self
    }
}

fn untyped<'a>(values: Values<'a>) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|(value, _)| *value).collect()
}

/// The database's own words; its error type says no more than "db error".
fn describe(fault: &tokio_postgres::Error) -> String {
    match fault.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => causes(fault),
    }
}

/// An error with what caused it: the outer ones say little.
fn causes(fault: &dyn std::error::Error) -> String {
    let mut words = fault.to_string();
    let mut inner = fault.source();
    while let Some(cause) = inner {
        let cause_words = cause.to_string();
        // Some repeat their cause.
        if !words.contains(&cause_words) {
            words += ": ";
            words += &cause_words;
        }
        inner = cause.source();
    }
    words
}

impl Store for PostgresStore {
    fn transact(
        &self,
        body: &mut dyn FnMut(&mut dyn license_service::Transaction) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut refusal = None;
        let done = self.with(|store, client| {
            let transaction = store.wait("begin a transaction", store.begin(client))?;
            let mut running = PostgresTransaction { store, transaction, puts: Vec::new(), failed: false };
            if let Err(reason) = body(&mut running) {
                refusal = Some(reason);
                if running.failed {
                    return Err(StoreError("a transaction failed".into()));
                }
                return store.wait("roll back", running.transaction.rollback());
            }
            running.flush()?;
            store.wait("commit", running.transaction.commit())
        });
        match (refusal, done) {
            (Some(refusal), _) => Err(refusal),
            (None, done) => Ok(done?),
        }
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let statement = format!("SELECT value FROM native_drm_license.{} WHERE key = $1", table.name());
        self.with(|store, client| {
            store.wait("read", async {
                let rows = store.query(client, &statement, &[(&key, Type::BYTEA)]).await?;
                rows.first().map(|row| row.try_get(0)).transpose()
            })
        })
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let table = table.name();
        let statement = format!("SELECT key FROM native_drm_license.{table} WHERE key < $1 ORDER BY key LIMIT $2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|store, client| {
            store.wait("read", async {
                let values: Values<'_> = &[(&end, Type::BYTEA), (&limit, Type::INT8)];
                store.query(client, &statement, values).await?.iter().map(|row| row.try_get(0)).collect()
            })
        })
    }

    fn from(&self, table: Table, start: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let table = table.name();
        let statement =
            format!("SELECT key, value FROM native_drm_license.{table} WHERE key >= $1 ORDER BY key LIMIT $2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|store, client| {
            store.wait("read", async {
                let values: Values<'_> = &[(&start, Type::BYTEA), (&limit, Type::INT8)];
                let rows = store.query(client, &statement, values).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            })
        })
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        let statement = "DELETE FROM native_drm_license.nonce WHERE nonce IN \
                         (SELECT nonce FROM native_drm_license.nonce WHERE expires < $1 LIMIT $2)";
        let mut forgotten = 0;
        loop {
            let count = self.with(|store, client| {
                store.wait("forget nonces", async {
                    store.execute(client, statement, &[(&now, Type::INT8), (&BATCH, Type::INT8)]).await
                })
            })?;
            forgotten += count;
            if count < BATCH.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }

    /// Writes what a license writes, with a key that nobody else has, and removes it again: a standby, a full disk, a table
    /// that is locked and a right that is missing let a server read, but record nothing.
    fn check(&self) -> Result<(), StoreError> {
        let key: String = self.probe.iter().map(|byte| format!("{byte:02x}")).collect();
        let written = [Table::Device, Table::License, Table::LicenseEnd, Table::DeviceLicense];
        let mut statements = String::new();
        for table in Table::ALL {
            let name = format!("native_drm_license.{}", table.name());
            if !written.contains(&table) {
                statements += &format!("SELECT 1 FROM {name} WHERE key = '\\x{key}';");
                continue;
            }
            // About as long as a license; the second one updates the first.
            let put = format!(
                "INSERT INTO {name} (key, value) VALUES ('\\x{key}', decode(repeat('00', 1024), 'hex')) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value;"
            );
            statements += &put.repeat(2);
            statements += &format!("SELECT 1 FROM {name} WHERE key = '\\x{key}' FOR UPDATE;");
            statements += &format!("DELETE FROM {name} WHERE key = '\\x{key}';");
        }
        statements += &format!("INSERT INTO native_drm_license.nonce (nonce, expires) VALUES ('\\x{key}', 0);");
        statements += &format!("DELETE FROM native_drm_license.nonce WHERE nonce = '\\x{key}'");
        self.with(|store, client| {
            store.wait("write", async {
                let transaction = store.begin(client).await?;
                transaction.batch_execute(&statements).await?;
                transaction.commit().await
            })
        })
    }
}

struct PostgresTransaction<'a> {
    store: &'a PostgresStore,
    transaction: Transaction<'a>,
    /// What is to be put: sent at once, since nobody waits for an answer to each.
    puts: Vec<(Table, Vec<u8>, Vec<u8>)>,
    /// After a failure PostgreSQL accepts nothing but the end of the transaction.
    failed: bool,
}

impl PostgresTransaction<'_> {
    /// Sends what is to be put.
    fn flush(&mut self) -> Result<(), StoreError> {
        let puts = std::mem::take(&mut self.puts);
        if puts.is_empty() {
            return Ok(());
        }
        let put = async |(table, key, value): &(Table, Vec<u8>, Vec<u8>)| {
            let statement = format!(
                "INSERT INTO native_drm_license.{} (key, value) VALUES ($1, $2) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                table.name()
            );
            let values: Values<'_> = &[(key, Type::BYTEA), (value, Type::BYTEA)];
            self.store.execute(&self.transaction, &statement, values).await
        };
        let done = self.store.wait("write", try_join_all(puts.iter().map(put)));
        self.failed |= done.is_err();
        done.map(drop)
    }

    fn execute(&mut self, statement: &str, values: Values<'_>) -> Result<u64, StoreError> {
        self.flush()?;
        let done = self.store.wait("write", self.store.execute(&self.transaction, statement, values));
        self.failed |= done.is_err();
        done
    }
}

impl license_service::Transaction for PostgresTransaction<'_> {
    /// Who has looked for a key that is not there waits for the other who has, and looks again.
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.flush()?;
        let table = table.name();
        let statement = format!("SELECT value FROM native_drm_license.{table} WHERE key = $1 FOR UPDATE");
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 0))";
        let row = self.store.wait("read", async {
            let values: Values<'_> = &[(&key, Type::BYTEA)];
            let mut rows = self.store.query(&self.transaction, &statement, values).await?;
            if rows.is_empty() {
                self.store.execute(&self.transaction, lock, &[(&table, Type::TEXT), (&key, Type::BYTEA)]).await?;
                rows = self.store.query(&self.transaction, &statement, values).await?;
            }
            rows.first().map(|row| row.try_get(0)).transpose()
        });
        self.failed |= row.is_err();
        row
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        // The order of two for the same key counts.
        if self.puts.iter().any(|(known, other, _)| *known == table && other == key) {
            self.flush()?;
        }
        self.puts.push((table, key.to_vec(), value.to_vec()));
        Ok(())
    }

    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
        let statement = format!(
            "INSERT INTO native_drm_license.{} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            table.name()
        );
        Ok(self.execute(&statement, &[(&key, Type::BYTEA), (&value, Type::BYTEA)])? == 1)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let statement = format!("DELETE FROM native_drm_license.{} WHERE key = $1", table.name());
        Ok(self.execute(&statement, &[(&key, Type::BYTEA)])? == 1)
    }

    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError> {
        let statement = "INSERT INTO native_drm_license.nonce (nonce, expires) VALUES ($1, $2) \
                         ON CONFLICT (nonce) DO NOTHING";
        Ok(self.execute(statement, &[(&&nonce[..], Type::BYTEA), (&expires, Type::INT8)])? == 1)
    }
}

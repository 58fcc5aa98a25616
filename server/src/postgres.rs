//! The state in PostgreSQL, shared by several servers.
//!
//! The methods of [`Store`] block; they are called on threads that may block. A connection that failed or took too long is thrown
//! away, so that a database that went away and came back is used again without a restart.

use std::path::Path;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts, Transaction};
use license::template::Refusal;
use license_service::{Store, StoreError, Table};
use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls;

/// Time for anything that the database is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections to the database.
const CONNECTIONS: usize = 8;
/// Nonces that are forgotten in one statement.
const BATCH: i64 = 10_000;
/// Only one server at a time makes the tables.
const SCHEMA_LOCK: i64 = 0x6e61_7469_7665_6472;

pub struct PostgresStore {
    runtime: Handle,
    pool: Pool,
}

impl PostgresStore {
    /// A pool of connections; none is opened yet. The address must be valid. With a file of authorities connections use
    /// TLS, without it they do not.
    pub fn new(runtime: Handle, url: &str, authorities: Option<&Path>) -> Result<Self, String> {
        let mut config: Config = url.parse().map_err(|fault| format!("--database: {fault}"))?;
        if authorities.is_some() {
            config.ssl_mode(SslMode::Require);
        } else if config.get_ssl_mode() == SslMode::Require {
            return Err("--database: sslmode=require needs the authorities to trust: --database-ca FILE".into());
        }
        config.connect_timeout(PATIENCE).tcp_user_timeout(PATIENCE).application_name("native-drm-license-server");
        // Whatever the database's own settings are: what was confirmed is on its disk.
        config.options(
            "-c synchronous_commit=on -c statement_timeout=5000 -c lock_timeout=5000 \
             -c default_transaction_isolation=read\\ committed",
        );
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
        let manager = match authorities {
            Some(path) => Manager::from_config(config, MakeRustlsConnect::new(tls::client(path)?), recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|fault| fault.to_string())?;
        Ok(Self { runtime, pool })
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
                let transaction = client.transaction().await?;
                transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).await?;
                let rows = transaction.query(EXISTING, &[]).await?;
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
            let transaction = store.wait("begin a transaction", client.transaction())?;
            let mut running = PostgresTransaction { store, transaction, failed: false };
            if let Err(reason) = body(&mut running) {
                refusal = Some(reason);
                if running.failed {
                    return Err(StoreError("a transaction failed".into()));
                }
                return store.wait("roll back", running.transaction.rollback());
            }
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
                let statement = client.prepare_cached(&statement).await?;
                client.query_opt(&statement, &[&key]).await?.map(|row| row.try_get(0)).transpose()
            })
        })
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let table = table.name();
        let statement = format!("SELECT key FROM native_drm_license.{table} WHERE key < $1 ORDER BY key LIMIT $2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|store, client| {
            store.wait("read", async {
                let statement = client.prepare_cached(&statement).await?;
                client.query(&statement, &[&end, &limit]).await?.iter().map(|row| row.try_get(0)).collect()
            })
        })
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        let statement = "DELETE FROM native_drm_license.nonce WHERE nonce IN \
                         (SELECT nonce FROM native_drm_license.nonce WHERE expires < $1 LIMIT $2)";
        let mut forgotten = 0;
        loop {
            let count = self.with(|store, client| {
                store.wait("forget nonces", async { client.execute(statement, &[&now, &BATCH]).await })
            })?;
            forgotten += count;
            if count < BATCH.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }

    /// A standby answers, too, but records no license.
    fn check(&self) -> Result<(), StoreError> {
        let question = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";
        let writable: bool =
            self.with(|store, client| store.wait("read", async { client.query_one(question, &[]).await?.try_get(0) }))?;
        if writable { Ok(()) } else { Err(StoreError("the database is read-only".into())) }
    }
}

struct PostgresTransaction<'a> {
    store: &'a PostgresStore,
    transaction: Transaction<'a>,
    /// After a failure PostgreSQL accepts nothing but the end of the transaction.
    failed: bool,
}

impl PostgresTransaction<'_> {
    fn execute(
        &mut self,
        statement: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let done = self.store.wait("write", async {
            let statement = self.transaction.prepare_cached(statement).await?;
            self.transaction.execute(&statement, values).await
        });
        self.failed |= done.is_err();
        done
    }
}

impl license_service::Transaction for PostgresTransaction<'_> {
    /// Who has looked for a key that is not there waits for the other who has, and looks again.
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = table.name();
        let statement = format!("SELECT value FROM native_drm_license.{table} WHERE key = $1 FOR UPDATE");
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 0))";
        let row = self.store.wait("read", async {
            let statement = self.transaction.prepare_cached(&statement).await?;
            let mut row = self.transaction.query_opt(&statement, &[&key]).await?;
            if row.is_none() {
                let lock = self.transaction.prepare_cached(lock).await?;
                self.transaction.execute(&lock, &[&table, &key]).await?;
                row = self.transaction.query_opt(&statement, &[&key]).await?;
            }
            row.map(|row| row.try_get(0)).transpose()
        });
        self.failed |= row.is_err();
        row
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let statement = format!(
            "INSERT INTO native_drm_license.{} (key, value) VALUES ($1, $2) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            table.name()
        );
        self.execute(&statement, &[&key, &value]).map(drop)
    }

    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
        let statement = format!(
            "INSERT INTO native_drm_license.{} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            table.name()
        );
        Ok(self.execute(&statement, &[&key, &value])? == 1)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let statement = format!("DELETE FROM native_drm_license.{} WHERE key = $1", table.name());
        Ok(self.execute(&statement, &[&key])? == 1)
    }

    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError> {
        let statement = "INSERT INTO native_drm_license.nonce (nonce, expires) VALUES ($1, $2) \
                         ON CONFLICT (nonce) DO NOTHING";
        Ok(self.execute(statement, &[&&nonce[..], &expires])? == 1)
    }
}

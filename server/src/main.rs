//! `native-drm-license-server`: the license service over HTTP.

#![forbid(unsafe_code)]

mod limits;
mod listen;
mod log;
mod options;
mod patience;
mod postgres;
mod routes;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use base::clock::SystemClock;
use base::log::{Level, set_sink};
use clap::Parser;
use license::template::Profile;
use license_service::{Catalog, Error, Service, Settings, StoreError};
use once_cell::sync::OnceCell;
use serde_json::json;
use tokio::sync::Semaphore;

use limits::Limits;
use log::Log;
use options::{LogLevel, Options, Rules};
use postgres::PostgresStore;
use routes::Server;

/// Between attempts to open the service in a database.
const RETRY: Duration = Duration::from_secs(1);
/// Messages that are worked on at a time: enough to keep all connections to a database busy.
const WORKERS: usize = 16;
/// Between tidyings.
const TIDY: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let options = Options::parse();
    let log = Log::new(options.log, options.log_lines);
    let of_library = log.clone();
    set_sink(Some(Arc::new(move |level, message| library_log(&of_library, level, message))), Level::Warn);
    let done = run(&options, &log);
    log.end();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Whatever is logged: a program that ends says why.
            Log::new(LogLevel::Error, 0).write(LogLevel::Error, "failed", json!({ "reason": reason }));
            ExitCode::FAILURE
        }
    }
}

fn library_log(log: &Log, level: Level, message: &str) {
    let level = if level == Level::Error { LogLevel::Error } else { LogLevel::Warn };
    log.write(level, "library", json!({ "message": message }));
}

fn run(options: &Options, log: &Log) -> Result<(), String> {
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let catalogs = options.catalog.iter().map(|path| {
        let text = std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
        Catalog::parse(&text).map_err(|fault| format!("{}: {fault}", path.display()))
    });
    let catalogs: Vec<_> = catalogs.collect::<Result<_, _>>()?;
    let settings = Settings {
        profile: match options.profile {
            Rules::Strict => Profile::Strict,
            Rules::Azure => Profile::Azure,
        },
        certificate_lifetime: i64::from(options.certificate_days) * 24 * 3600 * 1000,
        licenses_per_device: options.licenses_per_device,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|fault| fault.to_string())?;
    let store = if options.database.is_some() {
        "postgresql"
    } else if options.data.is_some() {
        "directory"
    } else {
        "memory"
    };
    let server = Arc::new(Server {
        service: OnceCell::new(),
        store,
        trust_everyone: options.trust_everyone,
        clear_key: options.clear_key,
        max_body: options.max_body as usize,
        timeout: Duration::from_secs(options.timeout.into()),
        turns: Arc::new(Semaphore::new(WORKERS)),
        limits: Limits::new(options.requests_per_second, options.connections_per_address, &options.trusted_proxy),
        log: log.clone(),
    });
    open(options, &server, settings, catalogs, runtime.handle())?;
    let tidied = Arc::clone(&server);
    runtime.spawn(tidy(tidied));
    let timeout = server.timeout;
    runtime.block_on(listen::serve(server, options.listen, tls, options.max_connections as usize))?;
    runtime.shutdown_timeout(timeout);
    Ok(())
}

/// Opens the service: at once in a directory or in memory; in a database as soon as that answers and has the catalogues.
fn open(
    options: &Options,
    server: &Arc<Server>,
    settings: Settings,
    catalogs: Vec<Catalog>,
    runtime: &tokio::runtime::Handle,
) -> Result<(), String> {
    let clock = Arc::new(SystemClock::new());
    let fill = |service: &Service, catalogs: &[Catalog]| -> Result<(), Error> { service.add_catalogs(catalogs) };
    let words = |fault: Error| fault.to_string();
    if let Some(url) = &options.database {
        let path = options.master_key.as_ref().ok_or("--master-key is missing")?;
        let master = Service::master_key(path).map_err(words)?;
        // A wrong address is a mistake now, a database that is away may come.
        PostgresStore::new(runtime.clone(), url, options.database_ca.as_deref())?;
        let (server, url, handle) = (Arc::clone(server), url.clone(), runtime.clone());
        let authorities = options.database_ca.clone();
        let attempt = Arc::new(move || -> bool {
            let opened = PostgresStore::new(handle.clone(), &url, authorities.as_deref());
            let opened = opened.map_err(|fault| StoreError(fault).into());
            let opened = opened.and_then(|store| {
                store.prepare()?;
                Service::new(Box::new(store), &master, clock.clone(), settings.clone())
            });
            match opened.map(|service| (fill(&service, &catalogs), service)) {
                Ok((Ok(()), service)) => {
                    let _ = server.service.set(service);
                    server.log.write(LogLevel::Info, "database", json!({ "status": "ok" }));
                    return true;
                }
                Ok((Err(fault), _)) => {
                    server.log.write(LogLevel::Error, "catalog", json!({ "reason": fault.to_string() }));
                }
                Err(fault) => {
                    server.log.write(LogLevel::Error, "database", json!({ "reason": fault.to_string() }));
                }
            }
            false
        });
        // The end of the program ends the waiting, though not an attempt under way.
        runtime.spawn(async move {
            loop {
                let attempt = Arc::clone(&attempt);
                if let Ok(true) = tokio::task::spawn_blocking(move || attempt()).await {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            }
        });
        return Ok(());
    }
    let service = match &options.data {
        Some(directory) => Service::in_directory(directory, clock, settings),
        None => Service::in_memory(clock, settings),
    };
    let service = service.map_err(words)?;
    fill(&service, &catalogs).map_err(words)?;
    let _ = server.service.set(service);
    Ok(())
}

/// Now and then forgets what nobody needs any more.
async fn tidy(server: Arc<Server>) {
    loop {
        let working = Arc::clone(&server);
        let work = tokio::task::spawn_blocking(move || working.service.get().map(Service::tidy));
        let pause = match work.await {
            Ok(Some(Ok(forgotten))) => {
                server.log.write(LogLevel::Info, "tidied", json!({ "forgotten": forgotten }));
                TIDY
            }
            Ok(Some(Err(fault))) => {
                server.log.write(LogLevel::Error, "tidied", json!({ "reason": fault.to_string() }));
                TIDY
            }
            // The database has not answered yet.
            _ => RETRY,
        };
        tokio::time::sleep(pause).await;
    }
}

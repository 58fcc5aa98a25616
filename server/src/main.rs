//! `native-drm-license-server`: the license service over HTTP.

#![forbid(unsafe_code)]

mod admin;
mod admin_listen;
mod audit;
mod command;
mod config;
mod cors;
#[cfg(test)]
mod generated;
mod health;
mod limits;
mod listen;
mod log;
mod metrics;
mod operators;
mod options;
mod patience;
mod postgres;
mod reload;
mod routes;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use base::clock::SystemClock;
use base::log::{Level, set_sink};
use clap::{CommandFactory, FromArgMatches};
use license::template::Profile;
use license_service::{Catalog, Error, Service, Settings, StoreError};
use once_cell::sync::OnceCell;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use admin::{Admin, reload_on_signal};
use admin_listen::{Listener, Place};
use audit::Audit;
use cors::Cors;
use limits::Limits;
use log::Log;
use metrics::Metrics;
use operators::Operators;
use options::{Command, LogLevel, Options, Rules};
use postgres::PostgresStore;
use reload::{Certificate, Reload};
use routes::Server;

/// Between attempts to open the service in a database.
const RETRY: Duration = Duration::from_secs(1);
/// Messages that are worked on at a time: enough to keep all connections to a database busy.
const WORKERS: usize = 16;
/// Between looks at what other servers of the store have done to the authorities and to the store's form.
const FOLLOW: Duration = Duration::from_secs(5);
/// The same with a directory: they share commits, so that the more wait for the disk the fewer commits there are.
const WORKERS_AT_DIRECTORY: usize = 64;
/// Between tidyings.
const TIDY: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let arguments = config::layered(std::env::args_os().collect(), Options::command());
    let options = match arguments {
        Ok((arguments, mut command)) => {
            let matches = command.clone().get_matches_from(arguments);
            Options::from_arg_matches(&matches).unwrap_or_else(|fault| fault.format(&mut command).exit())
        }
        Err(reason) => {
            Log::new(LogLevel::Error, 0).write(LogLevel::Error, "failed", json!({ "reason": reason }));
            return ExitCode::FAILURE;
        }
    };
    if let Some(Command::Admin(administer)) = &options.command {
        return match command::run(administer) {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => {
                eprintln!("native-drm-license-server: {reason}");
                ExitCode::FAILURE
            }
        };
    }
    let log = Log::new(options.log, options.log_lines);
    let of_library = log.clone();
    let sink = move |level, message: &str| {
        library_log(&of_library, level, message);
        None
    };
    set_sink(Some(Arc::new(sink)), Level::Warn);
    let of_panics = log.clone();
    // The usual one would wait for whoever reads standard error.
    std::panic::set_hook(Box::new(move |panic| {
        of_panics.write(LogLevel::Error, "panic", json!({ "message": panic.to_string() }));
    }));
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
    let operators = Arc::new(Operators::new(options.admin_tokens.as_deref())?);
    if matches!(options.admin_listen, Some(Place::Local(_))) && options.admin_tokens.is_none() {
        return Err(
            "--admin-listen at an address needs --admin-tokens: whoever is on this machine could connect".into()
        );
    }
    let audit = Arc::new(Audit::new(options.audit_log.as_deref())?);
    let reload = Reload {
        catalogs: options.catalog.clone(),
        tls: options.tls_cert.clone().zip(options.tls_key.clone()),
        certificate: Certificate::default(),
        operators: Arc::clone(&operators),
    };
    reload.certificate.set(reload.read_certificate()?);
    let catalogs = reload.read_catalogs()?;
    let reload = Arc::new(reload);
    let settings = Settings {
        profile: match options.profile {
            Rules::Strict => Profile::Strict,
            Rules::Azure => Profile::Azure,
        },
        certificate_lifetime: i64::from(options.certificate_days) * 24 * 3600 * 1000,
        licenses_per_device: options.licenses_per_device,
        renewal_jitter: options.renewal_jitter,
        engine: &service_crypto::Ring,
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
        health: Arc::default(),
        trust_everyone: options.trust_everyone,
        clear_key: options.clear_key,
        cors: Cors::new(&options.allow_origin),
        max_body: options.max_body as usize,
        timeout: Duration::from_secs(options.timeout.into()),
        turns: Arc::new(Semaphore::new(if options.data.is_some() { WORKERS_AT_DIRECTORY } else { WORKERS })),
        limits: Limits::new(options.requests_per_second, options.connections_per_address, &options.trusted_proxy),
        log: log.clone(),
        metrics: Metrics::new(),
        ended: watch::Sender::new(None),
    });
    open(options, &server, settings, catalogs, runtime.handle())?;
    let tidied = Arc::clone(&server);
    runtime.spawn(tidy(tidied));
    if options.database.is_some() {
        runtime.spawn(follow(Arc::clone(&server)));
    }
    let timeout = server.timeout;
    let hangup = runtime.block_on(async { signal(SignalKind::hangup()) }).map_err(|fault| fault.to_string())?;
    runtime.spawn(reload_on_hangup(hangup, Arc::clone(&server), Arc::clone(&audit), Arc::clone(&reload)));
    if let Some(place) = &options.admin_listen {
        let listener = runtime.block_on(Listener::bind(place))?;
        log.write(LogLevel::Info, "administration", json!({ "address": listener.name() }));
        let admin = Admin { server: Arc::clone(&server), operators, audit, reload: Arc::clone(&reload) };
        runtime.spawn(listener.serve(Arc::new(admin)));
    }
    let certificate = reload.certificate.clone();
    runtime.block_on(listen::serve(
        Arc::clone(&server),
        &options.listen,
        certificate,
        options.max_connections as usize,
    ))?;
    if let Some(Place::Unix(path)) = &options.admin_listen {
        let _ = std::fs::remove_file(path);
    }
    runtime.shutdown_timeout(timeout);
    server.ended.send_replace(None).map_or(Ok(()), Err)
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
    let others = options.other_master_key.iter().map(|path| Service::master_key(path));
    let others = others.collect::<Result<Vec<_>, _>>().map_err(words)?;
    if let Some(url) = &options.database {
        let path = options.master_key.as_ref().ok_or("--master-key is missing")?;
        let master = Service::master_key(path).map_err(words)?;
        // A wrong address is a mistake now, a database that is away may come.
        PostgresStore::new(runtime.clone(), url, options.database_ca.as_deref(), options.database_pooler)?;
        let (server, url, handle) = (Arc::clone(server), url.clone(), runtime.clone());
        let (authorities, pooled) = (options.database_ca.clone(), options.database_pooler);
        // Whether waiting is over.
        let attempt = Arc::new(move || -> bool {
            let opened = PostgresStore::new(handle.clone(), &url, authorities.as_deref(), pooled).map_err(StoreError);
            let looked = opened.and_then(|store| Ok((store.later_form()?, store)));
            if let Ok((Some(reason), _)) = looked {
                server.ended.send_replace(Some(reason));
                return true;
            }
            let opened = looked.map_err(Error::from).and_then(|(_, store)| {
                store.prepare()?;
                Service::with_other_keys(Box::new(store), &master, &others, clock.clone(), settings.clone())
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
        Some(directory) => Service::in_directory_with_other_keys(directory, &others, clock, settings),
        None => Service::in_memory(clock, settings),
    };
    let service = service.map_err(words)?;
    fill(&service, &catalogs).map_err(words)?;
    let _ = server.service.set(service);
    Ok(())
}

/// Reads files again at each SIGHUP.
async fn reload_on_hangup(mut hangup: Signal, server: Arc<Server>, audit: Arc<Audit>, reload: Arc<Reload>) {
    while hangup.recv().await.is_some() {
        let (working, audit, reading) = (Arc::clone(&server), Arc::clone(&audit), Arc::clone(&reload));
        let done = tokio::task::spawn_blocking(move || match working.service.get() {
            Some(service) => reload_on_signal(&audit, &working.log, service, &reading),
            None => Err("the store has not answered yet".into()),
        });
        match done.await {
            Ok(Ok(())) => server.log.write(LogLevel::Info, "reloaded", json!({})),
            Ok(Err(reason)) => server.log.write(LogLevel::Error, "reloaded", json!({ "reason": reason })),
            Err(_) => {}
        }
    }
}

/// Now and then takes over which authorities other servers of the database have made and dropped, and ends the server if one of
/// them has brought the database to a form that this one does not know.
async fn follow(server: Arc<Server>) {
    loop {
        tokio::time::sleep(FOLLOW).await;
        let working = Arc::clone(&server);
        let work = tokio::task::spawn_blocking(move || {
            let service = working.service.get()?;
            if let Ok(Some(reason)) = service.later_form() {
                working.ended.send_replace(Some(reason));
                return None;
            }
            service.refresh().ok()
        });
        if let Ok(Some(true)) = work.await {
            server.log.write(LogLevel::Info, "authorities", json!({ "changed": true }));
        }
    }
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

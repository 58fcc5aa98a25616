//! `native-drm-license-server admin …`: sends a command to a running server.

use std::io::Write;
use std::path::PathBuf;

use base::secret::SecretString;
use clap::{Args, Subcommand, ValueEnum};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::admin_listen::Place;

/// Administers a running server.
#[derive(Args)]
pub struct Administer {
    /// Where the server's --admin-listen is.
    #[arg(long, value_name = "unix:PATH|ADDRESS:PORT", env = "NATIVE_DRM_SERVER_ADMIN_LISTEN")]
    pub at: Place,

    /// File with the operator's token, if the server has --admin-tokens: the token alone, or a line NAME TOKEN.
    #[arg(long, value_name = "FILE", env = "NATIVE_DRM_SERVER_ADMIN_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Administration,
}

/// What can be listed.
#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// Ids, providers, policies and key ids of contents.
    Contents,
    /// Stored policies.
    Policies,
    /// Names of providers.
    Providers,
}

#[derive(Subcommand)]
pub enum Administration {
    /// Adds and changes what a catalogue lists: providers, policies, contents. Also the import of an export.
    Add {
        /// A catalogue (JSON).
        file: PathBuf,
    },
    /// Lists contents, policies or providers, without secrets.
    List {
        /// Which.
        what: What,
        /// Those after this id (base64) or name.
        #[arg(long)]
        after: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Removes a content with its keys. Licenses that were issued for it stay.
    RemoveContent {
        /// Its id (base64).
        content_id: String,
    },
    /// Removes a policy that no content names.
    RemovePolicy {
        /// Its name.
        name: String,
    },
    /// Removes a provider whom no content belongs to.
    RemoveProvider {
        /// Its name.
        name: String,
    },
    /// Lists the key groups of a content.
    KeyGroups {
        /// The content's id (base64).
        content_id: String,
    },
    /// Adds key groups to a content, or replaces those with the same names.
    AddKeyGroups {
        /// The content's id (base64).
        content_id: String,
        /// A JSON array as the catalogue's key_groups.
        file: PathBuf,
    },
    /// Removes a key group.
    RemoveKeyGroup {
        /// The content's id (base64).
        content_id: String,
        /// The group's name.
        name: String,
    },
    /// Shows a license that was issued: no keys, no tokens.
    License {
        /// Its id (hexadecimal), as in the log.
        license_id: String,
    },
    /// Ends a license: renewals are denied, and the next answer to its device says that it is over.
    RevokeLicense {
        /// Its id (hexadecimal).
        license_id: String,
    },
    /// Answers a device no more.
    RevokeDevice {
        /// Its id (hexadecimal), as in the log.
        device_id: String,
    },
    /// Lists the authorities whose devices are answered, the present one first.
    Authorities,
    /// Makes a new authority, which certifies devices from now on. Devices of former ones are answered until they are dropped.
    RotateAuthority,
    /// Forgets a former authority: devices that it has certified are answered no more.
    DropAuthority {
        /// Its id (hexadecimal), as `authorities` lists it.
        authority: String,
    },
    /// Seals everything under the server's master key that is not yet. Afterwards --other-master-key is not needed any more.
    Reseal,
    /// Reads catalogues, certificate and operators' tokens again, as SIGHUP does.
    Reload,
    /// Writes everything that catalogues bring to standard output as one, keys in the clear. Provider tokens are not known.
    Export,
    /// Tells by its exit status whether licenses can be issued now, as GET /health/ready does. Needs no token.
    Health,
}

impl Administration {
    /// What is asked with: the path, and the JSON of what is posted there; without JSON it is got.
    fn message(&self) -> Result<(String, Option<Vec<u8>>), String> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()));
        let (name, body) = match self {
            Self::Health => return Ok(("/health/ready".into(), None)),
            Self::Add { file } => return Ok(("/admin/add".into(), Some(read(file)?))),
            Self::List { what, after, limit } => {
                let what = what.to_possible_value().map(|what| what.get_name().to_owned());
                ("list", json!({ "what": what, "after": after, "limit": limit }))
            }
            Self::RemoveContent { content_id } => ("remove-content", json!({ "content_id": content_id })),
            Self::RemovePolicy { name } => ("remove-policy", json!({ "name": name })),
            Self::RemoveProvider { name } => ("remove-provider", json!({ "name": name })),
            Self::KeyGroups { content_id } => ("key-groups", json!({ "content_id": content_id })),
            Self::AddKeyGroups { content_id, file } => {
                let groups: Value = serde_json::from_slice(&read(file)?)
                    .map_err(|fault| format!("{}: not JSON at line {}", file.display(), fault.line()))?;
                ("add-key-groups", json!({ "content_id": content_id, "key_groups": groups }))
            }
            Self::RemoveKeyGroup { content_id, name } => {
                ("remove-key-group", json!({ "content_id": content_id, "name": name }))
            }
            Self::License { license_id } => ("license", json!({ "license_id": license_id })),
            Self::RevokeLicense { license_id } => ("revoke-license", json!({ "license_id": license_id })),
            Self::RevokeDevice { device_id } => ("revoke-device", json!({ "device_id": device_id })),
            Self::Authorities => ("authorities", json!({})),
            Self::RotateAuthority => ("rotate-authority", json!({})),
            Self::DropAuthority { authority } => ("drop-authority", json!({ "authority": authority })),
            Self::Reseal => ("reseal", json!({})),
            Self::Reload => ("reload", json!({})),
            Self::Export => ("export", json!({})),
        };
        Ok((format!("/admin/{name}"), Some(body.to_string().into_bytes())))
    }
}

/// Sends the command and prints what comes: JSON, a row a line where there are rows.
pub fn run(administer: &Administer) -> Result<(), String> {
    let (path, body) = administer.command.message()?;
    let token = administer.token_file.as_ref().map(|path| {
        let text = std::fs::read_to_string(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
        let text = SecretString::from(text);
        let token = text.split_whitespace().next_back().map(|token| SecretString::from(format!("Bearer {token}")));
        token.ok_or_else(|| format!("{}: no token", path.display()))
    });
    let token = token.transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|fault| fault.to_string())?;
    let (status, answer) = runtime.block_on(async {
        let words = |fault: std::io::Error| format!("cannot reach the server: {fault}");
        match &administer.at {
            Place::Unix(socket) => exchange(UnixStream::connect(socket).await.map_err(words)?, path, token, body).await,
            Place::Local(address) => {
                exchange(TcpStream::connect(address).await.map_err(words)?, path, token, body).await
            }
        }
    })?;
    if status != StatusCode::OK {
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        return Err(format!("{} {}", status.as_u16(), answer["message"].as_str().unwrap_or("no reason given")));
    }
    let mut output = std::io::stdout().lock();
    let rows = match (&administer.command, serde_json::from_slice::<Value>(&answer)) {
        (Administration::List { .. } | Administration::KeyGroups { .. } | Administration::Authorities, Ok(answer)) => {
            answer["rows"].as_array().cloned()
        }
        _ => None,
    };
    let written = match rows {
        Some(rows) => rows.iter().try_for_each(|row| writeln!(output, "{row}")),
        None if *answer == b"{}"[..] || matches!(administer.command, Administration::Health) => Ok(()),
        None => {
            output.write_all(&answer).and_then(|()| if answer.ends_with(b"\n") { Ok(()) } else { writeln!(output) })
        }
    };
    written.map_err(|fault| format!("standard output: {fault}"))
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    path: String,
    token: Option<SecretString>,
    body: Option<Vec<u8>>,
) -> Result<(StatusCode, Bytes), String> {
    let words = |fault: hyper::Error| format!("the server did not answer: {fault}");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    tokio::spawn(connection);
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(path).header(HOST, "admin");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, &*token);
    }
    let request = request.body(Full::new(Bytes::from(body.unwrap_or_default()))).map_err(|fault| fault.to_string())?;
    let answer = sender.send_request(request).await.map_err(words)?;
    let status = answer.status();
    Ok((status, answer.into_body().collect().await.map_err(words)?.to_bytes()))
}

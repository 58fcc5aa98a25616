//! A server on a port of its own: files by GET, and whatever a test answers to POST.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What a POST gets.
pub enum Answer {
    Status(u16, String),
    /// Nothing, until the client gives up.
    Silence,
}

type Post = dyn Fn(&[u8]) -> Answer + Send + Sync;

pub struct Server {
    port: u16,
    posts: Arc<AtomicUsize>,
}

impl Server {
    /// Serves `directory`. Its thread ends with the process.
    pub fn start(directory: Option<PathBuf>, post: impl Fn(&[u8]) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let posts = Arc::new(AtomicUsize::new(0));
        let (post, count): (Arc<Post>, _) = (Arc::new(post), Arc::clone(&posts));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (directory, post, count) = (directory.clone(), Arc::clone(&post), Arc::clone(&count));
                thread::spawn(move || while serve(&stream, directory.as_ref(), &*post, &count).is_some() {});
            }
        });
        Self { port, posts }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub fn posts(&self) -> usize {
        self.posts.load(Ordering::SeqCst)
    }
}

/// Answers one request; nothing if the connection is over.
fn serve(mut stream: &TcpStream, directory: Option<&PathBuf>, post: &Post, count: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.trim_start_matches('/').to_owned());
    let (mut length, mut range) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if let Some(value) = header.strip_prefix("range: bytes=") {
            let (from, to) = value.split_once('-')?;
            range = Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()));
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, bytes) = if method == "POST" {
        count.fetch_add(1, Ordering::SeqCst);
        match post(&body) {
            Answer::Status(status, text) => (status, text.into_bytes()),
            Answer::Silence => {
                // Until the other side closes.
                drop(stream.read(&mut [0]));
                return None;
            }
        }
    } else {
        match directory.and_then(|directory| std::fs::read(directory.join(&path)).ok()) {
            Some(bytes) => match range {
                Some((from, to)) => {
                    let end = to.map_or(bytes.len(), |to| (to + 1).min(bytes.len()));
                    (206, bytes.get(from..end)?.to_vec())
                }
                None => (200, bytes),
            },
            None => (404, Vec::new()),
        }
    };
    let kind = if path.ends_with(".mpd") { "application/dash+xml" } else { "application/octet-stream" };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", bytes.len());
    stream.write_all(head.as_bytes()).ok()?;
    if method != "HEAD" {
        stream.write_all(&bytes).ok()?;
    }
    Some(())
}

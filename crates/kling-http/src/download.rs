//! Results into files: streamed, resumed where they break off, whole or not at
//! all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use kling_types::Video;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::provider::is_loopback;
use crate::transport::{Body, Operation, SharedTransport, Transport as _, TransportError};

/// The largest result: far above any clip of ten seconds.
const SIZE_LIMIT: u64 = 2 * 1024 * 1024 * 1024;

/// How long a download may stand still.
const IDLE: Duration = Duration::from_secs(60);

/// Tries in a row that bring nothing new.
const FRUITLESS_TRIES: u32 = 5;

/// The wait after the first fruitless try; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

const MAX_REDIRECTS: u8 = 5;

impl Client {
    /// Begins the download of a result.
    ///
    /// The credentials are not sent: results lie on other hosts. An address
    /// must be https, or http on this machine; so must every redirect's.
    pub async fn download(&self, video: &Video) -> Result<Download> {
        let text = video
            .url
            .as_deref()
            .map(str::trim)
            .filter(|url| !url.is_empty());
        let text =
            text.ok_or_else(|| Error::new(ErrorKind::NoResult, "the video has no address"))?;
        let url = check_url(text)?;
        let transport = self.settings().transport.clone();
        let part = fetch(&transport, url.clone(), None).await?;
        Ok(Download {
            transport,
            url,
            part,
        })
    }
}

/// A result that is being downloaded.
pub struct Download {
    transport: SharedTransport,
    url: Uri,
    part: Part,
}

/// A file that was written, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Where.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// What one request brought: the file from `start` on.
struct Part {
    start: u64,
    /// The length of the whole file, if the host says.
    total: Option<u64>,
    validator: Option<HeaderValue>,
    body: Body,
}

impl Download {
    /// The length of the file, if the host says.
    pub fn content_length(&self) -> Option<u64> {
        self.part.total
    }

    /// Saves it under a name. The file appears there only when it is whole and
    /// on the disk, in place of one that may have been there; until then it has
    /// another name in the same directory.
    ///
    /// A download that breaks off goes on where it was, as long as the host
    /// says that the file is the same.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<Saved> {
        let path = path.as_ref();
        let io = |error: std::io::Error| {
            let text = format!("{} can't be written", path.display());
            Error::new(ErrorKind::Download, text).with_source(error)
        };
        let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let temp = temp_file(directory.unwrap_or(Path::new("."))).map_err(io)?;
        let (file, temp_path) = temp.into_parts();
        let mut sink = Sink {
            file: tokio::fs::File::from_std(file),
            hash: Sha256::new(),
            bytes: 0,
        };

        self.pour_into(&mut sink)
            .await
            .map_err(|failure| match failure {
                Failure::Io(error) => io(error),
                Failure::Download(error) => error,
            })?;

        sink.file.flush().await.map_err(io)?;
        sink.file.sync_all().await.map_err(io)?;
        temp_path.persist(path).map_err(|error| io(error.error))?;
        Ok(Saved {
            path: path.to_owned(),
            bytes: sink.bytes,
            sha256: base16ct::lower::encode_string(&sink.hash.finalize()),
        })
    }

    async fn pour_into(mut self, sink: &mut Sink) -> std::result::Result<(), Failure> {
        let mut fruitless = 0;
        loop {
            let before = sink.bytes;
            let broke_off = match self.part.pour_into(sink).await? {
                End::Whole => return Ok(()),
                End::BrokeOff(error) => error,
            };
            fruitless = if sink.bytes > before {
                1
            } else {
                fruitless + 1
            };
            loop {
                if fruitless >= FRUITLESS_TRIES {
                    return Err(broke_off.with_retryability(Retryability::Exhausted).into());
                }
                tokio::time::sleep(PAUSE * 2_u32.pow(fruitless - 1)).await;
                let resume = self
                    .part
                    .validator
                    .clone()
                    .map(|validator| (sink.bytes, validator));
                match fetch(&self.transport, self.url.clone(), resume).await {
                    Ok(part) => {
                        self.part = part;
                        break;
                    }
                    Err(error) if error.retryability() == Retryability::Temporary => fruitless += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            if self.part.start != sink.bytes {
                sink.start_over().await?;
            }
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("host", &self.url.host())
            .field("total", &self.part.total)
            .finish_non_exhaustive()
    }
}

/// Why a download ended without a file.
enum Failure {
    Io(std::io::Error),
    Download(Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Io(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Download(error)
    }
}

/// How a part ended.
enum End {
    Whole,
    BrokeOff(Error),
}

impl Part {
    async fn pour_into(&mut self, sink: &mut Sink) -> std::result::Result<End, Failure> {
        loop {
            let piece = match timeout(IDLE, self.body.chunk()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => break,
                Ok(Some(Err(error))) => return Ok(End::BrokeOff(broke_off(error))),
                Err(_) => {
                    let text = format!("the download stood still for {} s", IDLE.as_secs());
                    return Ok(End::BrokeOff(Error::new(ErrorKind::Download, text)));
                }
            };
            let limit = self.total.unwrap_or(SIZE_LIMIT).min(SIZE_LIMIT);
            if sink.bytes.saturating_add(piece.len() as u64) > limit {
                let text = format!("the result is longer than the {limit} bytes it may have");
                return Err(Error::new(ErrorKind::Download, text).into());
            }
            sink.write(&piece).await?;
        }
        match self.total {
            Some(total) if sink.bytes < total => {
                let text = format!("the download ended after {} of {total} bytes", sink.bytes);
                Ok(End::BrokeOff(Error::new(ErrorKind::Download, text)))
            }
            _ if sink.bytes == 0 => {
                Err(Error::new(ErrorKind::Download, "the result is an empty file").into())
            }
            _ => Ok(End::Whole),
        }
    }
}

/// The file being written, and what is known of it.
struct Sink {
    file: tokio::fs::File,
    hash: Sha256,
    bytes: u64,
}

impl Sink {
    async fn write(&mut self, piece: &Bytes) -> std::io::Result<()> {
        self.file.write_all(piece).await?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    async fn start_over(&mut self) -> std::io::Result<()> {
        self.file.flush().await?;
        self.file.set_len(0).await?;
        self.file.rewind().await?;
        self.hash = Sha256::new();
        self.bytes = 0;
        Ok(())
    }
}

/// Asks for a file, or for the rest of it, and follows redirects.
async fn fetch(
    transport: &SharedTransport,
    mut url: Uri,
    resume: Option<(u64, HeaderValue)>,
) -> Result<Part> {
    for _ in 0..=MAX_REDIRECTS {
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = url.clone();
        if let Some((from, validator)) = &resume {
            let range = HeaderValue::from_str(&format!("bytes={from}-"));
            let range = range.map_err(|error| {
                Error::new(ErrorKind::Download, "no such range").with_source(error)
            })?;
            request.headers_mut().insert(RANGE, range);
            request.headers_mut().insert(IF_RANGE, validator.clone());
        }
        request.extensions_mut().insert(Operation {
            name: "download",
            idempotent: true,
            attempt: 1,
        });

        let Ok(answer) = timeout(IDLE, transport.send(request)).await else {
            let text = format!(
                "the result's host did not answer within {} s",
                IDLE.as_secs()
            );
            return Err(temporary(text));
        };
        let (parts, body) = answer.map_err(broke_off)?.into_parts();
        if !parts.status.is_redirection() {
            let from = resume.map_or(0, |(from, _)| from);
            return read_head(parts.status, &parts.headers, body, from);
        }
        let target = parts
            .headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        url = check_url(&absolute(target.unwrap_or_default(), &url))?;
    }
    Err(Error::new(
        ErrorKind::Download,
        "the result's address leads from redirect to redirect",
    ))
}

/// What the head of an answer says about the file.
fn read_head(status: StatusCode, headers: &HeaderMap, body: Body, asked_from: u64) -> Result<Part> {
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
        // What a signed address answers when its time is over.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            let text = format!(
                "the result's address is no longer valid (HTTP {}): query the task for a fresh one",
                status.as_u16()
            );
            return Err(Error::new(ErrorKind::ResultExpired, text).with_status(status));
        }
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            let text = format!("the result's host failed with HTTP {}", status.as_u16());
            return Err(temporary(text).with_status(status));
        }
        _ => {
            let text = format!("the result's host answered HTTP {}", status.as_u16());
            return Err(Error::new(ErrorKind::Download, text).with_status(status));
        }
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if content_type
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/"))
    {
        let text = "the result's address leads to a text, not to a video";
        return Err(Error::new(ErrorKind::Download, text).with_status(status));
    }
    let content_range = headers
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    let (start, total) = match content_range.filter(|_| status == StatusCode::PARTIAL_CONTENT) {
        Some(text) => read_content_range(text)
            .filter(|(start, _)| *start == asked_from)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Download,
                    "the result's host sent another part than asked for",
                )
            })?,
        None => (0, http_body::Body::size_hint(&body).exact()),
    };
    if let Some(total) = total.filter(|total| *total > SIZE_LIMIT) {
        let text =
            format!("the result has {total} bytes, more than the {SIZE_LIMIT} that are accepted");
        return Err(Error::new(ErrorKind::Download, text));
    }
    // Only a strong validator proves that two parts belong to one file.
    let validator = headers
        .get(ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"))
        .cloned();
    Ok(Part {
        start,
        total,
        validator,
        body,
    })
}

/// `bytes 10-99/100` as the first position and the length.
fn read_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = if total == "*" {
        None
    } else {
        Some(total.parse().ok()?)
    };
    Some((start.parse().ok()?, total))
}

/// A redirect's target; a path alone stays on the host.
fn absolute(target: &str, base: &Uri) -> String {
    match (
        target.starts_with('/') && !target.starts_with("//"),
        base.scheme_str(),
        base.authority(),
    ) {
        (true, Some(scheme), Some(authority)) => format!("{scheme}://{authority}{target}"),
        _ => target.to_owned(),
    }
}

/// Refuses an address that is not https, unless it is on this machine.
fn check_url(text: &str) -> Result<Uri> {
    let refuse = |why: &str| {
        // The query is a signature: it stays out of messages.
        let shown: String = text
            .split('?')
            .next()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect();
        Error::new(
            ErrorKind::Download,
            format!("the result's address {shown:?} {why}"),
        )
    };
    let url: Uri = text.parse().map_err(|_| refuse("is no URL"))?;
    let host = url
        .host()
        .filter(|host| !host.is_empty())
        .ok_or_else(|| refuse("has no host"))?;
    match url.scheme_str() {
        Some("https") => Ok(url),
        Some("http") if is_loopback(host) => Ok(url),
        _ => Err(refuse("is not https")),
    }
}

fn temp_file(directory: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kling-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: what the user's umask leaves of it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

fn temporary(text: String) -> Error {
    Error::new(ErrorKind::Download, text).with_retryability(Retryability::Temporary)
}

fn broke_off(error: TransportError) -> Error {
    temporary("the download broke off".to_owned()).with_source(error)
}

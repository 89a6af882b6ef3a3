//! Results into files: streamed, resumed where they break off, whole or not at
//! all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use kling_types::Video;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::host::is_loopback;
use crate::provider::without_secrets;
use crate::transport::{
    Body, Operation, SharedTransport, Transport as _, TransportError, TransportErrorKind,
};

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
    /// must be https, or http on this machine; so must every redirect's. A host
    /// that fails is asked again a few times, as it is when the download breaks
    /// off later.
    pub async fn download(&self, video: &Video) -> Result<Download> {
        let text = video.address();
        let text =
            text.ok_or_else(|| Error::new(ErrorKind::NoResult, "the video has no address"))?;
        let mut source = Source {
            transport: self.settings().transport.clone(),
            url: check_url(text)?,
            requests: 0,
            fruitless: 0,
        };
        let part = source.open(None).await?;
        Ok(Download { source, part })
    }
}

/// A result that is being downloaded.
pub struct Download {
    source: Source,
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

/// Where the file comes from, and how much patience is left.
struct Source {
    transport: SharedTransport,
    url: Uri,
    /// Requests made, redirects included.
    requests: u32,
    /// Tries in a row that brought nothing new.
    fruitless: u32,
}

/// What one request brought: the file from `start` on.
struct Part {
    start: u64,
    /// The length of the whole file, if the host says.
    total: Option<u64>,
    validator: Option<HeaderValue>,
    body: Body,
}

/// The rest of a file to ask for, and what is known of the file.
struct Rest {
    from: u64,
    total: Option<u64>,
    validator: HeaderValue,
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
        let mut furthest = 0;
        loop {
            if self.part.start != sink.bytes {
                sink.start_over().await?;
            }
            let broke_off = match self.part.pour_into(sink).await? {
                End::Whole => return Ok(()),
                End::BrokeOff(error) => error,
            };
            // Only what was never reached before is new: a host that can't
            // resume and always breaks off must not keep this up for ever.
            if sink.bytes > furthest {
                furthest = sink.bytes;
                self.source.fruitless = 0;
            }
            self.source.pause(broke_off).await?;
            let rest = self.part.validator.take().filter(|_| sink.bytes > 0);
            let rest = rest.map(|validator| Rest {
                from: sink.bytes,
                total: self.part.total,
                validator,
            });
            self.part = self.source.open(rest).await?;
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("host", &self.source.url.host())
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
                // All of it is here: how the connection ends does not matter.
                _ if self.total == Some(sink.bytes) => break,
                Ok(Some(Err(error))) => return Ok(End::BrokeOff(broke_off(error))),
                Err(_) => {
                    let text = format!("the download stood still for {} s", IDLE.as_secs());
                    return Ok(End::BrokeOff(temporary(text)));
                }
            };
            check_length(sink.bytes.saturating_add(piece.len() as u64), self.total)?;
            sink.write(&piece).await?;
        }
        match self.total {
            Some(total) if sink.bytes < total => {
                let text = format!("the download ended after {} of {total} bytes", sink.bytes);
                Ok(End::BrokeOff(temporary(text)))
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

impl Source {
    /// Asks for the file, or for the rest of it, until an answer has it.
    async fn open(&mut self, mut rest: Option<Rest>) -> Result<Part> {
        loop {
            let error = match self.fetch(rest.as_ref()).await {
                Ok(part) => return Ok(part),
                Err(error) if error.retryability() == Retryability::Temporary => error,
                Err(error) => return Err(error.with_attempts(self.requests)),
            };
            // A host that sends parts which do not fit is asked for the whole.
            if matches!(
                error.status(),
                Some(StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE)
            ) {
                rest = None;
            }
            self.pause(error).await?;
        }
    }

    /// Waits after a try that was not enough; gives up with its error when
    /// there were too many in a row.
    async fn pause(&mut self, error: Error) -> Result<()> {
        self.fruitless += 1;
        if self.fruitless >= FRUITLESS_TRIES {
            let error = error.with_attempts(self.requests);
            return Err(error.with_retryability(Retryability::Exhausted));
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(self.fruitless - 1)).await;
        Ok(())
    }

    /// Asks once, and follows redirects.
    async fn fetch(&mut self, rest: Option<&Rest>) -> Result<Part> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.requests += 1;
            let mut request = http::Request::new(Bytes::new());
            *request.uri_mut() = url.clone();
            let headers = request.headers_mut();
            // Lengths and ranges are to be those of the file itself.
            headers.insert(
                ACCEPT_ENCODING,
                const { HeaderValue::from_static("identity") },
            );
            if let Some(rest) = rest {
                let range = HeaderValue::from_str(&format!("bytes={}-", rest.from));
                let range = range.map_err(|error| {
                    Error::new(ErrorKind::Download, "no such range").with_source(error)
                })?;
                headers.insert(RANGE, range);
                headers.insert(IF_RANGE, rest.validator.clone());
            }
            request.extensions_mut().insert(Operation {
                name: "download",
                idempotent: true,
                attempt: self.requests,
            });

            let Ok(answer) = timeout(IDLE, self.transport.send(request)).await else {
                let text = format!(
                    "the result's host did not answer within {} s",
                    IDLE.as_secs()
                );
                return Err(temporary(text));
            };
            let (parts, body) = answer.map_err(broke_off)?.into_parts();
            if !parts.status.is_redirection() {
                return read_head(parts.status, &parts.headers, body, rest);
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
}

/// What the head of an answer says about the file.
fn read_head(
    status: StatusCode,
    headers: &HeaderMap,
    body: Body,
    rest: Option<&Rest>,
) -> Result<Part> {
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
        StatusCode::RANGE_NOT_SATISFIABLE if rest.is_some() => return Err(does_not_fit(status)),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            let text = format!("the result's host failed with HTTP {}", status.as_u16());
            return Err(temporary(text).with_status(status));
        }
        _ => {
            let text = format!("the result's host answered HTTP {}", status.as_u16());
            return Err(Error::new(ErrorKind::Download, text).with_status(status));
        }
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_TYPE).is_some_and(is_text) {
        let text = "the result's address leads to a text, not to a video";
        return Err(Error::new(ErrorKind::Download, text).with_status(status));
    }
    let (start, total) = if status == StatusCode::PARTIAL_CONTENT {
        let range = text(CONTENT_RANGE).and_then(read_content_range);
        let (start, total) = range.ok_or_else(|| does_not_fit(status))?;
        let expected = rest.map_or((0, None), |rest| (rest.from, rest.total));
        // Some hosts resume another file than was asked for, `If-Range` or not.
        let same = match (rest, headers.get(ETAG)) {
            (Some(rest), Some(tag)) => *tag == rest.validator,
            _ => true,
        };
        if !same || start != expected.0 || expected.1.is_some_and(|known| known != total) {
            return Err(does_not_fit(status));
        }
        (start, Some(total))
    } else {
        // The header counts even where the transport knows another length:
        // only so a body that was cut on the way shows.
        let declared = text(CONTENT_LENGTH).and_then(|text| text.trim().parse().ok());
        let total = declared.or_else(|| http_body::Body::size_hint(&body).exact());
        (0, total)
    };
    check_length(total.unwrap_or_default(), None)?;
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

/// Refuses a length above what the host said, or above any result's.
fn check_length(bytes: u64, total: Option<u64>) -> Result<()> {
    let limit = total.unwrap_or(SIZE_LIMIT);
    if bytes <= limit {
        return Ok(());
    }
    let text = format!("the result is longer than the {limit} bytes it may have");
    Err(Error::new(ErrorKind::Download, text))
}

/// Whether a content type is that of a page or a message.
fn is_text(content_type: &str) -> bool {
    let content_type = content_type.trim().to_ascii_lowercase();
    ["text/", "application/json", "application/xml"]
        .iter()
        .any(|start| content_type.starts_with(start))
}

/// `bytes 10-99/100` as the first position and the file's length.
fn read_content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, total) = (start.parse().ok()?, end.parse().ok()?, total.parse().ok()?);
    (start <= end && end < total).then_some((start, total))
}

/// A redirect's target: without a scheme it keeps the one before, without a
/// host that one too.
fn absolute(target: &str, base: &Uri) -> String {
    let (Some(scheme), Some(authority)) = (base.scheme_str(), base.authority()) else {
        return target.to_owned();
    };
    if target.starts_with("//") {
        format!("{scheme}:{target}")
    } else if target.starts_with('/') {
        format!("{scheme}://{authority}{target}")
    } else {
        target.to_owned()
    }
}

/// Refuses an address that is not https, unless it is on this machine.
fn check_url(text: &str) -> Result<Uri> {
    let refuse = |why: &str| {
        let shown: String = without_secrets(text).chars().take(120).collect();
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
    // A transport may send a user as credentials.
    if url.authority().is_some_and(|it| it.as_str().contains('@')) {
        return Err(refuse("names a user"));
    }
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

fn does_not_fit(status: StatusCode) -> Error {
    temporary("the result's host sent another part than asked for".to_owned()).with_status(status)
}

fn broke_off(error: TransportError) -> Error {
    let retryability = match error.kind() {
        TransportErrorKind::Request => Retryability::Permanent,
        _ => Retryability::Temporary,
    };
    Error::new(ErrorKind::Download, "the download broke off")
        .with_retryability(retryability)
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        let check = |text: &str, expected| assert_eq!(read_content_range(text), expected, "{text}");
        check("bytes 0-99/100", Some((0, 100)));
        check(" bytes 50-99/100 ", Some((50, 100)));
        check("bytes 10-19/100", Some((10, 100)));
        for nonsense in [
            "",
            "bytes",
            "bytes */100",
            "bytes 50-99/*",
            "bytes 50-100/100",
            "bytes 99-50/100",
            "bytes -1-99/100",
            "bytes 0-99",
            "items 0-99/100",
            "bytes 0-99/99999999999999999999",
        ] {
            check(nonsense, None);
        }
    }

    #[test]
    fn lengths() {
        let check = |bytes, total, expected| {
            assert_eq!(
                check_length(bytes, total).is_ok(),
                expected,
                "{bytes} of {total:?}"
            );
        };
        check(0, None, true);
        check(100, Some(100), true);
        check(101, Some(100), false);
        check(SIZE_LIMIT, None, true);
        check(SIZE_LIMIT + 1, None, false);
        check(u64::MAX, None, false);
    }

    #[test]
    fn redirect_targets() {
        let base = Uri::from_static("https://cdn.example.com:8443/a/b?c=d");
        let check = |target, expected: &str| assert_eq!(absolute(target, &base), expected);
        check("/x?y=1", "https://cdn.example.com:8443/x?y=1");
        check("//other.example.com/x", "https://other.example.com/x");
        check("http://other.example.com/x", "http://other.example.com/x");
    }

    #[test]
    fn addresses() {
        let check = |url: &str, refusal: Option<&str>| {
            let refused = check_url(url).err().map(|error| error.to_string());
            assert_eq!(refused.as_deref(), refusal, "{url}");
        };
        check("https://cdn.example.com/v.mp4?sig=1", None);
        check("HTTPS://cdn.example.com/v.mp4", None);
        check("http://127.0.0.1:8080/v.mp4", None);
        check("http://[::1]:8080/v.mp4", None);
        check("http://localhost/v.mp4", None);
        let plain = |shown: &str, why: &str| format!("the result's address {shown:?} {why}");
        for url in [
            "http://cdn.example.com/v.mp4",
            "ftp://127.0.0.1/v.mp4",
            "http://127.0.0.1.example.com/v.mp4",
            "http://localhost.example.com/v.mp4",
            "http://10.0.0.1/v.mp4",
        ] {
            check(
                &format!("{url}?sig=secret"),
                Some(&plain(url, "is not https")),
            );
        }
        check("", Some(&plain("", "is no URL")));
        check("v.mp4?sig=secret", Some(&plain("v.mp4", "is no URL")));
        check("/v.mp4?sig=secret", Some(&plain("/v.mp4", "has no host")));
        let shown = plain("cdn.example.com/v.mp4", "names a user");
        check("https://user:secret@cdn.example.com/v.mp4", Some(&shown));
        // A look-alike: the host is what follows the last `@`.
        let shown = plain("example.com/v.mp4", "names a user");
        check("http://127.0.0.1@example.com/v.mp4", Some(&shown));
    }
}

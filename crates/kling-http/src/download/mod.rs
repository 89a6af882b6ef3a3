//! Downloading results to files, writers and streams: resumed where they break off,
//! and either complete or an error.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kling_types::{TaskId, Video};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::task::TaskHandle;
use crate::trace::Span;

mod address;
mod answer;
mod file;
mod flow;
mod policy;
mod source;
mod stream;

use address::{Address, Reach};
use flow::{Flow, Piece, Receiver};
pub use policy::DownloadPolicy;
use source::{Fresh, Source};
pub use stream::DownloadStream;

impl Client {
    /// Starts the download of a result.
    ///
    /// The credentials are not sent, because results are on other hosts. The
    /// address must be https on a public host, or on this machine. The same holds
    /// for every redirect (at most 5), and only this machine may redirect to
    /// itself; see [`DownloadPolicy::private_hosts`]. A host that fails is retried
    /// a few times, now and when the download breaks off later.
    ///
    /// An address is signed and expires (results are kept for 30 days,
    /// *documented*). The host then answers 403, 404 or 410, which is
    /// [`ErrorKind::ResultExpired`] here; [`TaskHandle::download`] queries the task
    /// for a fresh address.
    pub async fn download(&self, video: &Video) -> Result<Download> {
        begin(self, video, None).await
    }
}

impl TaskHandle {
    /// Starts the download of a video of this task, as [`Client::download`] does.
    /// If the address has expired, at the start or later, the task is queried for a
    /// fresh one, once.
    ///
    /// ```no_run
    /// # async fn example(task: kling_http::TaskHandle) -> Result<(), Box<dyn std::error::Error>> {
    /// let done = task.wait().await?;
    /// let video = done.videos().first().ok_or("the task made no video")?;
    /// let saved = task.download(video).await?.save_to("me.mp4").await?;
    /// println!("{} bytes, SHA-256 {}", saved.bytes, saved.sha256);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download(&self, video: &Video) -> Result<Download> {
        begin(self.client(), video, Some(self)).await
    }
}

async fn begin(client: &Client, video: &Video, task: Option<&TaskHandle>) -> Result<Download> {
    let policy = client.settings().downloads;
    let limits = Limits {
        deadline: Instant::now() + policy.deadline,
        after: policy.deadline,
        task_id: task.map(|task| task.id().clone()),
    };
    let opening = async {
        let text = video.address();
        let text =
            text.ok_or_else(|| Error::new(ErrorKind::NoResult, "the video has no address"))?;
        let reach = Reach {
            private_hosts: policy.private_hosts,
            loopback: client.settings().provider.is_loopback(),
        };
        let mut source = Source {
            transport: client.settings().transport.clone(),
            policy,
            address: Address::parse(text, reach)?,
            reach,
            deadline: limits.deadline,
            renewed: false,
            fresh: task.map(|task| Fresh {
                task: task.clone(),
                video: video.clone(),
            }),
            requests: 0,
            fruitless: 0,
            span: task.map_or_else(Span::none, |task| Span::task(Some(task.id()), None)),
        };
        let part = source.open(None).await?;
        Ok(Flow::new(source, part))
    };
    let flow = limits.hold(opening).await?;
    Ok(Download { limits, flow })
}

/// A download in progress: the host has answered, and the body is arriving. Choose
/// a destination: [`save_to`](Self::save_to) a file, [`write_to`](Self::write_to) a
/// writer, or [`into_stream`](Self::into_stream).
///
/// A download that breaks off is resumed, as long as the host says that the file is
/// the same (`Range`, `If-Range`).
#[must_use = "nothing is received before it is saved, written or streamed"]
pub struct Download {
    limits: Limits,
    flow: Flow,
}

/// A file that was saved completely.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Its path.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A file that was received completely.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The progress of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// The number of bytes received. It falls to 0 if [`Download::save_to`] has to
    /// start again, and never otherwise.
    pub bytes: u64,
    /// The length of the file, if the host says.
    pub total: Option<u64>,
}

impl Download {
    /// The length of the file, if the host says.
    pub fn content_length(&self) -> Option<u64> {
        self.flow.total()
    }

    /// Calls the function with the progress after every chunk. It must not block.
    pub fn on_progress(mut self, callback: impl FnMut(DownloadProgress) + Send + 'static) -> Self {
        self.flow.on_progress(Box::new(callback));
        self
    }

    /// Saves it to a path. The file appears there, replacing any earlier one, only
    /// when it is complete and synced to disk; until then it has another name in
    /// the same directory. If the host tells no length
    /// ([`content_length`](Self::content_length)), a premature end can't always be told
    /// from the end.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<Saved> {
        self.limits.hold(file::save(self.flow, path.as_ref())).await
    }

    /// Writes it to `writer` and flushes; the writer is not shut down. Pass `&mut
    /// writer` to keep it.
    ///
    /// Bytes already written can't be taken back. If a host can't resume, the
    /// beginning is therefore downloaded again and compared; if the file has
    /// changed, the error is [`ErrorKind::ResultChanged`]. An error of the writer
    /// is the [`source`](std::error::Error::source) of the one returned.
    pub async fn write_to(self, mut writer: impl AsyncWrite + Unpin) -> Result<Received> {
        let Download { limits, mut flow } = self;
        let io = |error: std::io::Error| {
            Error::new(ErrorKind::Download, "the result can't be written").with_source(error)
        };
        let writing = async {
            while let Some(Piece::Bytes(bytes)) = flow.next(Receiver::Forwards).await? {
                writer.write_all(&bytes).await.map_err(io)?;
            }
            writer.flush().await.map_err(io)?;
            Ok(flow.received())
        };
        limits.hold(writing).await
    }

    /// The file's bytes as a stream. What [`write_to`](Self::write_to) says about
    /// hosts that can't resume applies here too.
    pub fn into_stream(self) -> DownloadStream {
        DownloadStream::new(self.limits, self.flow)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("host", &self.flow.source.address.host())
            .field("total", &self.flow.total())
            .finish_non_exhaustive()
    }
}

/// The limits of the whole download.
#[derive(Clone)]
struct Limits {
    deadline: Instant,
    after: Duration,
    task_id: Option<TaskId>,
}

impl Limits {
    /// Ends the work at the deadline; the error names the task.
    async fn hold<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = timeout_at(self.deadline, work).await.unwrap_or_else(|_| {
            let seconds = self.after.as_secs_f32();
            let text = format!("the download did not end within {seconds} s");
            let error = Error::new(ErrorKind::Download, text);
            Err(error.with_retryability(Retryability::Temporary))
        });
        done.map_err(|error| match &self.task_id {
            Some(id) => error.with_task_id(id),
            None => error,
        })
    }
}

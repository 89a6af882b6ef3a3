//! Results into files, writers and streams: resumed where they break off, whole
//! or an error.

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
    /// Begins the download of a result.
    ///
    /// The credentials are not sent: results lie on other hosts. An address
    /// must be https on a public host, or on this machine; so must every
    /// redirect's (at most 5), and only this machine may redirect to itself. See
    /// [`DownloadPolicy::private_hosts`]. A host that fails is asked again a few
    /// times, as it is when the download breaks off later.
    ///
    /// An address is signed and its time ends (results are kept for 30 days,
    /// *documented*). Then the host answers 403, 404 or 410, which is
    /// [`ErrorKind::ResultExpired`] here; [`TaskHandle::download`] asks the task
    /// for a fresh one.
    pub async fn download(&self, video: &Video) -> Result<Download> {
        begin(self, video, None).await
    }
}

impl TaskHandle {
    /// Begins the download of a video of this task, as [`Client::download`]
    /// does. If the address is no longer valid, at the beginning or later, the
    /// task is asked for a fresh one, once.
    ///
    /// ```no_run
    /// # async fn example(task: kling_http::TaskHandle) -> kling_http::Result<()> {
    /// let done = task.wait().await?;
    /// let saved = task.download(&done.videos()[0]).await?.save_to("me.mp4").await?;
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

/// A result that is being downloaded: the host has answered, and the bytes are
/// on their way. Choose where they go: [`save_to`](Self::save_to) a file,
/// [`write_to`](Self::write_to) a writer, or [`into_stream`](Self::into_stream).
///
/// A download that breaks off goes on where it was, as long as the host says
/// that the file is the same (`Range`, `If-Range`).
#[must_use = "nothing is received before it is saved, written or streamed"]
pub struct Download {
    limits: Limits,
    flow: Flow,
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

/// A file that was received, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// The bytes received. It falls to 0 when [`Download::save_to`] must begin
    /// anew, and never otherwise.
    pub bytes: u64,
    /// The length of the file, if the host says.
    pub total: Option<u64>,
}

impl Download {
    /// The length of the file, if the host says.
    pub fn content_length(&self) -> Option<u64> {
        self.flow.total()
    }

    /// Tells how far the download is, after every piece. Must not block.
    pub fn on_progress(mut self, told: impl FnMut(DownloadProgress) + Send + 'static) -> Self {
        self.flow.on_progress(Box::new(told));
        self
    }

    /// Saves it under a name. The file appears there only when it is whole and
    /// on the disk, in place of one that may have been there; until then it has
    /// another name in the same directory. Of a host that tells no length
    /// ([`content_length`](Self::content_length)), an end that comes too early
    /// can't always be told from the end.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<Saved> {
        self.limits.hold(file::save(self.flow, path.as_ref())).await
    }

    /// Writes it, and flushes; the writer is not shut down. Give `&mut writer`
    /// to keep it.
    ///
    /// What was written can't be taken back. So where a host can't resume, the
    /// beginning is received again and compared; if the file changed meanwhile,
    /// that is [`ErrorKind::ResultChanged`]. An error of the writer is the
    /// [`source`](std::error::Error::source) of the one returned.
    pub async fn write_to(self, mut writer: impl AsyncWrite + Unpin) -> Result<Received> {
        let Download { limits, mut flow } = self;
        let io = |error: std::io::Error| {
            Error::new(ErrorKind::Download, "the result can't be written").with_source(error)
        };
        let writing = async {
            while let Some(Piece::Bytes(bytes)) = flow.next(Receiver::HandsOn).await? {
                writer.write_all(&bytes).await.map_err(io)?;
            }
            writer.flush().await.map_err(io)?;
            Ok(flow.received())
        };
        limits.hold(writing).await
    }

    /// Its bytes, as they come. What was said of [`write_to`](Self::write_to) on
    /// hosts that can't resume holds here too.
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

/// What holds for the whole of a download.
#[derive(Clone)]
struct Limits {
    deadline: Instant,
    after: Duration,
    task_id: Option<TaskId>,
}

impl Limits {
    /// Ends the work at the deadline; says in its error which task it is about.
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

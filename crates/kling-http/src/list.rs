//! Listing the account's tasks, by page or as a stream.

use std::collections::HashSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;
use http::Method;
use kling_types::{Task, TaskId};
use serde_json::Value;

use crate::answer::Content;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::pipeline::{Call, query};

/// The last page that can be requested (*documented*).
const LAST_PAGE: u32 = 1000;

/// The allowed page sizes (*documented*).
const PAGE_SIZES: std::ops::RangeInclusive<u16> = 1..=500;

/// A list of the account's tasks, newest first (*inferred*). Nothing is sent until
/// the stream is polled.
///
/// Tasks that are created in the meantime move the others to later pages: tasks
/// that were already returned are skipped, and none is lost. The service shows at
/// most 1000 pages; a longer list ends in an error of the kind
/// [`ErrorKind::Unsupported`], as does a list at a provider without one
/// ([`Provider::lists`](crate::Provider::lists)), such as CometAPI.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kling_http::Result<()> {
/// # use kling_http::{Body, Client, Credentials, Provider, transport_fn};
/// # let service = transport_fn(|_| async {
/// #     let page = r#"{"code":0,"data":[{"task_id":"7","task_status":"processing"}]}"#;
/// #     Ok(http::Response::new(Body::from(bytes::Bytes::from_static(page.as_bytes()))))
/// # });
/// # let client = Client::builder(Provider::kling(), Credentials::api_key("k"))
/// #     .transport(service)
/// #     .build()?;
/// let mut tasks = client.effects().list().page_size(500).tasks();
/// let mut under_way = 0;
/// while let Some(task) = tasks.next().await {
///     under_way += usize::from(!task?.status.is_terminal());
/// }
/// assert_eq!(under_way, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct List {
    client: Client,
    collection: &'static str,
    page_size: u16,
}

impl List {
    pub(crate) fn new(client: Client, collection: &'static str) -> Self {
        List {
            client,
            collection,
            page_size: 100,
        }
    }

    /// The page size, from 1 to 500 (*documented*); 100 by default. Another number
    /// ends the stream with an error of the kind [`ErrorKind::Config`].
    pub fn page_size(mut self, tasks: u16) -> Self {
        self.page_size = tasks;
        self
    }

    /// The list by page. A page is empty if all of its tasks were already returned.
    pub fn pages(self) -> Pages {
        Pages {
            next: Some(step(Cursor {
                list: self,
                page: 1,
                shown: HashSet::new(),
            })),
        }
    }

    /// The list by task.
    pub fn tasks(self) -> Tasks {
        Tasks {
            pages: self.pages(),
            page: Vec::new().into_iter(),
        }
    }

    fn check(&self) -> Result<()> {
        let provider = &self.client.settings().provider;
        if !provider.lists() {
            let text = format!("{} does not list tasks", provider.name());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        if !PAGE_SIZES.contains(&self.page_size) {
            let text = format!(
                "a page has from {} to {} tasks, not {}",
                PAGE_SIZES.start(),
                PAGE_SIZES.end(),
                self.page_size
            );
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(())
    }
}

/// The position in a list.
struct Cursor {
    list: List,
    /// The next page to request.
    page: u32,
    shown: HashSet<TaskId>,
}

impl Cursor {
    /// The new tasks on the next page, and whether there may be another page.
    async fn next(&mut self) -> Result<(Vec<Task>, bool)> {
        self.list.check()?;
        if self.page > LAST_PAGE {
            let text = format!(
                "the list has more tasks, but the service returns at most {LAST_PAGE} pages"
            );
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let List {
            client,
            collection,
            page_size,
        } = &self.list;
        let call = Call {
            name: "effects.list",
            method: Method::GET,
            path: format!("{collection}?pageNum={}&pageSize={page_size}", self.page),
            body: bytes::Bytes::new(),
        };
        let answer = query(client, &call).await?;
        let data = match &answer {
            Content::Json(Value::Object(answer)) => Some(answer.get("data")),
            Content::Json(_) | Content::Task(_) => None,
        };
        let items = match data {
            Some(Some(Value::Array(items))) => &items[..],
            // As everywhere in answers, an empty value may be absent or null.
            Some(None | Some(Value::Null)) => &[],
            _ => {
                let text = "the answer to the list has no list in it";
                return Err(Error::new(ErrorKind::Decode, text));
            }
        };
        self.page += 1;
        let is_last = items.len() < usize::from(*page_size);
        let tasks: Vec<Task> = items.iter().filter_map(Task::find).collect();
        if tasks.len() < items.len() {
            // One broken item must not hide the others.
            let count = items.len() - tasks.len();
            client.observer().notify(&Notice::ItemsWithoutTask(count));
        }
        let new = tasks
            .into_iter()
            .filter(|task| self.shown.insert(task.id.clone()));
        Ok((new.collect(), !is_last))
    }
}

type Next = Pin<Box<dyn Future<Output = (Cursor, Result<(Vec<Task>, bool)>)> + Send>>;

fn step(mut cursor: Cursor) -> Next {
    Box::pin(async move {
        let page = cursor.next().await;
        (cursor, page)
    })
}

/// A list by page: a [`Stream`] that ends after the last page or an error.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Pages {
    next: Option<Next>,
}

impl Pages {
    /// The next page, for use without a stream library. Dropping the
    /// future, as `select!` does, loses nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<Task>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Pages {
    type Item = Result<Vec<Task>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        let (cursor, page) = ready!(next.as_mut().poll(cx));
        self.next = match page {
            Ok((_, true)) => Some(step(cursor)),
            _ => None,
        };
        Poll::Ready(Some(page.map(|(tasks, _)| tasks)))
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("ended", &self.next.is_none())
            .finish_non_exhaustive()
    }
}

/// A list by task: a [`Stream`] that ends after the last task or an error.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Tasks {
    pages: Pages,
    page: vec::IntoIter<Task>,
}

impl Tasks {
    /// The next task, for use without a stream library. Dropping the
    /// future, as `select!` does, loses nothing.
    pub async fn next(&mut self) -> Option<Result<Task>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Tasks {
    type Item = Result<Task>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(task) = self.page.next() {
                return Poll::Ready(Some(Ok(task)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(page)) => self.page = page.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Tasks {
    /// Leaves out the tasks: a result's address is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("pages", &self.pages)
            .field("left_of_page", &self.page.len())
            .finish()
    }
}

//! Answering a request: control requests, the engine, and the waits that a fault
//! imposes.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::sleep;

use super::Mock;
use crate::admin;
use crate::engine::{BODY_LIMIT, Incomplete, Received, Reply, Step};

impl Mock {
    /// Answers a request to the service or to the mock itself. Its URI says where
    /// the service lives, so that the links to results lead back to it.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Reply {
        if admin::is_for(&request) {
            if request.body().len() > BODY_LIMIT {
                return self.refuse_incomplete(&request, Incomplete::TooLarge);
            }
            let answer = admin::answer(self, self.0.admin_token.as_ref(), &request).await;
            return Reply::whole(answer);
        }
        match self.receive(&request) {
            Step::Answered(reply) => reply,
            Step::Wait(wait, received) => self.act_after(wait, request, received).await,
        }
    }

    /// What was received is acted on, also if its caller no longer waits.
    async fn act_after(
        &self,
        wait: Duration,
        request: Request<Bytes>,
        received: Box<Received>,
    ) -> Reply {
        let mock = self.clone();
        let acted = tokio::spawn(async move {
            sleep(wait).await;
            mock.resume(&request, received)
        });
        // Only the end of the runtime comes before its own.
        acted.await.unwrap_or_else(|_| Reply::lost())
    }

    /// [`answer`](Self::answer) for doors that cannot wait, without the mock's
    /// own interface: what is to pass before the service acts passes after it.
    pub(crate) fn answer_at_once(&self, request: &Request<Bytes>) -> Reply {
        match self.receive(request) {
            Step::Answered(reply) => reply,
            Step::Wait(wait, received) => {
                let mut reply = self.resume(request, received);
                reply.delivery.delay = reply.delivery.delay.saturating_add(wait);
                reply
            }
        }
    }

    fn receive(&self, request: &Request<Bytes>) -> Step {
        if request.body().len() > BODY_LIMIT {
            let mut head = Request::new(Bytes::new());
            head.method_mut().clone_from(request.method());
            head.uri_mut().clone_from(request.uri());
            head.headers_mut().clone_from(request.headers());
            return Step::Answered(self.refuse_incomplete(&head, Incomplete::TooLarge));
        }
        let step = self.0.engine.handle(self.now(), self.wall(), request);
        if matches!(step, Step::Answered(_)) {
            self.tell();
        }
        step
    }

    fn resume(&self, request: &Request<Bytes>, received: Box<Received>) -> Reply {
        let reply = self.0.engine.resume(self.now(), request, received);
        self.tell();
        reply
    }

    /// What is due next may have changed, and the journal has one more entry.
    fn tell(&self) {
        self.0.queue_changed.notify_one();
        self.0.journal_written.notify_waiters();
    }

    /// Answers a request of which only the head was read.
    pub(crate) fn refuse_incomplete(&self, head: &Request<Bytes>, why: Incomplete) -> Reply {
        if admin::is_for(head) {
            return Reply::whole(admin::refuse_incomplete(why, head.method()));
        }
        let reply = self.0.engine.refuse_incomplete(self.now(), head, why);
        self.tell();
        reply
    }
}

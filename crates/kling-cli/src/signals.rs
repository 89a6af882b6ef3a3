//! Being asked to stop, or left alone by a terminal that was closed.

/// Listens for Ctrl-C and, where there are such, SIGTERM and SIGHUP.
pub(crate) struct StopSignals {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 3],
}

impl StopSignals {
    /// From here on the signals are noticed and no longer end the program by
    /// themselves.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
            ];
            StopSignals {
                signals: kinds.map(|kind| signal(kind).ok()),
            }
        }
        #[cfg(not(unix))]
        StopSignals {}
    }

    /// Returns when one of them came; never if they can't be noticed.
    #[cfg(unix)]
    pub(crate) async fn stop_requested(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
            () = received(hangup) => {}
        }
    }

    /// Returns when Ctrl-C was pressed; never if that can't be noticed.
    #[cfg(not(unix))]
    pub(crate) async fn stop_requested(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

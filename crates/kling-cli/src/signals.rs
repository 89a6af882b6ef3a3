//! Signal handling: interruption, and a terminal that was closed.

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
            // Who started it with `nohup` meant it. The others are ignored by each job of
            // a shell script, which is not meant.
            let is_shielded = is_shielded_from_hangup();
            let is_heard = |kind: &SignalKind| *kind != SignalKind::hangup() || !is_shielded;
            StopSignals {
                signals: kinds.map(|kind| is_heard(&kind).then(|| signal(kind).ok())?),
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

/// Whether SIGHUP is ignored so far; no, where the system does not tell.
#[cfg(unix)]
fn is_shielded_from_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is of signal 1, SIGHUP.
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
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

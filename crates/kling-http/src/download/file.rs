//! Downloading to a file, which is synced and renamed only once it is complete.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};

use super::flow::{Flow, Piece, Receiver};
use super::{Received, Saved};
use crate::error::{Error, ErrorKind, Result};

/// The size of one write. Each write is sent to another thread, which costs more than
/// writing the 16 KB that a connection delivers at a time.
const BUFFER: usize = 1024 * 1024;

pub(super) async fn save(mut flow: Flow, path: &Path) -> Result<Saved> {
    let io = |error: io::Error| {
        let text = format!("{} can't be written", path.display());
        Error::new(ErrorKind::Download, text).with_source(error)
    };
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let (file, temp_path) = temp_file(directory).map_err(io)?.into_parts();
    let mut file = BufWriter::with_capacity(BUFFER, File::from_std(file));

    while let Some(piece) = flow.next(Receiver::Rewinds).await? {
        match piece {
            Piece::Bytes(bytes) => file.write_all(&bytes).await.map_err(io)?,
            Piece::StartOver => empty(&mut file).await.map_err(io)?,
        }
    }
    file.flush().await.map_err(io)?;
    file.get_ref().sync_all().await.map_err(io)?;
    temp_path.persist(path).map_err(|error| io(error.error))?;
    sync_directory(directory).await;

    let Received { bytes, sha256 } = flow.received();
    Ok(Saved {
        path: path.to_owned(),
        bytes,
        sha256,
    })
}

async fn empty(file: &mut BufWriter<File>) -> io::Result<()> {
    file.flush().await?;
    file.get_ref().set_len(0).await?;
    file.rewind().await?;
    Ok(())
}

/// Syncs the directory, so that the new name is on disk too. Errors are ignored: some
/// file systems don't support this, and the file is complete anyway.
async fn sync_directory(directory: &Path) {
    #[cfg(unix)]
    if let Ok(directory) = File::open(directory).await {
        let _ = directory.sync_all().await;
    }
    #[cfg(not(unix))]
    let _ = directory;
}

fn temp_file(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kling-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The permissions of any new file: the user's umask applies.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

//! The destination of a video, checked before anything is paid for.

use std::path::{Path, PathBuf};

use std::io::IsTerminal as _;

use crate::failure::Failure;
use crate::state::is_state_file;

/// The longest file name that common file systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// Where a video goes.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    File(PathBuf),
    Stdout,
    /// A file in the current directory, named after scene and task.
    Default,
}

impl Destination {
    /// `-` is stdout.
    pub(crate) fn new(output: Option<&PathBuf>) -> Destination {
        match output {
            Some(path) if path.as_os_str() == "-" => Destination::Stdout,
            Some(path) => Destination::File(path.clone()),
            None => Destination::Default,
        }
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Destination::File(path) => Some(path),
            Destination::Stdout | Destination::Default => None,
        }
    }

    /// The same, where events may go to stdout.
    pub(crate) fn check_with(&self, json: bool, inputs: &[String]) -> Result<(), Failure> {
        if json && matches!(self, Destination::Stdout) {
            let text = "--output - and --json both use stdout: choose one";
            return Err(Failure::Usage(text.to_owned()));
        }
        self.check(inputs)
    }

    /// Whether the video can be saved there; `inputs` must not be lost by it.
    pub(crate) fn check(&self, inputs: &[String]) -> Result<(), Failure> {
        match self {
            Destination::Stdout if std::io::stdout().is_terminal() => Err(Failure::Usage(
                "--output - writes the video to stdout, which is a terminal: pipe it".to_owned(),
            )),
            // A stdout that is closed is /dev/null by the time that a program runs.
            Destination::Stdout if is_discarded() => Err(Failure::Usage(
                "--output - writes the video to stdout, which is closed or /dev/null: pipe it"
                    .to_owned(),
            )),
            Destination::Stdout => Ok(()),
            Destination::Default => try_to_write(Path::new("."))
                .map_err(|why| Failure::Usage(format!("the current directory {why}"))),
            Destination::File(path) => check_file("--output", path, inputs),
        }
    }
}

/// Whether what is written to stdout is thrown away.
#[cfg(unix)]
fn is_discarded() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;

    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.and_then(|it| std::fs::File::from(it).metadata());
    let null = std::fs::metadata("/dev/null");
    matches!((stdout, null), (Ok(stdout), Ok(null)) if stdout.rdev() == null.rdev())
}

#[cfg(not(unix))]
fn is_discarded() -> bool {
    false
}

/// The directory that a file is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

/// The file's name and something more, in the same directory.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Text that the service or the user chose, as part of a file's name.
pub(crate) fn file_name_part(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => c,
            _ => '-',
        })
        .collect()
}

/// Whether a file can be written there; `option` is what named it.
pub(crate) fn check_file(option: &str, output: &Path, inputs: &[String]) -> Result<(), Failure> {
    let named = format!("{option} {}", output.display());
    let fault = |why: &str| Err(Failure::Usage(format!("{named} {why}")));
    let example = if option == "--report" {
        "page.html"
    } else {
        "video.mp4"
    };
    let ends_in_slash = output
        .as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator);
    let Some(name) = output
        .file_name()
        .filter(|_| !ends_in_slash && !output.is_dir())
    else {
        return fault(&format!(
            "is a directory: add a file name, such as {example}"
        ));
    };
    // The state file and the command that goes on with it are text.
    if output.to_str().is_none() {
        return fault("is not valid UTF-8: choose another name");
    }
    if name.len() > LONGEST_NAME {
        return fault("has a name that is too long for a file");
    }
    check_directory(directory_of(output), &named)?;
    if std::fs::symlink_metadata(output).is_ok_and(|target| !target.is_file()) {
        return fault("exists and is not a regular file: choose another");
    }
    let same = |image: &String| {
        let (image, output) = (std::fs::canonicalize(image), std::fs::canonicalize(output));
        matches!((image, output), (Ok(image), Ok(output)) if image == output)
    };
    if inputs.iter().any(same) {
        return fault("is one of the input pictures: choose another file");
    }
    // The one record of something that is paid for.
    if is_state_file(output) {
        return fault("is the state file of a job: choose another file");
    }
    Ok(())
}

/// Refuses `-`, where that would be a file of this name: elsewhere it is stdout.
pub(crate) fn check_no_dash(option: &str, path: Option<&Path>) -> Result<(), Failure> {
    if path.is_some_and(|path| path.as_os_str() == "-") {
        let text = format!("{option} - is not stdout here: give a file's name");
        return Err(Failure::Usage(text));
    }
    Ok(())
}

/// Whether all that is written has a place of its own; each with what it is
/// called.
pub(crate) fn check_apart(places: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    for (index, (name, path)) in places.iter().enumerate() {
        let taken = |(_, other): &&(&str, Option<&Path>)| matches!((path, other), (Some(path), Some(other)) if is_same(path, other));
        if let Some((other, _)) = places.iter().skip(index + 1).find(taken) {
            let text = format!("{name} and {other} are the same file: choose another");
            return Err(Failure::Usage(text));
        }
    }
    Ok(())
}

/// Whether two names are of one file, be it there or not.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let directory = std::fs::canonicalize(directory_of(path)).ok()?;
        let path = directory.join(path.file_name()?);
        // Some file systems make no difference between A and a.
        Some(path.to_string_lossy().to_lowercase())
    };
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// Whether files can be made in what `--output-dir` names.
pub(crate) fn check_output_dir(directory: &Path) -> Result<(), Failure> {
    let fault = |why: &str| Failure::Usage(format!("--output-dir {} {why}", directory.display()));
    if !directory.is_dir() {
        return Err(fault("is not a directory: create it first"));
    }
    try_to_write(directory).map_err(|why| fault(&why))
}

fn check_directory(directory: &Path, named: &str) -> Result<(), Failure> {
    let fault = |why: &str| Err(Failure::Usage(format!("{named} {why}")));
    match std::fs::metadata(directory) {
        Err(_) => return fault("is in a directory that does not exist: create it first"),
        Ok(metadata) if !metadata.is_dir() => {
            return fault("is not in a directory: check the path");
        }
        Ok(_) => {}
    }
    try_to_write(directory)
        .map_err(|why| Failure::Usage(format!("{named} is in a directory that {why}")))
}

/// Whether a file can be made in a directory; why not, as the end of a sentence. Mode
/// bits tell half of it: only trying tells the rest.
fn try_to_write(directory: &Path) -> Result<(), String> {
    let tried = tempfile::Builder::new()
        .prefix(".kling-")
        .tempfile_in(directory);
    match tried {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("can't be written to: {}", reason(&error))),
    }
}

/// Why a temporary file could not be made, without its name, which nobody chose.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" at path ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

//! The page of `--report`: each picture beside its result, in one self-contained
//! file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_http::{Clock as _, SystemClock};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::destination::directory_of;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::request::shown_image;
use crate::summary::{JobState, JobSummary, shown_charge, shown_seconds};

/// The largest file that is put into the page. Browsers hold what is in a page
/// in memory, several times over.
const LARGEST_FILE: u64 = 24 * 1024 * 1024;

/// How much is put into a page: it is rewritten after each job. What comes
/// after that is linked, and must stay where it is.
const LARGEST_PAGE: u64 = 96 * 1024 * 1024;

const STYLE: &str = include_str!("../templates/report.css");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'a str,
    /// The only style that the page allows.
    style_hash: String,
    title: String,
    counts: String,
    written: String,
    cards: Vec<Card>,
}

/// One job, as the page shows it.
struct Card {
    id: usize,
    title: String,
    pictures: Vec<Picture>,
    video: Option<Video>,
    /// In place of a video.
    placeholder: &'static str,
    state: String,
    /// How it looks: `good`, `bad`, `open` or `idle`.
    tone: &'static str,
    reason: Option<String>,
    seconds: String,
    charge: String,
    task_id: Option<String>,
    resume: Option<String>,
}

struct Picture {
    name: String,
    /// Absent where it is on the web: the page asks nobody.
    source: Option<String>,
}

struct Video {
    name: String,
    source: String,
    is_linked: bool,
}

/// Writes the page, whole or not at all.
pub(crate) fn write(path: &Path, rows: &[JobSummary]) -> Result<(), Failure> {
    let fault = |why: String| {
        Failure::Usage(format!(
            "--report {} can't be written: {why}",
            path.display()
        ))
    };
    let text = render(path, rows).map_err(|error| fault(error.to_string()))?;
    let written = || {
        let mut builder = tempfile::Builder::new();
        // As readable as other files that are made there: it is to be shown.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.prefix(".kling-").tempfile_in(directory_of(path))?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|error: std::io::Error| fault(error.to_string()))
}

fn render(path: &Path, rows: &[JobSummary]) -> askama::Result<String> {
    let mut shelf = Shelf {
        page: std::path::absolute(path)
            .ok()
            .and_then(|path| Url::from_file_path(path).ok()),
        left: LARGEST_PAGE,
    };
    let card = |(index, row)| Card::new(index, row, &mut shelf);
    let cards = rows.iter().enumerate().map(card).collect();
    let scene = rows.first().map_or("", |row| row.scene.as_str());
    let page = Page {
        style: STYLE,
        style_hash: STANDARD.encode(Sha256::digest(STYLE)),
        title: if scene.is_empty() { "Kling" } else { scene }.to_owned(),
        counts: counts(rows),
        written: httpdate::fmt_http_date(SystemClock.now()),
        cards,
    };
    page.render()
}

/// How many there are of each state, in the order of the first of each.
fn counts(rows: &[JobSummary]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for row in rows {
        let state = row.state.name();
        match counts.iter_mut().find(|(name, _)| *name == state) {
            Some((_, count)) => *count += 1,
            None => counts.push((state, 1)),
        }
    }
    let shown = counts
        .iter()
        .map(|(name, count)| format!("{count} {}", words(name)));
    shown.collect::<Vec<_>>().join(" · ")
}

/// A state in words.
fn words(state: &str) -> String {
    state.replace('_', " ")
}

impl Card {
    fn new(index: usize, row: &JobSummary, shelf: &mut Shelf) -> Card {
        let (tone, placeholder) = match row.state {
            JobState::Waiting => ("idle", "waits for its turn"),
            JobState::NotSent => ("idle", "was not sent"),
            JobState::UnderWay => ("open", "was under way when this page was written"),
            JobState::Ended(Exit::Ok) => ("good", "went elsewhere"),
            JobState::Ended(
                Exit::Timeout | Exit::MaybeSent | Exit::NotSaved | Exit::Interrupted,
            ) => ("open", "is not here yet"),
            // A task that goes on has an id.
            JobState::Ended(Exit::Unavailable) if row.task_id.is_some() => {
                ("open", "is not here yet")
            }
            JobState::Ended(_) => ("bad", "was not made"),
        };
        let pictures = row.pictures.iter().map(|given| Picture {
            name: shown_image(given).into_owned(),
            source: shelf.picture(given),
        });
        Card {
            id: index + 1,
            title: row.title(),
            pictures: pictures.collect(),
            video: row.output.as_deref().and_then(|path| shelf.video(path)),
            placeholder,
            state: words(row.state.name()),
            tone,
            reason: row.reason.clone(),
            seconds: shown_seconds(row.seconds),
            charge: shown_charge(row),
            task_id: row.task_id.clone(),
            resume: row.resume.clone(),
        }
    }
}

/// What still fits into the page.
struct Shelf {
    /// Where the page is, as seen from which links are written.
    page: Option<Url>,
    left: u64,
}

impl Shelf {
    fn picture(&mut self, given: &str) -> Option<String> {
        // What is on the web stays there; a request's file is no picture.
        let path = Path::new(given);
        let mut head = Vec::new();
        fs::File::open(path)
            .ok()?
            .take(4)
            .read_to_end(&mut head)
            .ok()?;
        let kind = match head.as_slice() {
            [0xff, 0xd8, ..] => "image/jpeg",
            [0x89, b'P', b'N', b'G'] => "image/png",
            _ => return None,
        };
        self.embed(kind, path).or_else(|| self.link(path))
    }

    fn video(&mut self, path: &Path) -> Option<Video> {
        let embedded = self.embed("video/mp4", path);
        Some(Video {
            name: path.display().to_string(),
            is_linked: embedded.is_none(),
            source: embedded.or_else(|| self.link(path))?,
        })
    }

    /// The file as a part of the page, while there is room for it.
    fn embed(&mut self, kind: &str, path: &Path) -> Option<String> {
        let length = fs::metadata(path).ok()?.len();
        if length > LARGEST_FILE || length > self.left {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        self.left -= length;
        Some(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
    }

    fn link(&self, path: &Path) -> Option<String> {
        let target = Url::from_file_path(std::path::absolute(path).ok()?).ok()?;
        self.page.as_ref()?.make_relative(&target)
    }
}

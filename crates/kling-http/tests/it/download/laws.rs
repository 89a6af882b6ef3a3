//! Whatever a host does: the exact bytes of one file, or an error; and never a
//! file under the final name unless it is whole.

use proptest::collection::vec;
use proptest::prelude::*;

use super::doors::{DOORS, Door, sha256, through};
use super::*;

fn on_a_paused_clock(work: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work);
}

/// Peer trap: a download that restarts at byte 0 after a cut.
#[test]
fn a_cut_at_any_byte_harms_nothing() {
    on_a_paused_clock(async {
        let file = file(40);
        for after in 0..=file.len() {
            for end in [End::Broken, End::Clean, End::Silent] {
                for door in DOORS {
                    let resumes = whole(&file);
                    let ignores = says(200, &[(&ETAG, "\"a\"")], &file);
                    for second in [resumes, ignores] {
                        let first = serves(&file, "\"a\"", after, end);
                        let (client, asked) = client(vec![first, second]);
                        let (bytes, ended) = through(door, &client).await;
                        let case = format!("{door:?}, {end:?} after {after}");
                        ended.unwrap_or_else(|error| panic!("{case}: {error}"));
                        assert!(bytes == file, "{case}");
                        let asked = asked.lock().expect("no panic before");
                        let again = asked.get(1).map(|it| it.range.clone());
                        let expected = (after < file.len())
                            .then(|| (after > 0).then(|| format!("bytes={after}-")));
                        assert_eq!(again, expected, "{case}");
                    }
                }
            }
        }
    });
}

/// What a host does with one request.
#[derive(Debug, Clone)]
struct Turn {
    /// Which of the two files it has.
    file: usize,
    tag: Tag,
    ranges: Ranges,
    /// What it says of the length.
    length: Length,
    /// It ends after so many bytes.
    cut: usize,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum Tag {
    Strong,
    Weak,
    None,
}

#[derive(Debug, Clone, Copy)]
enum Ranges {
    Honoured,
    Ignored,
    /// Sends the range of its own file, whatever `If-Range` says.
    Forced,
    /// Sends another range than was asked for.
    Shifted,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    True,
    Untold,
    TooLong,
    TooShort,
}

fn turn() -> impl Strategy<Value = Turn> {
    let tag = prop_oneof![4 => Just(Tag::Strong), 1 => Just(Tag::Weak), 1 => Just(Tag::None)];
    let ranges = prop_oneof![
        4 => Just(Ranges::Honoured),
        1 => Just(Ranges::Ignored),
        1 => Just(Ranges::Forced),
        1 => Just(Ranges::Shifted),
    ];
    let length = prop_oneof![
        4 => Just(Length::True),
        1 => Just(Length::Untold),
        1 => Just(Length::TooLong),
        1 => Just(Length::TooShort),
    ];
    let cut = prop_oneof![2 => 0..60_usize, 1 => Just(usize::MAX)];
    let end = prop_oneof![Just(End::Broken), Just(End::Clean), Just(End::Silent)];
    let file = prop_oneof![3 => Just(0_usize), 1 => Just(1_usize)];
    (file, tag, ranges, length, cut, end).prop_map(|(file, tag, ranges, length, cut, end)| {
        let mut turn = Turn {
            file,
            tag,
            ranges,
            length,
            cut,
            end,
        };
        match length {
            // Nobody can tell a stump from a file if nothing shows where it ends.
            Length::Untold if turn.end == End::Clean => turn.end = End::Broken,
            // Nor if the host says that the stump is all.
            Length::TooShort => turn.cut = usize::MAX,
            _ => {}
        }
        turn
    })
}

/// Two files that begin alike.
fn files() -> [Bytes; 2] {
    let old = file(50);
    let new = [&old[..20], &file(80)[50..]].concat();
    [old, Bytes::from(new)]
}

fn acts(turn: &Turn) -> Act {
    let Turn { cut, end, .. } = *turn;
    let file = files()[turn.file].clone();
    let strong = ["\"old\"", "\"new\""][turn.file];
    let (tag, ranges, length) = (turn.tag, turn.ranges, turn.length);
    act(move |request| {
        let same = matches!(tag, Tag::Strong)
            && header(request, &IF_RANGE).is_some_and(|asked| asked == strong);
        let asked = header(request, &RANGE).map(|range| {
            let digits: String = range.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<usize>().expect("a range")
        });
        let from = match ranges {
            Ranges::Honoured => asked.filter(|_| same),
            Ranges::Ignored => None,
            Ranges::Forced => asked,
            Ranges::Shifted => asked.map(|from| from - 1),
        };
        let from = from.filter(|from| *from < file.len());
        let rest = file.slice(from.unwrap_or(0)..);
        let mut answer = Response::builder();
        answer = match tag {
            Tag::Strong => answer.header(ETAG, strong),
            Tag::Weak => answer.header(ETAG, format!("W/{strong}")),
            Tag::None => answer,
        };
        let told = match length {
            Length::True => Some(rest.len()),
            Length::Untold => None,
            Length::TooLong => Some(rest.len() + 7),
            Length::TooShort => Some(rest.len() - 1),
        };
        if let Some(told) = told {
            answer = answer.header(CONTENT_LENGTH, told);
        }
        if let Some(from) = from {
            let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
            answer = answer.status(206).header(CONTENT_RANGE, range);
        }
        let all = cut >= rest.len();
        let sent = rest.slice(..rest.len().min(cut));
        let end = if all && matches!(length, Length::Untold) {
            End::Clean
        } else {
            end
        };
        Ok(answer.body(Pieces::body(&sent, end)).expect("an answer"))
    })
}

fn check(turns: &[Turn]) {
    on_a_paused_clock(async {
        let files = files();
        for door in DOORS {
            let (client, _) = client(turns.iter().map(acts).collect());
            let (bytes, ended) = through(door, &client).await;
            match ended {
                Ok((length, hash)) => {
                    assert!(files.iter().any(|file| bytes == *file), "{door:?}: mixed");
                    assert_eq!((length, hash), (bytes.len() as u64, sha256(&bytes)));
                }
                Err(error) if door == Door::File => {
                    assert_eq!(error.kind(), ErrorKind::Download);
                    assert!(bytes.is_empty(), "a stump under the final name");
                }
                Err(error) => {
                    let kinds = [ErrorKind::Download, ErrorKind::ResultChanged];
                    assert!(kinds.contains(&error.kind()), "{error:?}");
                    // What is out is the beginning of one of them.
                    assert!(
                        files.iter().any(|file| file.starts_with(&bytes)),
                        "{door:?}"
                    );
                }
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Peer trap: a part of a file under the final name.
    #[test]
    fn exact_bytes_or_an_error(turns in vec(turn(), 1..8)) {
        check(&turns);
    }
}

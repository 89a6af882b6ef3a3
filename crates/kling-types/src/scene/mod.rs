//! Effect scenes: their names, and what is known about each.
//!
//! The service adds and removes scenes monthly, so a scene is text, not an
//! enum. What is known about the 333 names seen so far is data:
//! [`Scene::info`] finds it, [`all`] lists it. A name that is not in the catalogue is
//! accepted: the service decides.
//!
//! ```
//! use kling_types::scene::{self, Arity, Date, Scene};
//!
//! let hug = Scene::HUG_PRO.info().expect("known");
//! assert_eq!(hug.arity, Arity::Dual);
//! assert_eq!(hug.listed_on(Date::new(2026, 9, 20)), Some(true));
//!
//! assert!(Scene::new("appears_tomorrow").info().is_none());
//! assert_eq!(scene::all().len(), 333);
//! ```

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod catalogue;
mod date;

pub use date::{Date, ParseDateError};

/// The name of an effect scene, such as `hug_pro`. Any text is one; there is a
/// constant for each name in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scene(Cow<'static, str>);

impl Scene {
    /// The scene with this name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Scene(name.into())
    }

    const fn known(name: &'static str) -> Self {
        Scene(Cow::Borrowed(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the catalogue says about it; `None` if it is not there.
    ///
    /// `let’s_ride` was once written with a typographic apostrophe
    /// (*documented*); either finds it.
    pub fn info(&self) -> Option<&'static SceneInfo> {
        let find = |name: &str| catalogue::CATALOGUE.binary_search_by(|info| info.name.cmp(name));
        let index = match find(&self.0) {
            Ok(index) => index,
            Err(_) => find(&self.0.replace('\u{2019}', "'")).ok()?,
        };
        catalogue::CATALOGUE.get(index)
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Scene {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(Scene::from(name))
    }
}

impl From<&str> for Scene {
    fn from(name: &str) -> Self {
        Scene(Cow::Owned(name.to_owned()))
    }
}

impl From<String> for Scene {
    fn from(name: String) -> Self {
        Scene(Cow::Owned(name))
    }
}

/// Every scene ever seen, in order of name.
pub fn all() -> &'static [SceneInfo] {
    catalogue::CATALOGUE
}

/// The scenes that are known to be on Kling's global list on a date, in order
/// of name: those of which [`SceneInfo::listed_on`] says `Some(true)`.
pub fn listed_on(date: Date) -> impl Iterator<Item = &'static SceneInfo> {
    all()
        .iter()
        .filter(move |info| info.listed_on(date) == Some(true))
}

/// How many images a scene takes. The name does not tell: `tiger_hug_pro`
/// takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arity {
    /// One image, in `input.image`.
    Single,
    /// Exactly two, in `input.images`: left, then right (*documented*).
    Dual,
}

impl Arity {
    /// The number of images: 1 or 2.
    pub const fn images(self) -> usize {
        match self {
            Arity::Single => 1,
            Arity::Dual => 2,
        }
    }
}

/// How a date of introduction is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Kling's changelog names the scene.
    Documented,
    /// Same block of the list, and the number agrees with the changelog.
    Inferred,
    /// Only the dates between which it appeared are known.
    Window,
}

/// What is known about a scene.
///
/// Arity, durations, modes and models are *documented* by the lists that name
/// the scene ([`sources`](Self::sources)); the date of a list is the day on which a copy
/// was taken. [`introduced_confidence`](Self::introduced_confidence) says how certain
/// the date of introduction is; dates of removal are *inferred* from the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SceneInfo {
    /// Its name on the wire.
    pub name: &'static str,
    /// How many images it takes.
    pub arity: Arity,
    /// When it was introduced, if the day is known.
    pub introduced: Option<Date>,
    /// Between which days it appeared, if only that is known.
    pub introduced_between: Option<(Date, Date)>,
    /// How the introduction is known.
    pub introduced_confidence: Confidence,
    /// The end that Kling announced for it. Not always kept:
    /// `magic_match_tree` was still listed months after (*contradictory*).
    pub announced_end: Option<Date>,
    /// The first list that has it.
    pub first_seen: Option<Date>,
    /// The last list that has it.
    pub last_seen: Option<Date>,
    /// Between which lists it went away without an announcement.
    pub removed_between: Option<(Date, Date)>,
    /// On Kling's global list of 2026-09-20.
    pub listed_global: bool,
    /// On Kling's list for China of 2026-09.
    pub listed_china: bool,
    /// Named by CometAPI's own page, whatever Kling's lists say.
    pub listed_comet: bool,
    /// The values of `duration` ever documented for it; empty: no such parameter.
    pub durations: &'static [&'static str],
    /// The values of `mode` ever documented for it; empty: no such parameter.
    pub modes: &'static [&'static str],
    /// The values of `model_name` ever documented for it; empty: no such parameter.
    pub models: &'static [&'static str],
    /// Further notes.
    pub notes: Option<&'static str>,
    /// The lists that name it.
    pub sources: &'static [&'static str],
}

/// The date of the newest list in the catalogue.
pub const LATEST_LIST: Date = Date::new(2026, 9, 20);

impl SceneInfo {
    /// The scene itself.
    pub const fn scene(&self) -> Scene {
        Scene::known(self.name)
    }

    /// Whether Kling's global list had it on a date. `None` where the lists do
    /// not tell: between the last list that has it and the first that has not.
    /// Dates after [`LATEST_LIST`] count as that date.
    pub fn listed_on(&self, date: Date) -> Option<bool> {
        let (Some(first), Some(last)) = (self.first_seen, self.last_seen) else {
            return Some(false);
        };
        let date = date.min(LATEST_LIST);
        let appeared = self
            .introduced
            .map_or(first, |introduced| introduced.min(first));
        if date < appeared {
            return match self.introduced_between {
                Some((after, _)) if date > after => None,
                _ => Some(false),
            };
        }
        if date <= last {
            return Some(true);
        }
        let gone = self
            .removed_between
            .map(|(_, gone)| gone)
            .or(self.announced_end);
        match gone {
            Some(gone) if date < gone => None,
            _ => Some(false),
        }
    }

    /// Whether it is known to be gone from Kling's list on a date.
    pub fn retired_on(&self, date: Date) -> bool {
        self.first_seen.is_some_and(|first| date >= first) && self.listed_on(date) == Some(false)
    }
}

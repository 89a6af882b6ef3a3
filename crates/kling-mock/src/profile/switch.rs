//! The switches of a profile: the meaning and default of each, and the evidence.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{NotFound, Profile, Wrapping, WrongPath};
use crate::grammar::unknown;

/// A switch of a [`Profile`].
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Switch {
    /// The name.
    pub name: &'static str,
    /// The possible values.
    pub values: &'static [&'static str],
    /// The meaning.
    pub meaning: &'static str,
    /// The default for CometAPI, and the reason.
    pub comet: &'static str,
    /// The default for Kling, and the reason.
    pub kling: &'static str,
    #[serde(skip)]
    get: fn(&Profile) -> usize,
    #[serde(skip)]
    set: fn(&mut Profile, usize),
}

/// A switch with the values off and on.
macro_rules! on_off {
    ($field:ident, $meaning:expr, $comet:expr, $kling:expr) => {
        Switch {
            name: stringify!($field),
            values: &["off", "on"],
            meaning: $meaning,
            comet: $comet,
            kling: $kling,
            get: |profile| usize::from(profile.$field),
            set: |profile, value| profile.$field = value == 1,
        }
    };
}

/// A switch with other values.
macro_rules! one_of {
    ($field:ident, [$($word:literal => $value:expr),+], $meaning:expr, $comet:expr, $kling:expr) => {
        Switch {
            name: stringify!($field),
            values: &[$($word),+],
            meaning: $meaning,
            comet: $comet,
            kling: $kling,
            get: |profile| {
                let values = [$($value),+];
                values.iter().position(|value| *value == profile.$field).unwrap_or(0)
            },
            set: |profile, value| {
                if let Some(value) = [$($value),+].get(value) {
                    profile.$field = *value;
                }
            },
        }
    };
}

static SWITCHES: [Switch; 13] = [
    on_off!(
        external_ids,
        "a task can also be queried by its external id",
        "off, inferred: it generates its own ids, and its effects page mentions the field only for tracking",
        "on, seen live"
    ),
    on_off!(
        list,
        "there is a list of tasks",
        "off: not documented",
        "on, documented"
    ),
    on_off!(
        duration_required,
        "a create without `input.duration` is refused",
        "on, documented",
        "off: removed from the documentation in March 2026"
    ),
    on_off!(
        comet_scenes,
        "scenes that only CometAPI documents, such as `hug`, are accepted",
        "on: such a create was accepted, seen live",
        "off: not on Kling's list any more"
    ),
    on_off!(
        gateway_errors,
        "the gateway's own errors have the body `{\"error\": ..}`",
        "on, documented",
        "off"
    ),
    on_off!(
        create_request_id,
        "the answer to a create has a `request_id`",
        "off, seen live",
        "on, seen live"
    ),
    on_off!(
        video_duration,
        "a video has `duration`; contradictory",
        "on, documented",
        "off: removed from the documentation in January 2026"
    ),
    on_off!(
        watermark_url,
        "a video has `watermark_url`, empty if no watermark was requested; contradictory",
        "off: not documented",
        "on, documented"
    ),
    on_off!(
        watermark_info,
        "a finished task has `watermark_info`, but not in a list (documented)",
        "off: not documented",
        "on, documented"
    ),
    on_off!(
        deductions,
        "a finished task has `final_unit_deduction`, from the ledger, and `final_balance_deduction`, which is zero",
        "off: not documented",
        "on, documented"
    ),
    one_of!(
        not_found,
        ["live" => NotFound::Live, "documented" => NotFound::Documented],
        "an unknown task is HTTP 400 with code 1201 (live), or HTTP 404 with code 1203 (documented); contradictory",
        "live: Kling's errors are passed on",
        "live, seen live"
    ),
    one_of!(
        wrong_path,
        ["json" => WrongPath::Json, "html" => WrongPath::Html, "redirect" => WrongPath::Redirect],
        "an unknown path returns an error body, an HTML page or a redirect",
        "html, documented: an unknown path may return a 301 or HTML instead of a JSON 404",
        "json, documented: code 1203"
    ),
    one_of!(
        wrapped,
        ["none" => Wrapping::None, "omni" => Wrapping::Omni, "gateway" => Wrapping::Gateway],
        "the task in a query's answer is at `data` (none), `data.data` (omni) or `data.data.data` (gateway)",
        "none, seen live since April 2026; omni before",
        "none, documented"
    ),
];

impl Profile {
    /// All switches, which can be set by [`with`](Self::with) or in text.
    pub fn switches() -> &'static [Switch] {
        &SWITCHES
    }

    /// The profile with a switch set.
    ///
    /// ```
    /// use kling_mock::Profile;
    ///
    /// let profile = Profile::comet().with("list", "on")?.with("wrapped", "gateway")?;
    /// # Ok::<(), kling_mock::ProfileError>(())
    /// ```
    pub fn with(mut self, switch: &str, value: &str) -> Result<Self, ProfileError> {
        let names: Vec<_> = SWITCHES.iter().map(|switch| switch.name).collect();
        let found = SWITCHES.iter().find(|known| known.name == switch);
        let found = found.ok_or_else(|| ProfileError(unknown(switch, "a switch", &names)))?;
        let place = found.values.iter().position(|known| *known == value);
        let place = place.ok_or_else(|| {
            let what = format!("a value of `{switch}`");
            ProfileError(unknown(value, &what, found.values))
        })?;
        (found.set)(&mut self, place);
        Ok(self)
    }

    /// The value of a switch.
    pub fn get(&self, switch: &Switch) -> &'static str {
        let value = switch.values.get((switch.get)(self));
        value.copied().unwrap_or_default()
    }
}

/// A text that is not a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError(String);

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProfileError {}

/// `comet` or `kling`, then switches as `name=value`.
impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let host = Profile::named(name)
            .ok_or_else(|| ProfileError(unknown(name, "a host", &["comet", "kling"])))?;
        words.try_fold(host, |profile, word| {
            let (switch, value) = word.split_once('=').ok_or_else(|| {
                ProfileError(format!(
                    "`{word}` is not a setting: write it like `list=on`"
                ))
            })?;
            profile.with(switch, value)
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let usual = Profile::named(self.name).unwrap_or_else(Profile::comet);
        for switch in &SWITCHES {
            let value = self.get(switch);
            if value != usual.get(switch) {
                write!(f, " {}={value}", switch.name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_sets_what_it_names_and_nothing_else() {
        for host in [Profile::comet(), Profile::kling()] {
            for switch in Profile::switches() {
                for value in switch.values {
                    let set = host.clone().with(switch.name, value).unwrap();
                    assert_eq!(set.get(switch), *value, "{}", switch.name);
                    for other in Profile::switches() {
                        if other.name != switch.name {
                            assert_eq!(set.get(other), host.get(other), "{}", switch.name);
                        }
                    }
                    assert_eq!(set.to_string().parse(), Ok(set));
                }
            }
        }
    }

    /// The documented defaults must be those of the code.
    #[test]
    fn documented_defaults_are_those_of_the_code() {
        let first = |text: &'static str| text.split([',', ':', ' ']).next().unwrap_or_default();
        for switch in Profile::switches() {
            assert_eq!(
                Profile::comet().get(switch),
                first(switch.comet),
                "{}",
                switch.name
            );
            assert_eq!(
                Profile::kling().get(switch),
                first(switch.kling),
                "{}",
                switch.name
            );
        }
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = text.parse::<Profile>().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn parse_errors() {
        check_error("", "expected a host: comet, kling");
        check_error("komet", "`komet` is not a host; did you mean `comet`?");
        check_error(
            "comet lst=on",
            "`lst` is not a switch; did you mean `list`?",
        );
        check_error("comet list=yes", "`yes` is not a value of `list`");
        check_error(
            "comet list",
            "`list` is not a setting: write it like `list=on`",
        );
    }
}

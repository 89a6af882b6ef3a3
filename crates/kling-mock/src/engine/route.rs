//! Routing of requests by method and path.

use std::borrow::Cow;

use http::{Method, Request};
use kling_types::routes;
use percent_encoding::percent_decode_str;

use crate::journal::Operation;
use crate::profile::Profile;

pub(super) const ASSETS: &str = "/assets/";

/// The operation that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Create,
    /// A task's id or external id.
    Get(Cow<'a, str>),
    List,
    /// The path below [`ASSETS`].
    Asset(&'a str),
    NoSuchMethod,
    NoSuchPath,
}

impl<'a> Route<'a> {
    pub(super) fn of<B>(profile: &Profile, request: &'a Request<B>) -> Self {
        let path = request.uri().path();
        if let Some(file) = path.strip_prefix(ASSETS) {
            return Route::Asset(file);
        }
        let Some(rest) = path
            .strip_prefix(profile.prefix)
            .and_then(|path| path.strip_prefix(routes::EFFECTS))
        else {
            return Route::NoSuchPath;
        };
        let id = match rest.strip_prefix('/') {
            Some(segment) if !segment.is_empty() && !segment.contains('/') => Some(segment),
            None if rest.is_empty() => None,
            _ => return Route::NoSuchPath,
        };
        match (id, request.method()) {
            (None, &Method::POST) => Route::Create,
            (None, &Method::GET) if profile.list => Route::List,
            (Some(segment), &Method::GET) => {
                Route::Get(percent_decode_str(segment).decode_utf8_lossy())
            }
            _ => Route::NoSuchMethod,
        }
    }

    pub(super) fn operation(&self) -> Operation {
        match self {
            Route::Create => Operation::Create,
            Route::Get(_) => Operation::Get,
            Route::List => Operation::List,
            Route::Asset(_) => Operation::Asset,
            Route::NoSuchMethod | Route::NoSuchPath => Operation::Unmatched,
        }
    }
}

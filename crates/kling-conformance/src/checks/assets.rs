//! Checks of result files.

use std::time::Duration;

use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, RANGE,
};
use http::{Method, Request};
use tokio::time::sleep;

use super::shared_task::{SharedTask, poll_until_terminal};
use super::{IMAGE, Outcome, accepted_id, ensure, ensure_status, single_request};
use crate::exchange::or_absent;
use crate::target::{Reply, Stop, Target};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends no credentials, since results are on other hosts.
async fn fetch(target: &Target, method: Method, url: &str) -> Result<Reply, Stop> {
    target.send(method, url, None, "").await
}

fn header(reply: &Reply, name: HeaderName) -> Option<&str> {
    reply.headers.get(name)?.to_str().ok()
}

pub(super) async fn whole(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let file = fetch(target, Method::GET, shared.video_url()?).await?;
    ensure_status(&file, 200)?;
    let kind = header(&file, CONTENT_TYPE);
    let plain = kind.and_then(|kind| kind.split(';').next());
    ensure(plain == Some("video/mp4"), || {
        format!(
            "the content type is {} instead of \"video/mp4\"",
            or_absent(kind)
        )
    })?;
    ensure(file.body.get(4..8) == Some(b"ftyp"), || {
        "the file is not an MP4".to_owned()
    })?;
    let length = file.body.len();
    ensure(ends_with_a_box(&file.body), || {
        format!("the file is truncated: its {length} bytes end within a box of the MP4")
    })?;
    Ok(())
}

/// Whether the boxes of an MP4 file fill it exactly. Each starts with its length and its
/// type; a length of 1 means that a 64-bit length follows them, and 0 that the box extends
/// to the end of the file.
fn ends_with_a_box(mut file: &[u8]) -> bool {
    while !file.is_empty() {
        let Some((short, rest)) = file.split_first_chunk() else {
            return false;
        };
        let length = match u32::from_be_bytes(*short) {
            0 => return rest.len() >= 4,
            1 => match rest.get(4..).and_then(<[u8]>::first_chunk) {
                Some(long) => u64::from_be_bytes(*long),
                None => return false,
            },
            length => u64::from(length),
        };
        let length = usize::try_from(length).ok().filter(|it| *it >= 8);
        match length.and_then(|length| file.get(length..)) {
            Some(rest) => file = rest,
            None => return false,
        }
    }
    true
}

pub(super) async fn head(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let url = shared.video_url()?;
    let file = fetch(target, Method::GET, url).await?;
    let head = fetch(target, Method::HEAD, url).await?;
    ensure_status(&head, 200)?;
    let length = header(&head, CONTENT_LENGTH).map(str::to_owned);
    ensure(
        length.as_deref() == Some(file.body.len().to_string().as_str()),
        || {
            format!(
                "Content-Length is {}, but the file has {} bytes",
                or_absent(length.as_deref()),
                file.body.len()
            )
        },
    )?;
    ensure(head.body.is_empty(), || "HEAD has a body".to_owned())?;
    Ok(())
}

pub(super) async fn range(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let url = shared.video_url()?;
    let whole = fetch(target, Method::GET, url).await?;
    if header(&whole, ACCEPT_RANGES) != Some("bytes") {
        return Err(Stop::Skip(
            "the server does not advertise byte ranges".to_owned(),
        ));
    }
    let request = Request::get(url)
        .header(RANGE, "bytes=100-199")
        .body("".into());
    let request = request.map_err(|error| Stop::Internal(error.to_string()))?;
    let part = target.send_request(request).await?;
    ensure_status(&part, 206)?;
    let wanted = format!("bytes 100-199/{}", whole.body.len());
    let range = header(&part, CONTENT_RANGE);
    ensure(range == Some(wanted.as_str()), || {
        format!(
            "Content-Range is {} instead of {wanted:?}",
            or_absent(range)
        )
    })?;
    ensure(whole.body.get(100..200) == Some(&*part.body), || {
        "the range differs from the same range of the whole file".to_owned()
    })?;
    Ok(())
}

pub(super) async fn etag(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let url = shared.video_url()?;
    let first = fetch(target, Method::GET, url).await?;
    let second = fetch(target, Method::GET, url).await?;
    let (one, two) = (header(&first, ETAG), header(&second, ETAG));
    ensure(one.is_some() && one == two, || {
        format!("ETag is {}, then {}", or_absent(one), or_absent(two))
    })?;
    Ok(())
}

pub(super) async fn expires(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let (_, query) = shared.video_url()?.split_once('?').unwrap_or_default();
    let named = query.split('&').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("expires")
            .then(|| value.parse::<i64>().ok())?
    });
    let Some(expires) = named else {
        return Err(Stop::Skip("the URL has no expiry time".to_owned()));
    };
    let ended = shared.final_task()?["updated_at"]
        .as_i64()
        .unwrap_or_default()
        / 1_000;
    let after = expires - ended;
    ensure((after - 30 * 24 * 60 * 60).abs() <= 2, || {
        format!("the URL expires {after} s after the task ended")
    })?;
    Ok(())
}

pub(super) async fn deleted(target: &Target) -> Outcome {
    if !target.virtual_time {
        return Err(Stop::Skip(
            "takes 30 days, except in virtual time (--mock)".to_owned(),
        ));
    }
    let id = accepted_id(target, &single_request(IMAGE)).await?;
    let answers = poll_until_terminal(target, target.api_key(), &id).await?;
    let last = answers.last().cloned().unwrap_or_default();
    let url = last["data"]["task_result"]["videos"][0]["url"].as_str();
    let url = url.ok_or_else(|| "no video".to_owned())?;
    sleep(29 * DAY).await;
    let before = fetch(target, Method::GET, url).await?.status.as_u16();
    sleep(DAY + DAY / 24).await;
    let after = fetch(target, Method::GET, url).await?.status.as_u16();
    ensure(before == 200, || {
        format!("after 29 days, the file returns HTTP {before}")
    })?;
    ensure((400..500).contains(&after), || {
        format!("after 30 days, the file returns HTTP {after}")
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ends_with_a_box;

    #[test]
    fn a_file_ends_where_a_box_ends() {
        let ftyp = b"\0\0\0\x0cftypisom";
        let check = |rest: &[u8], expected: bool| {
            let file = [&ftyp[..], rest].concat();
            assert_eq!(ends_with_a_box(&file), expected, "{rest:?}");
        };
        check(b"", true);
        check(b"\0\0\0\x08free", true);
        check(b"\0\0\0\x09free", false);
        check(b"\0\0\0\x07free", false);
        check(b"\0\0\0", false);
        check(b"\0\0\0\0mdat and all that follows", true);
        check(b"\0\0\0\0mda", false);
        check(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x11!", true);
        check(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x12!", false);
        check(b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff!", false);
        check(b"\0\0\0\x01mdat\0\0", false);
    }
}

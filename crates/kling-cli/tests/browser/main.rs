//! The page of `--report` in a real browser: what it shows, that its videos play,
//! that it asks nobody for anything, and that a text in it stays text.
//!
//! Needs Chromium: `apt-get install chromium`, or `CHROMIUM=/path/to/it`.
//! `cargo test -p kling-cli --features browser --test browser` runs it.

// A test that can't go on stops where it is.
#![allow(clippy::unwrap_used)]

mod chromium;
// The same helpers as in the other tests; not all of them are wanted here.
#[allow(dead_code)]
#[path = "../it/events.rs"]
mod events;
#[allow(dead_code)]
#[path = "../it/run.rs"]
mod run;

use std::io::Write as _;

use serde_json::{Value, json};

use chromium::{Browser, Page};
use run::{RunningMock, kling, picture, run};

/// A name that would be a script, were it HTML.
const EVIL: &str = "<img src=x onerror=document.title='hacked'>\"'&amp;.png";

/// A page as `kling effect` writes it: two videos, and one task that failed, of a
/// picture with an evil name.
fn report_page() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("portrait.jpg", "portrait.jpg"),
        ("cat.png", "cat.png"),
        ("too-small-338x191.png", EVIL),
    ] {
        std::fs::copy(picture(from), here.path().join(to)).unwrap();
    }
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing", "portrait.jpg", "cat.png", EVIL])
        .args(["--mock", "--no-preflight", "--report", "page.html"]));
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    // The videos are in the page: their files may go.
    for name in ["portrait-color_mixing.mp4", "cat-color_mixing.mp4"] {
        std::fs::remove_file(here.path().join(name)).unwrap();
    }
    here
}

/// Each picture beside its video, which loads and has its length.
fn check_content(page: &mut Page<'_>) {
    let seen = page.evaluate(
        "(async () => {
            const videos = [...document.querySelectorAll('video')];
            for (const video of videos)
                if (video.readyState < 1)
                    await new Promise((done, fail) => {
                        video.onloadedmetadata = done;
                        video.onerror = () => fail(video.error.message);
                    });
            const images = [...document.images];
            await Promise.all(images.map(image => image.decode()));
            const texts = selector =>
                [...document.querySelectorAll(selector)].map(it => it.textContent.trim());
            return {
                rows: texts('h2'),
                states: texts('.state'),
                durations: videos.map(video => video.duration),
                sizes: images.map(image => [image.naturalWidth, image.naturalHeight]),
                labels: videos.map(video => video.getAttribute('aria-label')),
                reasons: texts('.reason'),
                details: [...document.querySelectorAll('dl')].map(it => it.innerText.replace(/\\s+/g, ' ')),
                title: document.title,
                wide: document.documentElement.scrollWidth > innerWidth,
                scripts: document.scripts.length,
            };
        })()",
    );
    assert_eq!(seen["rows"], json!(["portrait.jpg", "cat.png", EVIL]));
    assert_eq!(seen["states"], json!(["done", "done", "failed"]));
    assert_eq!(seen["durations"], json!([5, 5]));
    assert_eq!(seen["sizes"], json!([[512, 512], [451, 300], [338, 191]]));
    assert_eq!(seen["labels"][1], json!("The video made of cat.png"));
    let reason = seen["reasons"][0].as_str().unwrap();
    assert!(
        reason.ends_with("failed: Image pixel is invalid"),
        "{reason}"
    );
    let details = seen["details"][0].as_str().unwrap();
    assert!(
        details.contains("charge unknown") && details.contains("time 2."),
        "{details}"
    );
    assert_eq!(seen["title"], json!("color_mixing: 2 done · 1 failed"));
    assert_eq!(seen["scripts"], json!(0));
    assert_eq!(seen["wide"], json!(false), "it scrolls sideways");
}

/// Light and dark, wide and narrow: readable, and nothing of it is lost.
fn check_looks(page: &mut Page<'_>) {
    let mut seen = Vec::new();
    for scheme in ["light", "dark"] {
        page.call(
            "Emulation.setEmulatedMedia",
            &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
        for width in [1100, 360] {
            page.call(
                "Emulation.setDeviceMetricsOverride",
                &json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
            );
            let looks = page.evaluate(
                "(() => {
                    const light = color => {
                        const part = text => {
                            const value = Number(text) / 255;
                            return value <= 0.04045 ? value / 12.92
                                : ((value + 0.055) / 1.055) ** 2.4;
                        };
                        const [r, g, b] = color.match(/[\\d.]+/g).map(part);
                        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                    };
                    const behind = element => {
                        const color = getComputedStyle(element).backgroundColor;
                        return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
                    };
                    const contrast = element => {
                        const [a, b] = [getComputedStyle(element).color, behind(element)]
                            .map(light).sort((a, b) => b - a);
                        return (a + 0.05) / (b + 0.05);
                    };
                    const texts = document.querySelectorAll('h1, h2, p, dt, dd, .state, code');
                    return {
                        page: getComputedStyle(document.body).backgroundColor,
                        contrast: Math.min(...[...texts].map(contrast)),
                        wide: document.documentElement.scrollWidth > innerWidth,
                    };
                })()",
            );
            assert_eq!(
                looks["wide"],
                json!(false),
                "{scheme} {width}: it scrolls sideways"
            );
            // What WCAG 2.2 asks of text, level AA.
            let contrast = looks["contrast"].as_f64().unwrap();
            assert!(contrast >= 4.5, "{scheme} {width}: contrast {contrast}");
            seen.push(looks["page"].clone());
        }
    }
    assert_ne!(seen[0], seen[2], "dark looks like light");
}

/// Tab goes from video to video, and shows where it is.
fn check_keys(page: &mut Page<'_>) {
    let mut reached = Vec::new();
    for _ in 0..40 {
        for kind in ["rawKeyDown", "keyUp"] {
            page.call(
                "Input.dispatchKeyEvent",
                &json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}),
            );
        }
        let label = page.evaluate("document.activeElement.getAttribute('aria-label')");
        if !label.is_null() && !reached.contains(&label) {
            reached.push(label);
        }
    }
    let of = |name: &str| json!(format!("The video made of {name}"));
    assert_eq!(reached, [of("portrait.jpg"), of("cat.png")]);
}

/// The one that has the focus plays when a key says so.
fn check_plays(page: &mut Page<'_>) {
    let played = page.evaluate(
        "(async () => {
            const video = document.querySelector('video');
            video.muted = true;
            await video.play();
            await new Promise(done => video.ontimeupdate = () => video.currentTime > 0 && done());
            return video.videoWidth > 0;
        })()",
    );
    assert_eq!(played, json!(true));
}

#[test]
fn the_page_shows_all_and_asks_nobody() {
    let here = report_page();
    let mut browser = Browser::start();
    let mut page = browser.open(&here.path().join("page.html"));
    check_content(&mut page);
    check_looks(&mut page);
    check_keys(&mut page);
    check_plays(&mut page);
    let events = page.events();
    let of = |method: &str| -> Vec<Value> {
        let found = events.iter().filter(|event| event["method"] == method);
        found.map(|event| event["params"].clone()).collect()
    };
    // Nothing to complain of, be it of the page's own policy.
    assert_eq!(of("Log.entryAdded"), [Value::Null; 0]);
    assert_eq!(of("Runtime.consoleAPICalled"), [Value::Null; 0]);
    assert_eq!(of("Runtime.exceptionThrown"), [Value::Null; 0]);
    let asked: Vec<String> = of("Network.requestWillBeSent")
        .iter()
        .map(|request| request["request"]["url"].as_str().unwrap().to_owned())
        .collect();
    let elsewhere: Vec<_> = asked
        .iter()
        .filter(|url| !url.starts_with("data:"))
        .collect();
    assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
    assert!(elsewhere[0].ends_with("/page.html"), "{elsewhere:?}");
}

/// The policy holds even if an attribute got through: nothing is run, nobody asked.
#[test]
fn the_policy_lets_no_script_run_and_nothing_out() {
    let here = report_page();
    let path = here.path().join("page.html");
    let text = std::fs::read_to_string(&path).unwrap();
    let injected = "<img src=\"https://example.com/x.png\" onerror=\"document.title='hacked'\">\
                    <script>document.title='hacked'</script></main>";
    std::fs::write(&path, text.replace("</main>", injected)).unwrap();
    let mut browser = Browser::start();
    let mut page = browser.open(&path);
    let title = page.evaluate("new Promise(done => setTimeout(() => done(document.title), 200))");
    assert_eq!(title, json!("color_mixing: 2 done · 1 failed"));
    let events = page.events();
    let refused = events
        .iter()
        .filter(|event| event["method"] == "Log.entryAdded")
        .filter(|event| event.to_string().contains("Content Security Policy"));
    assert!(refused.count() >= 2, "the policy is not there");
}

/// What the service says of a failure stays text, too.
#[test]
fn a_reason_with_html_in_it_stays_text() {
    let evil = "<script>document.title='hacked'</script><b title='\\\"'>&lt;";
    let plan = format!("instant fail(\"{evil}\")");
    let mock = RunningMock::start(&["--provider", "kling", "--plan", &plan]);
    let here = tempfile::tempdir().unwrap();
    let ran = run(kling(here.path())
        .env("KLING_API_KEY", &mock.api_key)
        .args(["effect", "color_mixing", "--base-url", &mock.base_url])
        .args(["--report", "page.html"])
        .arg(picture("cat.png")));
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    let mut browser = Browser::start();
    let mut page = browser.open(&here.path().join("page.html"));
    let reason = page.evaluate("document.querySelector('.reason').textContent");
    let reason = reason.as_str().unwrap();
    let wanted = "failed: <script>document.title='hacked'</script><b title='\"'>&lt;";
    assert!(reason.contains(wanted), "{reason}");
    assert_eq!(
        page.evaluate("document.title"),
        json!("color_mixing: 1 failed")
    );
    assert_eq!(
        page.evaluate("document.querySelectorAll('script, b').length"),
        json!(0)
    );
}

/// The largest file that is put into a page, as docs/decisions.md tells.
const LARGEST_FILE: u32 = 24 * 1024 * 1024;

/// A video that is too large for the page is linked, and plays from where it is.
#[test]
fn a_large_video_is_played_from_its_file() {
    let mock = RunningMock::start(&["--provider", "kling", "--plan", "instant"]);
    let here = tempfile::tempdir().unwrap();
    let directory = here.path().join("my videos #1");
    std::fs::create_dir(&directory).unwrap();
    std::fs::copy(picture("cat.png"), here.path().join("cat.png")).unwrap();
    let effect = || {
        let mut command = kling(here.path());
        command
            .env("KLING_API_KEY", &mock.api_key)
            .args([
                "effect",
                "color_mixing",
                "cat.png",
                "--base-url",
                &mock.base_url,
            ])
            .args(["--report", "page.html", "--output-dir", "my videos #1"]);
        let ran = run(&mut command);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        std::fs::read_to_string(here.path().join("page.html")).unwrap()
    };
    assert!(effect().contains("src=\"data:video/mp4;base64,"));
    // A box that players skip.
    let video = directory.join("cat-color_mixing.mp4");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(video)
        .unwrap();
    file.write_all(&LARGEST_FILE.to_be_bytes()).unwrap();
    file.write_all(b"free").unwrap();
    file.write_all(&vec![0; LARGEST_FILE as usize - 8]).unwrap();
    // Not made again: it is there. The page is.
    let page = effect();
    assert!(page.contains("src=\"my%20videos%20%231/cat-color_mixing.mp4\""));

    let mut browser = Browser::start();
    let mut page = browser.open(&here.path().join("page.html"));
    let seen = page.evaluate(
        "(async () => {
            const video = document.querySelector('video');
            if (video.readyState < 1)
                await new Promise((done, fail) => {
                    video.onloadedmetadata = done;
                    video.onerror = () => fail(video.error.message);
                });
            return [video.duration, document.querySelector('dd a').textContent];
        })()",
    );
    assert_eq!(seen, json!([5, "my videos #1/cat-color_mixing.mp4"]));
}

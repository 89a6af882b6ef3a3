//! Requests, and what is wrong with each: a place and a rule, in order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_types::scene::{Date, LATEST_LIST};
use kling_types::validate::Checks;
use serde_json::{Map, Value, json};

use crate::pictures::{gif, plain_jpeg, png};

pub(crate) const URL: &str = "https://example.com/a.jpg";

/// A body, and the places and rules that it breaks: `/place rule.id; …`.
pub(crate) type Row = (Value, &'static str);

/// Every row, and by which checks.
pub(crate) fn cases() -> Vec<(Checks, Row)> {
    let default = [
        sound(),
        of_the_body(),
        of_the_scene(),
        of_the_number_of_images(),
        of_an_images_url(),
        of_base64(),
        of_a_picture(),
        of_the_options(),
        of_the_callback_and_the_id(),
        vec![everything_at_once()],
    ];
    let default = default
        .into_iter()
        .flatten()
        .map(|row| (Checks::default(), row));
    default.chain(by_other_checks()).collect()
}

/// A request for one image, with something changed in it.
pub(crate) fn single(changes: Value) -> Value {
    changed(image(URL), changes)
}

/// A request for two images, with something changed in it.
pub(crate) fn dual(changes: Value) -> Value {
    changed(images(json!([URL, URL])), changes)
}

pub(crate) fn image(image: impl Into<Value>) -> Value {
    json!({"effect_scene": "pet_lion_pro", "input": {"image": image.into()}})
}

fn images(images: Value) -> Value {
    json!({"effect_scene": "hug_pro", "input": {"images": images}})
}

/// Sets members of the body, and members of `input` by `input.NAME`.
fn changed(mut body: Value, changes: Value) -> Value {
    let changes: Map<String, Value> = serde_json::from_value(changes).expect("an object");
    for (key, value) in changes {
        match key.strip_prefix("input.") {
            Some(key) => body["input"][key] = value,
            None => body[key] = value,
        }
    }
    body
}

/// A picture that is fine.
fn picture() -> String {
    STANDARD.encode(png(640, 427))
}

/// The start of it, in a text that ends in a sign of padding.
fn padded() -> String {
    let text = STANDARD.encode(&png(640, 427)[..56]);
    assert!(text.ends_with('='));
    text
}

fn sound() -> Vec<Row> {
    vec![
        (single(json!({})), ""),
        (dual(json!({})), ""),
        (
            single(json!({"input.duration": "5", "input.mode": "std"})),
            "",
        ),
        (
            dual(json!({"input.duration": "10", "input.model_name": "kling-v1-6"})),
            "",
        ),
        (
            single(json!({"callback_url": "http://example.com:8080/hook?x=1"})),
            "",
        ),
        (single(json!({"external_task_id": "a..b/c d?é"})), ""),
        (
            single(json!({"new_member": {"x": null}, "input.new_member": 1})),
            "",
        ),
        (image("https://example.com/a%20b.jpg?sig=a|b#c"), ""),
        (image("HTTP://8.8.8.8/a.jpg"), ""),
        (image(picture()), ""),
        (image(padded()), ""),
    ]
}

fn of_the_body() -> Vec<Row> {
    vec![
        (json!([]), "(body) request.type"),
        (json!(null), "(body) request.type"),
        (
            json!({}),
            "/effect_scene scene.missing; /input input.missing",
        ),
        (single(json!({"input": ["x"]})), "/input input.type"),
        (single(json!({"input": null})), "/input input.type"),
    ]
}

fn of_the_scene() -> Vec<Row> {
    vec![
        (
            json!({"input": {"image": URL}}),
            "/effect_scene scene.missing",
        ),
        (
            single(json!({"effect_scene": ["hug"]})),
            "/effect_scene scene.type",
        ),
        (
            single(json!({"effect_scene": null})),
            "/effect_scene scene.type",
        ),
        (
            single(json!({"effect_scene": ""})),
            "/effect_scene scene.shape",
        ),
        (
            single(json!({"effect_scene": "pet lion"})),
            "/effect_scene scene.shape",
        ),
        (
            single(json!({"effect_scene": "pet_lion\u{7}"})),
            "/effect_scene scene.shape",
        ),
        (
            single(json!({"effect_scene": "of_tomorrow"})),
            "/effect_scene scene.unknown",
        ),
        (
            dual(json!({"effect_scene": "of_tomorrow"})),
            "/effect_scene scene.unknown",
        ),
        (
            dual(json!({"effect_scene": "hug"})),
            "/effect_scene scene.retired",
        ),
    ]
}

fn of_the_number_of_images() -> Vec<Row> {
    let wrong_shape = json!({"effect_scene": "hug_pro", "input": {"image_urls": [URL]}});
    vec![
        (single(json!({"input": {}})), "/input/image image.missing"),
        (dual(json!({"input": {}})), "/input/images image.missing"),
        (wrong_shape, "/input/images image.missing"),
        (
            single(json!({"effect_scene": "hug_pro"})),
            "/input/image scene.arity",
        ),
        (
            dual(json!({"effect_scene": "pet_lion_pro"})),
            "/input/images scene.arity",
        ),
        (images(json!("x")), "/input/images images.type"),
        (images(json!(null)), "/input/images images.type"),
        (images(json!([])), "/input/images images.count"),
        (images(json!([URL])), "/input/images images.count"),
        (
            images(json!([URL, 5, URL])),
            "/input/images images.count; /input/images/1 image.type",
        ),
        (
            single(json!({"input.images": [URL, URL]})),
            "/input image.both",
        ),
        (
            changed(
                image("data:image/png;base64,AAAA"),
                json!({"input.images": [URL]}),
            ),
            "/input image.both; /input/image image.data_prefix; /input/images images.count",
        ),
        // A null is no second choice, but it is to be left out.
        (
            dual(json!({"input.image": null})),
            "/input/image image.type",
        ),
        (
            single(json!({"input.images": null})),
            "/input/images images.type",
        ),
    ]
}

fn of_an_images_url() -> Vec<Row> {
    vec![
        (image(json!({"url": URL})), "/input/image image.type"),
        (image(json!(null)), "/input/image image.type"),
        (image(""), "/input/image image.empty"),
        (image("https://"), "/input/image image.url"),
        (
            image("https://exa mple.com/a.jpg"),
            "/input/image image.url",
        ),
        (
            image("https://bücher.example/a.jpg"),
            "/input/image image.url",
        ),
        (
            image("https://example.com:99999/a.jpg"),
            "/input/image image.url",
        ),
        (
            image("https://example.com:/a.jpg"),
            "/input/image image.url",
        ),
        (image("https://user@/a.jpg"), "/input/image image.url"),
        (
            image(" https://example.com/a.jpg"),
            "/input/image image.url",
        ),
        (image("\nftp://example.com/a.jpg"), "/input/image image.url"),
        (
            image("ftp://example.com/a.jpg"),
            "/input/image image.url_scheme",
        ),
        (image("file:///etc/passwd"), "/input/image image.url_scheme"),
        (
            image("http://localhost/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://me.LOCALHOST.:80/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://127.1.2.3/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://0.0.0.0/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://192.168.1.2/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://169.254.1.2/a.jpg"),
            "/input/image image.url_local",
        ),
        (image("http://[::1]/a.jpg"), "/input/image image.url_local"),
        (image("http://[::]/a.jpg"), "/input/image image.url_local"),
        (
            image("http://[fd00::1]:8080/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://[fe80::1]/a.jpg"),
            "/input/image image.url_local",
        ),
        (
            image("http://[::ffff:10.0.0.1]/a.jpg"),
            "/input/image image.url_local",
        ),
        (image("http://[2606:4700::1111]/a.jpg"), ""),
    ]
}

fn of_base64() -> Vec<Row> {
    let url_safe = STANDARD.encode(plain_jpeg(640, 427)).replace('/', "_");
    assert!(url_safe.contains('_'));
    let picture = picture();
    let (start, end) = picture.split_at(4);
    vec![
        (
            image(format!("data:image/png;base64,{picture}")),
            "/input/image image.data_prefix",
        ),
        (
            image(format!("DATA:,{picture}\n")),
            "/input/image image.data_prefix; /input/image image.whitespace",
        ),
        (
            image(format!(" data:image/png;base64,{picture}")),
            "/input/image image.data_prefix; /input/image image.whitespace",
        ),
        (
            image("data:"),
            "/input/image image.data_prefix; /input/image image.empty",
        ),
        (
            image(format!("{picture}\n")),
            "/input/image image.whitespace",
        ),
        (
            image(" "),
            "/input/image image.whitespace; /input/image image.empty",
        ),
        (image(url_safe), "/input/image image.url_safe_alphabet"),
        (image("photo.jpg"), "/input/image image.not_base64"),
        (
            image("www.example.com/a.jpg"),
            "/input/image image.not_base64",
        ),
        (image("päckchen"), "/input/image image.not_base64"),
        (
            image(padded().trim_end_matches('=')),
            "/input/image image.padding",
        ),
        (image(format!("{picture}=")), "/input/image image.padding"),
        (
            image(format!("{start}===={end}")),
            "/input/image image.padding",
        ),
        (
            image(format!("{picture}A===")),
            "/input/image image.padding",
        ),
        (image("===="), "/input/image image.empty"),
    ]
}

fn of_a_picture() -> Vec<Row> {
    let picture = |bytes: &[u8]| image(STANDARD.encode(bytes));
    vec![
        (picture(&gif()), "/input/image image.format"),
        (image("AAAA"), "/input/image image.format"),
        (picture(&png(640, 427)[..20]), "/input/image image.damaged"),
        (picture(&png(300, 299)), "/input/image image.pixels"),
        (picture(&png(0, 0)), "/input/image image.pixels"),
        (picture(&png(20_000, 20_000)), "/input/image image.huge"),
        (picture(&png(1_000, 300)), "/input/image image.aspect"),
        (
            picture(&plain_jpeg(100, 300)),
            "/input/image image.pixels; /input/image image.aspect",
        ),
    ]
}

fn of_the_options() -> Vec<Row> {
    vec![
        (
            single(json!({"input.model_name": 1})),
            "/input/model_name model.type",
        ),
        (
            single(json!({"input.model_name": "kling-v3"})),
            "/input/model_name model.unknown",
        ),
        (single(json!({"input.mode": null})), "/input/mode mode.type"),
        (
            single(json!({"input.mode": "standard"})),
            "/input/mode mode.unknown",
        ),
        (
            single(json!({"input.duration": 5})),
            "/input/duration duration.type",
        ),
        (
            single(json!({"input.duration": null})),
            "/input/duration duration.type",
        ),
        (
            single(json!({"input.duration": ["5"]})),
            "/input/duration duration.type",
        ),
        (
            single(json!({"input.duration": ""})),
            "/input/duration duration.shape",
        ),
        (
            single(json!({"input.duration": "5s"})),
            "/input/duration duration.shape",
        ),
        (
            single(json!({"input.duration": "NaN"})),
            "/input/duration duration.shape",
        ),
        (
            single(json!({"input.duration": "-5"})),
            "/input/duration duration.shape",
        ),
        (
            single(json!({"input.duration": "5."})),
            "/input/duration duration.shape",
        ),
        (
            single(json!({"input.duration": "5.0"})),
            "/input/duration duration.unknown",
        ),
        (
            single(json!({"input.duration": "05"})),
            "/input/duration duration.unknown",
        ),
    ]
}

fn of_the_callback_and_the_id() -> Vec<Row> {
    let id = |id: &str| single(json!({"external_task_id": id}));
    vec![
        (
            single(json!({"callback_url": 5})),
            "/callback_url callback.type",
        ),
        (
            single(json!({"callback_url": ""})),
            "/callback_url callback.url",
        ),
        (
            single(json!({"callback_url": "/hook"})),
            "/callback_url callback.url",
        ),
        (
            single(json!({"callback_url": "example.com/hook"})),
            "/callback_url callback.url",
        ),
        (
            single(json!({"callback_url": "ftp://example.com"})),
            "/callback_url callback.url",
        ),
        (
            single(json!({"external_task_id": 7})),
            "/external_task_id external_id.type",
        ),
        (id(""), "/external_task_id external_id.empty"),
        (id(&"x".repeat(256)), ""),
        (id(&"x".repeat(257)), "/external_task_id external_id.length"),
        (id("a\nb"), "/external_task_id external_id.control"),
        (id("a\u{85}b"), "/external_task_id external_id.control"),
        (id("."), "/external_task_id external_id.dots"),
        (id(".."), "/external_task_id external_id.dots"),
    ]
}

fn everything_at_once() -> Row {
    let body = json!({
        "effect_scene": "hug",
        "input": {
            "model_name": 1,
            "mode": "x",
            "images": ["", "ftp://example.com", " "],
            "duration": 5,
        },
        "callback_url": "x",
        "external_task_id": "",
    });
    let expected = "/effect_scene scene.retired; /input/model_name model.type; \
        /input/mode mode.unknown; /input/images images.count; /input/images/0 image.empty; \
        /input/images/1 image.url_scheme; /input/images/2 image.whitespace; \
        /input/images/2 image.empty; /input/duration duration.type; \
        /callback_url callback.url; /external_task_id external_id.empty";
    (body, expected)
}

fn by_other_checks() -> Vec<(Checks, Row)> {
    let on = |year, month, day| Checks::default().as_of(Date::new(year, month, day));
    let comet = Checks::default().with_duration_required(true);
    let blind = Checks::default().with_pictures(false);
    let hug = dual(json!({"effect_scene": "hug"}));
    let wrong = single(json!({"effect_scene": "hug_pro"}));
    let small = image(STANDARD.encode(plain_jpeg(100, 300)));
    vec![
        (
            comet.clone(),
            (single(json!({})), "/input/duration duration.missing"),
        ),
        (comet, (single(json!({"input.duration": "5"})), "")),
        (on(2025, 12, 12), (hug.clone(), "")),
        // Neither known to be there nor to be gone.
        (on(2026, 1, 15), (hug.clone(), "")),
        (on(2026, 1, 30), (hug, "/effect_scene scene.retired")),
        // Not there yet, which is no reason to warn.
        (on(2025, 1, 1), (dual(json!({})), "")),
        // The catalogue may be too old to know.
        (
            Checks::default().as_of(LATEST_LIST),
            (wrong.clone(), "/input/image scene.arity"),
        ),
        (on(2026, 9, 21), (wrong, "/input/image scene.arity_dated")),
        (blind.clone(), (small, "")),
        (blind, (image("photo.jpg"), "/input/image image.not_base64")),
    ]
}

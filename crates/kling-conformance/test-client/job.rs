//! The client's job: create, poll, save.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Fault;
use crate::wire::{Answer, send};

/// The ids by which a lost create is looked up, and a paid task resumed.
#[derive(Default)]
pub(crate) struct Ids {
    pub(crate) task_id: Option<String>,
    pub(crate) external_task_id: Option<String>,
}

pub(crate) struct Job {
    pub(crate) fault: Fault,
    pub(crate) ids: Ids,
    effects: String,
    is_kling: bool,
    key: String,
    scene: String,
    images: Vec<String>,
    output: String,
    interval: Duration,
    timeout: Duration,
}

/// The number of attempts for a request that can safely be retried.
const TRIES: usize = 4;

impl Job {
    pub(crate) fn from_env(fault: Fault) -> Option<Self> {
        let get = |name: &str| std::env::var(name).ok();
        let seconds = |name: &str| Duration::try_from_secs_f64(get(name)?.parse().ok()?).ok();
        let is_kling = get("KLING_PROVIDER")? == "kling";
        let prefix = if is_kling { "" } else { "/kling" };
        Some(Job {
            fault,
            ids: Ids::default(),
            effects: format!("{}{prefix}/v1/videos/effects", get("KLING_BASE_URL")?),
            is_kling,
            key: get("KLING_API_KEY").or_else(|| get("COMETAPI_KEY"))?,
            scene: get("KLING_SCENE")?,
            images: get("KLING_IMAGES")?.split(' ').map(str::to_owned).collect(),
            output: get("KLING_OUTPUT")?,
            interval: seconds("KLING_POLL_INTERVAL")?,
            timeout: seconds("KLING_TIMEOUT")?,
        })
    }

    fn is(&self, fault: &str) -> bool {
        self.fault.is(fault)
    }

    pub(crate) async fn run(&mut self) -> Result<(), String> {
        if self.is("prints the key") {
            eprint(&format!("using {}", self.key));
        }
        if self.is("rejects unknown scenes") && self.scene.ends_with("tomorrow") {
            return Err("no such scene".to_owned());
        }
        let mut ended = self.attempt().await;
        let again = match &ended {
            Err(why) if why.starts_with("the task failed") => "creates again after a failure",
            Err(why) if why.starts_with("no video") => "creates again after a failed download",
            _ => "",
        };
        if !again.is_empty() && self.is(again) {
            ended = self.attempt().await;
        }
        ended
    }

    async fn attempt(&mut self) -> Result<(), String> {
        let body = self.body()?;
        let id = self.create(&body).await?;
        self.ids.task_id = Some(id.clone());
        let url = match self.wait(&id).await {
            Err(why)
                if why.starts_with("the task failed") && self.is("failed task is a success") =>
            {
                return Ok(());
            }
            Err(why)
                if why.starts_with("the task continues")
                    && self.is("no task id after a timeout") =>
            {
                self.ids.task_id = None;
                return Err("time is up".to_owned());
            }
            waited => waited?,
        };
        self.save(&url).await
    }

    fn body(&mut self) -> Result<Value, String> {
        let mut images = Vec::new();
        for image in &self.images {
            images.push(if image.starts_with("https://") {
                json!(image)
            } else {
                json!(self.picture(image)?)
            });
        }
        if self.is("images in reverse order") {
            images.reverse();
        }
        let mut input = match images.as_slice() {
            [one] => json!({"image": one}),
            _ => json!({ "images": images }),
        };
        if self.is("duration as a number") {
            input["duration"] = json!(5);
        } else if !self.is_kling {
            input["duration"] = json!("5");
        }
        let mut body = json!({"effect_scene": self.scene, "input": input});
        if self.is("another request format") {
            body = json!({"input": {"effect_scene": self.scene, "image_urls": images}});
        }
        if self.is("null for an unset member") {
            body["callback_url"] = Value::Null;
        }
        if self.is("the same external id for every job") {
            self.ids.external_task_id = Some("my-job".to_owned());
        } else if !self.is("no external id") {
            let id = kling_http::generate_external_task_id().to_string();
            self.ids.external_task_id = Some(id);
        }
        if let Some(id) = &self.ids.external_task_id {
            body["external_task_id"] = json!(id);
        }
        Ok(body)
    }

    fn picture(&self, path: &str) -> Result<String, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        // Only the size of a PNG is checked; a JPEG is left to the service.
        let side = |at: usize| {
            let four = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(four))
        };
        let is_png = bytes.starts_with(b"\x89PNG");
        let small = [side(16), side(20)]
            .into_iter()
            .flatten()
            .any(|side| side < 300);
        if is_png && small && !self.is("does not check the image size") {
            return Err("the picture is too small".to_owned());
        }
        let text = STANDARD.encode(bytes);
        Ok(if self.is("a data: prefix") {
            format!("data:image/jpeg;base64,{text}")
        } else {
            text
        })
    }

    fn headers(&self) -> String {
        let scheme = if self.is("no Bearer scheme") {
            "Token"
        } else {
            "Bearer"
        };
        format!("Authorization: {scheme} {}\r\n", self.key)
    }

    /// The task's id.
    async fn create(&mut self, body: &Value) -> Result<String, String> {
        let kind = if self.is("no content type") {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let headers = format!("{}{kind}", self.headers());
        for _ in 0..TRIES {
            let mut body = body.clone();
            let answer = send("POST", &self.effects, &headers, &body.to_string()).await;
            let defect = match &answer {
                None => "creates again after a reset",
                Some(answer) if answer.status == 500 => "creates again after a 500",
                Some(answer) if answer.json().is_object() => "",
                Some(answer) if self.is("empty response is a refusal") => {
                    return Err(answer.message());
                }
                Some(_) => "creates again after an empty response",
            };
            if !defect.is_empty() {
                if self.is(defect) {
                    body["external_task_id"] = json!("another");
                    let answer = send("POST", &self.effects, &headers, &body.to_string()).await;
                    return id_of(&answer.ok_or("lost again")?);
                }
                return self.look_up().await;
            }
            let Some(answer) = answer else { continue };
            if let Ok(id) = id_of(&answer) {
                return Ok(id);
            }
            let code = answer.json()["code"].as_i64();
            let again = match code {
                Some(1302) => !self.is("does not retry when busy"),
                Some(1102) => self.is("retries every 429"),
                Some(1301) => self.is("retries every 400"),
                _ => answer.status == 401 && self.is("retries every 401"),
            };
            if answer.status == 200 && self.is("HTTP 200 is always a success") {
                return Ok("undefined".to_owned());
            }
            if !again {
                return Err(if self.is("hides the refusal's message") {
                    "something went wrong".to_owned()
                } else {
                    answer.message()
                });
            }
            self.pause(&answer, "ignores Retry-After of a create").await;
        }
        Err("refused again and again".to_owned())
    }

    /// What became of a create that was not answered.
    async fn look_up(&mut self) -> Result<String, String> {
        let external = self.ids.external_task_id.clone();
        if self.is("no external id after a lost create") {
            self.ids.external_task_id = None;
        }
        let Some(external) =
            external.filter(|_| self.is_kling && !self.is("never looks up a lost create"))
        else {
            return Err("the task may have been created".to_owned());
        };
        let url = format!("{}/{external}", self.effects);
        let answer = send("GET", &url, &self.headers(), "").await;
        id_of(&answer.ok_or("the task may have been created")?)
    }

    async fn pause(&self, answer: &Answer, fault: &str) {
        if !self.is(fault) {
            sleep(answer.retry_after.unwrap_or(self.interval)).await;
        }
    }

    /// The video's address.
    async fn wait(&self, id: &str) -> Result<String, String> {
        let began = Instant::now();
        let shown = if self.is("task id as a number") {
            // As JavaScript prints it.
            format!("{}", id.parse::<f64>().unwrap_or_default())
        } else {
            id.to_owned()
        };
        let mut url = format!("{}/{shown}", self.effects);
        if self.is("another query path") {
            url = url.replace("/effects/", "/image2video/");
        }
        loop {
            if began.elapsed() >= self.timeout && !self.is("ignores the timeout") {
                return Err(format!("the task continues: {id}"));
            }
            if !self.is("ignores the polling interval") {
                sleep(self.interval).await;
            }
            let answer = send("GET", &url, &self.headers(), "").await;
            let Some(answer) = answer.filter(|answer| answer.status < 500) else {
                if self.is("gives up after a failed query") {
                    return Err("a query failed".to_owned());
                }
                continue;
            };
            if answer.status == 429 {
                self.pause(&answer, "ignores Retry-After of a query").await;
                continue;
            }
            if answer.status >= 400 {
                return Err(answer.message());
            }
            if let Some(ended) = self.ended(&answer) {
                if self.is("queries after the terminal status") {
                    send("GET", &url, &self.headers(), "").await;
                }
                return ended;
            }
        }
    }

    /// How the task ended, if it did.
    fn ended(&self, answer: &Answer) -> Option<Result<String, String>> {
        let json = answer.json();
        let mut task = &json["data"];
        while task["data"].is_object() && !self.is("ignores the additional envelope") {
            task = &task["data"];
        }
        if task["task_result"].is_null()
            && task.get("task_result").is_some()
            && self.is("rejects null members")
        {
            return Some(Err("null has no videos".to_owned()));
        }
        match task["task_status"].as_str().unwrap_or_default() {
            "succeed" if task["task_result"].is_null() && self.is("success without a video") => {
                Some(Ok(String::new()))
            }
            "succeed" => {
                let url = task["task_result"]["videos"][0]["url"].as_str();
                Some(
                    url.map(str::to_owned)
                        .ok_or_else(|| "it made nothing".to_owned()),
                )
            }
            "failed" if self.is("hides the failure reason") => {
                Some(Err("the task failed".to_owned()))
            }
            "failed" => {
                let why = task["task_status_msg"].as_str().unwrap_or_default();
                Some(Err(format!("the task failed: {why}")))
            }
            "submitted" | "processing" => None,
            other if self.is("unknown status is terminal") => Some(Err(format!("status {other}"))),
            "paused" if self.is("unknown status is a success") => Some(Ok(String::new())),
            _ => None,
        }
    }

    async fn save(&self, url: &str) -> Result<(), String> {
        if self.is("saves no file") || url.is_empty() {
            return Ok(());
        }
        let headers = if self.is("sends the key with the download") {
            self.headers()
        } else {
            String::new()
        };
        let tries = if self.is("does not retry the download") {
            1
        } else {
            TRIES
        };
        for _ in 0..tries {
            let Some(file) = send("GET", url, &headers, "").await else {
                continue;
            };
            let refused = file.status >= 400 && !self.is("saves an error response");
            if refused {
                return Err(format!("no video: HTTP {}", file.status));
            }
            if file.is_whole || self.is("accepts a partial file") {
                let saved = std::fs::write(&self.output, &file.body);
                return saved.map_err(|error| error.to_string());
            }
        }
        Err("no video: it broke off".to_owned())
    }
}

/// The task id in an answer, or the error.
fn id_of(answer: &Answer) -> Result<String, String> {
    let json = answer.json();
    let id = json["data"]["task_id"].as_str();
    match id {
        Some(id) if json["code"] == 0 => Ok(id.to_owned()),
        _ => Err(answer.message()),
    }
}

fn eprint(line: &str) {
    // The reader may have closed the pipe.
    let _ = writeln!(std::io::stderr(), "{line}");
}

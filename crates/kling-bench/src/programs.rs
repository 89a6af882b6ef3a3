//! `kling mock` compared with programs in other languages: start-up time, idle memory, and
//! CPU time of a query. Only with `--all DIR`, where `cargo xtask bench --all` installs
//! them.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::measure::{Stopwatch, micros, size};
use crate::mock::poll::ask;
use crate::report::{Goal, Report, Row};

const ID: &str = "878106242831892487";
/// Enough for just-in-time compilation to finish, and for a clock with 10 ms ticks.
const WARMING: usize = size(100, 1);
const ROUNDS: usize = size(300, 3);
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server and the request to send. Killed on drop.
struct Program {
    child: Child,
    address: SocketAddr,
    path: String,
    key: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Start = fn(&Path) -> Result<Program, Box<dyn Error>>;

static PROGRAMS: &[(&str, Start)] = &[
    ("kling mock", kling),
    ("Prism 5.12, Node", prism),
    ("WireMock 3.13, Java", wiremock),
];

pub(crate) fn run(report: &mut Report, directory: &Path) -> Result<(), Box<dyn Error>> {
    for (name, start) in PROGRAMS {
        eprintln!("{name} ...");
        let watch = Stopwatch::wall();
        let program = start(directory)?;
        while !program.answers() {
            if watch.spent() > PATIENCE {
                return Err(format!("{name} does not answer").into());
            }
        }
        let ready = watch.millis();
        let idle = program.resident().ok_or("no memory to read")?;
        for (what, unit, ours) in [
            ("until it answers", "ms", ready),
            ("memory when idle", "MiB", idle),
            ("CPU of a query over TCP", "µs", program.cost()?),
        ] {
            report.add(Row {
                what: format!("{name}: {what}"),
                unit,
                ours,
                baseline: None,
                ratio: None,
                goal: Goal::None,
            });
        }
    }
    Ok(())
}

impl Program {
    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else {
            return false;
        };
        let mut answer = [0; 12];
        write!(
            stream,
            "GET {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.path, self.address, self.key
        )
        .and_then(|()| stream.read_exact(&mut answer))
        .is_ok_and(|()| answer == *b"HTTP/1.1 200")
    }

    fn proc(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).ok()
    }

    /// The resident memory in MiB.
    #[allow(clippy::cast_precision_loss)] // Far below 2^53.
    fn resident(&self) -> Option<f64> {
        let statm = self.proc("statm")?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some((pages * 4096) as f64 / f64::from(1 << 20))
    }

    /// The CPU time that it has used, in ticks of 10 ms.
    fn spent(&self) -> Option<Duration> {
        let stat = self.proc("stat")?;
        // The name in parentheses may contain spaces; the times are the 14th and 15th fields.
        let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = fields.get(11..13)?.iter().map(|it| it.parse::<u64>().ok());
        Some(Duration::from_millis(10 * ticks.sum::<Option<u64>>()?))
    }

    fn cost(&self) -> Result<f64, Box<dyn Error>> {
        ask(self.address, &self.path, &self.key, WARMING)?;
        let before = self.spent().ok_or("no time to read")?;
        let asked = ask(self.address, &self.path, &self.key, ROUNDS)?;
        let after = self.spent().ok_or("no time to read")?;
        Ok(micros(after.saturating_sub(before), asked))
    }
}

fn kling(_: &Path) -> Result<Program, Box<dyn Error>> {
    let program = std::env::current_exe()?.with_file_name("kling");
    let mut child = spawn(Command::new(program).args(["mock", "--listen", "127.0.0.1:0"]))?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or("no output")?;
    BufReader::new(output).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line)?;
    let text = |key: &str| ready.get(key).and_then(Value::as_str).unwrap_or_default();
    let address = text("base_url").trim_start_matches("http://").parse()?;
    let key = text("api_key").to_owned();
    let id = create(address, &key)?;
    Ok(Program {
        child,
        address,
        path: format!("/kling/v1/videos/effects/{id}"),
        key,
    })
}

/// Creates a task to query.
fn create(address: SocketAddr, key: &str) -> Result<String, Box<dyn Error>> {
    let body = json!({
        "effect_scene": "color_mixing",
        "input": {"image": "https://example.com/me.jpg", "duration": "5"},
    });
    let request = reqwest::Client::builder().no_proxy().build()?;
    let request = request
        .post(format!("http://{address}/kling/v1/videos/effects"))
        .bearer_auth(key)
        .body(body.to_string());
    let answer = crate::mock::block_on(async { request.send().await?.bytes().await })?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let id = answer.pointer("/data/task_id").and_then(Value::as_str);
    Ok(id.ok_or("no task")?.to_owned())
}

/// Answers according to the published OpenAPI document.
fn prism(directory: &Path) -> Result<Program, Box<dyn Error>> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/openapi.json");
    let address = free()?;
    let mut command = Command::new(directory.join("node_modules/.bin/prism"));
    let port = address.port().to_string();
    let command = command
        .args(["mock", "-v", "silent", "-p", &port])
        .arg(schema);
    Ok(Program {
        child: spawn(command)?,
        address,
        path: format!("/v1/videos/effects/{ID}"),
        key: "key".to_owned(),
    })
}

/// Answers with a fixed body.
fn wiremock(directory: &Path) -> Result<Program, Box<dyn Error>> {
    let packed = directory.join("node_modules/wiremock/build");
    let jar = std::fs::read_dir(packed)?
        .flatten()
        .map(|entry| entry.path());
    let jar = jar
        .into_iter()
        .find(|path| path.extension().is_some_and(|it| it == "jar"));
    let path = format!("/v1/videos/effects/{ID}");
    let root = directory.join("wiremock");
    std::fs::create_dir_all(root.join("mappings"))?;
    let mapping = json!({
        "request": {
            "method": "GET",
            "urlPath": path,
            "headers": {"Authorization": {"equalTo": "Bearer key"}},
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "jsonBody": {"code": 0, "message": "SUCCEED", "request_id": "0", "data": {
                "task_id": ID, "task_status": "processing", "task_info": {}, "task_result": {},
                "created_at": 1_777_385_361_501_u64, "updated_at": 1_777_385_363_321_u64,
            }},
        },
    });
    std::fs::write(root.join("mappings/query.json"), mapping.to_string())?;
    let address = free()?;
    let mut command = Command::new("java");
    let command = command
        .arg("-jar")
        .arg(jar.ok_or("no jar of WireMock")?)
        .args([
            "--port",
            &address.port().to_string(),
            "--bind-address",
            "127.0.0.1",
        ])
        .args(["--use-chunked-encoding", "never", "--root-dir"])
        .arg(root);
    Ok(Program {
        child: spawn(command)?,
        address,
        path,
        key: "key".to_owned(),
    })
}

fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let quiet = command.stdout(Stdio::piped()).stderr(Stdio::null());
    quiet.stdin(Stdio::null()).spawn()
}

/// A free address, for programs that need one as an argument.
fn free() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

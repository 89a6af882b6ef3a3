//! Every example of every crate is run, against `kling mock` where it wants a
//! service.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::run::{RunningMock, run};

fn crates() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The crates' examples, by crate and name.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for krate in std::fs::read_dir(crates()).unwrap() {
        let krate = krate.unwrap();
        let Ok(examples) = std::fs::read_dir(krate.path().join("examples")) else {
            continue;
        };
        for example in examples {
            let path = example.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            found.push((
                krate.file_name().to_str().unwrap().to_owned(),
                name.to_owned(),
            ));
        }
    }
    found.sort();
    found
}

/// Where the built examples are. `cargo test --workspace` has built them; cargo
/// is asked again for those who test this crate alone.
pub(crate) fn built() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--workspace", "--examples", "--offline", "--quiet"]);
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let built = run(&mut command);
        assert_eq!(built.code, Some(0), "{}", built.stderr);
        let kling = Path::new(env!("CARGO_BIN_EXE_kling"));
        kling.with_file_name("examples")
    };
    BUILT.get_or_init(build).clone()
}

#[test]
fn every_example_runs_offline() {
    let sources = sources();
    assert!(sources.len() >= 8, "{sources:?}");
    let fixtures = crates().join("../fixtures");
    let mock = RunningMock::start(&["--speed", "10"]);
    for (krate, name) in sources {
        let here = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&fixtures, here.path().join("fixtures")).unwrap();
        let mut example = Command::new(built().join(&name));
        example
            .current_dir(here.path())
            .env_clear()
            .env("KLING_BASE_URL", &mock.base_url)
            .env("COMETAPI_KEY", &mock.api_key)
            // The one that `kling conformance client` calls is told its job.
            .env("KLING_PROVIDER", "comet")
            .env("KLING_SCENE", "color_mixing")
            .env("KLING_IMAGES", "fixtures/media/portrait.jpg")
            .env("KLING_OUTPUT", here.path().join("out.mp4"))
            .env("KLING_POLL_INTERVAL", "0.2")
            .env("KLING_TIMEOUT", "60");
        let ran = run(&mut example);
        let (out, err) = (&ran.stdout, &ran.stderr);
        assert_eq!(ran.code, Some(0), "{krate}, {name}: {out}{err}");
        assert_ne!(*out, "", "{krate}, {name} says nothing");
    }
}

/// They are all in one folder once built.
#[test]
fn no_two_examples_have_one_name() {
    let mut names: Vec<_> = sources().into_iter().map(|(_, name)| name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
}

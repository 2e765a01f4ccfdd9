//! Emulators for tests: started on a free port, gone when the test is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

pub(crate) const REGION: &str = "us-east-1";

/// A profile of rules of which it is known exactly what they say of the sample account.
pub(crate) const FOLLOWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/profiles/followed.yaml");

/// A running emulator.
pub(crate) struct Emulator {
    name: &'static str,
    pub(crate) endpoint: String,
    dir: PathBuf,
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Emulator {
    /// Starts an emulator. `None` if it is not to be had on this machine; in CI that is a failure.
    pub(crate) fn start(name: &'static str, settings: &[&str]) -> Option<Self> {
        let mut command = Command::new(repository().join("localstack/emulator"));
        command.args(["start", name, "--parent", &std::process::id().to_string()]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = command.stderr(Stdio::inherit()).output().expect("localstack/emulator runs");
        if output.status.code() == Some(4) && std::env::var_os("CI").is_none() {
            return None;
        }
        assert!(output.status.success(), "{name} does not start");
        let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        Some(Self {
            name,
            endpoint: line["endpoint"].as_str().unwrap().to_owned(),
            dir: line["dir"].as_str().unwrap().into(),
        })
    }

    /// Runs one of the Python scripts in `localstack/` against it.
    pub(crate) fn script(&self, script: &str, extra: &[&str]) -> serde_json::Value {
        let path = repository().join("localstack").join(script);
        let arguments = [path.to_str().unwrap(), "--endpoint", &self.endpoint, "--region", REGION];
        serde_json::from_str(&self.python(&[&arguments, extra].concat())).unwrap()
    }

    /// Runs Python with boto3 against it; the answer is what it prints.
    pub(crate) fn python(&self, arguments: &[&str]) -> String {
        let python =
            Command::new(repository().join("localstack/emulator")).args(["python", self.name]).output().unwrap();
        let output = Command::new(String::from_utf8(python.stdout).unwrap().trim())
            .args(arguments)
            .env("NO_PROXY", "127.0.0.1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let mut stop = Command::new(repository().join("localstack/emulator"));
        let _ = stop.args(["stop", "--dir"]).arg(&self.dir).stderr(Stdio::null()).status();
    }
}

/// The real binary, with nothing of this machine's AWS configuration.
pub(crate) fn driftline(endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("driftline").unwrap();
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("DRIFTLINE_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("DRIFTLINE_PROGRESS", "never")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "*")
        .current_dir(repository());
    command
}

/// Exit code, and the JSON report if there is one.
pub(crate) fn run(endpoint: &str, arguments: &[&str]) -> (i32, serde_json::Value) {
    let output: Output = driftline(endpoint, arguments).args(["--format", "json"]).output().unwrap();
    let code = output.status.code().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("exit {code}: {}", String::from_utf8_lossy(&output.stderr)));
    (code, report)
}

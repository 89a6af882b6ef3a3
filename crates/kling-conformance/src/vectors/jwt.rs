//! Vectors of JWTs, signed and verified by `kling-mock`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use kling_http::{Clock, Transport as _};
use kling_mock::{Account, Mock, Profile, sign_jwt};
use serde_json::{Value, json};

use super::block_on_paused_clock;
use super::task::verdict;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    match test.get("sign") {
        Some(input) => sign(input),
        None => verify(&test["verify"]),
    }
}

fn sign(input: &Value) -> Result<Value, String> {
    let text = |key: &str| input[key].as_str().ok_or(format!("{key} is not a string"));
    let now = input["now"].as_i64().ok_or("`now` is not a number")?;
    let token = sign_jwt(text("access_key")?, text("secret_key")?, now);
    let part = |index: usize| -> Option<Value> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token.split('.').nth(index)?)
            .ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    Ok(json!({"result": "valid", "header": part(0), "claims": part(1), "token": token}))
}

/// The service's answer to a query with this header. It looks the task up only if the
/// token is valid.
fn verify(input: &Value) -> Result<Value, String> {
    let now = input["now"].as_u64().ok_or("`now` is not a number")?;
    let mut mock = Mock::builder()
        .profile(Profile::kling())
        .wall_clock(FixedClock(UNIX_EPOCH + Duration::from_secs(now)));
    for (access_key, secret_key) in input["keys"].as_object().into_iter().flatten() {
        let secret_key = secret_key.as_str().unwrap_or_default();
        let account = Account::new(access_key).access_keys(access_key, secret_key);
        mock = mock.account(account).map_err(|error| error.to_string())?;
    }
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = http::Uri::from_static("https://mock.test/v1/videos/effects/nowhere");
    if let Some(authorization) = input["authorization"].as_str() {
        let value = HeaderValue::try_from(authorization).map_err(|error| error.to_string())?;
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    let body = block_on_paused_clock(async {
        let answer = mock.build().transport().send(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let body = answer.into_body().collect(64 * 1024).await;
        body.map_err(|error| error.to_string())
    })??;
    let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let code = body["code"].as_i64();
    Ok(json!({"result": verdict(code == Some(1201)), "code": code}))
}

/// A clock that does not advance.
#[derive(Debug)]
struct FixedClock(SystemTime);

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        self.0
    }
}

//! Error answers of gateways in front of the service, as seen on the wire.

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use bytes::Bytes;

/// An answer with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    Html301,
    Html502,
    NestedError,
    Code400,
    Saturated,
    QuotaNotEnough,
    ModelNotFound,
    InvalidRequest,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

impl Preset {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Preset::Html301 => "html301",
            Preset::Html502 => "html502",
            Preset::NestedError => "nested_error",
            Preset::Code400 => "code400",
            Preset::Saturated => "saturated",
            Preset::QuotaNotEnough => "quota_not_enough",
            Preset::ModelNotFound => "model_not_found",
            Preset::InvalidRequest => "invalid_request",
        }
    }

    /// Whether any web server may answer like this.
    pub(super) fn is_page(self) -> bool {
        matches!(self, Preset::Html301 | Preset::Html502)
    }

    pub(super) fn answer(self) -> Response<Bytes> {
        let (status, body) = self.parts();
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = status;
        let content_type = if self.is_page() { HTML } else { JSON };
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
        if self == Preset::Html301 {
            let home = HeaderValue::from_static("/");
            answer.headers_mut().insert(LOCATION, home);
        }
        answer
    }

    /// The pages are illustrative; so are the request ids.
    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Preset::Html301 => (
                StatusCode::MOVED_PERMANENTLY,
                "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n<center><h1>301 Moved Permanently</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
            ),
            Preset::Html502 => (
                StatusCode::BAD_GATEWAY,
                "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
            ),
            // The upstream's status is kept, its body becomes text.
            Preset::NestedError => (
                StatusCode::BAD_REQUEST,
                r#"{"code":"fail_to_fetch_task","message":"{\"code\":1201,\"message\":\"model_name value 'x' is invalid\",\"request_id\":\"9984d27b-a408-4073-ae28-17ca6a13622d\"}","data":null}"#,
            ),
            Preset::Code400 => (
                StatusCode::TOO_MANY_REQUESTS,
                r#"{"code":400,"message":"Account balance not enough"}"#,
            ),
            // The text stands for whatever the upstream said.
            Preset::Saturated => (
                StatusCode::TOO_MANY_REQUESTS,
                r#"{"code":"fail_to_fetch_task","message":"当前分组上游负载已饱和，请稍后再试","data":null}"#,
            ),
            Preset::QuotaNotEnough => (
                StatusCode::FORBIDDEN,
                r#"{"code":"quota_not_enough","message":"user quota is not enough","data":null}"#,
            ),
            Preset::ModelNotFound => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":{"message":"no available channel for group default and model kling-effects (distributor) (request id: 20260205132859798638387SIHCnxzJ)","type":"comet_api_error","param":"","code":"model_not_found"}}"#,
            ),
            Preset::InvalidRequest => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"error":{"message":"field messages is required (request id: 20260205132859798638387SIHCnxzJ)","type":"comet_api_error","param":"","code":"invalid_request"}}"#,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_bodies_are_those_seen() {
        for (preset, sample) in [
            (
                Preset::NestedError,
                include_str!("../../../../fixtures/samples/err.newapi.task-upstream.source.json"),
            ),
            (
                Preset::Code400,
                include_str!("../../../../fixtures/samples/err.gateway.429-code400.live.json"),
            ),
            (
                Preset::Saturated,
                include_str!("../../../../fixtures/samples/err.newapi.task-429.source.json"),
            ),
            (
                Preset::QuotaNotEnough,
                include_str!("../../../../fixtures/samples/err.newapi.task-quota.source.json"),
            ),
            (
                Preset::InvalidRequest,
                include_str!(
                    "../../../../fixtures/samples/err.cometapi.500-invalid-request.live.json"
                ),
            ),
        ] {
            // The samples leave the request ids out.
            let body = String::from_utf8(preset.answer().into_body().to_vec()).unwrap();
            let body = body
                .replace("9984d27b-a408-4073-ae28-17ca6a13622d", "...")
                .replace("20260205132859798638387SIHCnxzJ", "...");
            let body: Value = serde_json::from_str(&body).unwrap();
            let sample: Value = serde_json::from_str(sample).unwrap();
            assert_eq!(body, sample, "{}", preset.as_str());
        }
    }
}

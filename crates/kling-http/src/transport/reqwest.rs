//! The transport over reqwest. This is the only file that names reqwest; its paths
//! are written `::reqwest::…`, so that a search for them finds every use.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use ::reqwest::Url;
use ::reqwest::dns::{Addrs, Name, Resolve, Resolving};
use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Scheme};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, PublicOnly, Transport, TransportError, TransportErrorKind};
use crate::host::{NotPublic, check_public, ip, is_loopback};

/// The connect timeout: short enough to fail while the user is watching, long enough for
/// a slow mobile network.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// HTTP/1.1 and HTTP/2 over rustls, with a connection pool. Proxies from the environment
/// are used, but never for requests to this machine, which would otherwise leave it
/// unencrypted.
///
/// A request marked [`PublicOnly`] does not reach a private address, nor a name that
/// resolves to one. A proxy resolves names by itself; a marked request to the proxy's own
/// host is rejected.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    remote: ::reqwest::Client,
    local: Arc<OnFirstUse>,
    public_only: Arc<OnFirstUse>,
    /// The hosts of the proxies that the environment names.
    proxies: Vec<String>,
    last_host: Arc<Mutex<Option<Host>>>,
}

/// The last host that was contacted, as a parsed URL. A client contacts the same host
/// again and again, and parsing a URL costs as much as parsing an answer.
#[derive(Debug)]
struct Host {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    url: Url,
}

impl Host {
    fn read(uri: &Uri) -> Result<Host, TransportError> {
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map_or("", Authority::as_str);
        let url = Url::parse(&[scheme, "://", authority].concat());
        Ok(Host {
            scheme: uri.scheme().cloned(),
            authority: uri.authority().cloned(),
            url: url.map_err(|why| TransportError::new(TransportErrorKind::Request, why))?,
        })
    }

    fn is_of(&self, uri: &Uri) -> bool {
        self.authority.as_ref() == uri.authority() && self.scheme.as_ref() == uri.scheme()
    }

    /// The full URL, with the path and query of `uri`.
    fn with_path_of(&self, uri: &Uri) -> Url {
        let mut url = self.url.clone();
        url.set_path(uri.path());
        url.set_query(uri.query());
        url
    }
}

impl ReqwestTransport {
    /// A transport that neither follows redirects nor retries.
    pub fn new() -> Result<Self, TransportError> {
        let proxies = proxies(|name| std::env::var(name).ok());
        Self::with(look_up, proxies)
    }

    fn with(look_up: LookUp, proxies: Vec<String>) -> Result<Self, TransportError> {
        let public_names = Arc::new(PublicNames {
            look_up,
            proxies: proxies.clone(),
        });
        let public_only = move || builder().dns_resolver(Arc::clone(&public_names)).build();
        Ok(ReqwestTransport {
            remote: builder().build().map_err(classify)?,
            local: OnFirstUse::new(|| builder().no_proxy().build()),
            public_only: OnFirstUse::new(public_only),
            proxies,
            last_host: Arc::default(),
        })
    }

    /// The URI as reqwest's URL type.
    fn url(&self, uri: &Uri) -> Result<Url, TransportError> {
        let mut last = self
            .last_host
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let host = match last.take().filter(|host| host.is_of(uri)) {
            Some(host) => host,
            None => Host::read(uri)?,
        };
        Ok(last.insert(host).with_path_of(uri))
    }

    /// Converts the request to reqwest's type. reqwest's own conversion prints and parses
    /// the URL again, and keeps extensions that are not needed.
    fn converted(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<::reqwest::Request, TransportError> {
        let (parts, body) = request.into_parts();
        let mut converted = ::reqwest::Request::new(parts.method, self.url(&parts.uri)?);
        *converted.headers_mut() = parts.headers;
        *converted.version_mut() = parts.version;
        *converted.body_mut() = Some(body.into());
        Ok(converted)
    }

    /// Rejects a host that is a private IP address, for which no resolver is called.
    fn check(&self, url: &Url) -> Result<(), TransportError> {
        let host = url.host_str().unwrap_or_default();
        let refuse = |why: Box<dyn Error + Send + Sync>| {
            Err(TransportError::new(TransportErrorKind::Request, why))
        };
        if self.proxies.iter().any(|proxy| proxy == host) {
            return refuse("the host is the proxy".into());
        }
        match ip(host).map(check_public) {
            Some(Err(error)) => refuse(error.into()),
            Some(Ok(())) | None => Ok(()),
        }
    }
}

/// The settings that all clients have in common.
fn builder() -> ::reqwest::ClientBuilder {
    ::reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(::reqwest::redirect::Policy::none())
        .retry(::reqwest::retry::never())
        // Other crates of the same program may enable these features of reqwest, but
        // lengths and ranges must be those of the bytes on the wire.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("kling-http/", env!("CARGO_PKG_VERSION")))
}

type Build = dyn Fn() -> ::reqwest::Result<::reqwest::Client> + Send + Sync;

/// A client that is built when it is first used.
///
/// Building one loads the machine's root certificates, which takes some 10 ms, and
/// most processes need one of the three clients. They can't share the certificates:
/// `tls_backend_preconfigured` takes a rustls configuration, for which this crate
/// would depend on rustls and its platform verifier, in the very versions of reqwest.
struct OnFirstUse {
    client: OnceLock<::reqwest::Client>,
    build: Box<Build>,
}

impl OnFirstUse {
    fn new(
        build: impl Fn() -> ::reqwest::Result<::reqwest::Client> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(OnFirstUse {
            client: OnceLock::new(),
            build: Box::new(build),
        })
    }

    fn get(&self) -> Result<&::reqwest::Client, TransportError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = (self.build)().map_err(classify)?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl fmt::Debug for OnFirstUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

impl ReqwestTransport {
    /// Converts a reqwest error, for a custom transport over a reqwest client of your
    /// own. The URL, which may be signed, is removed.
    pub fn classify(error: ::reqwest::Error) -> TransportError {
        classify(error)
    }
}

impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        let public_only = request.extensions().get::<PublicOnly>().is_some();
        let request = self.converted(request)?;
        let client = if public_only {
            self.check(request.url())?;
            self.public_only.get()?
        } else if request.url().host_str().is_some_and(is_loopback) {
            self.local.get()?
        } else {
            &self.remote
        };
        let answer = client.execute(request).await.map_err(classify)?;
        Ok(http::Response::from(answer).map(|body| Body::new(Incoming(body))))
    }
}

type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves a name; replaced in tests.
type LookUp = fn(&str) -> LookingUp;

fn look_up(name: &str) -> LookingUp {
    let name = name.to_owned();
    Box::pin(async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.collect())
    })
}

/// Resolves only names whose addresses are all public. The connection is made to the
/// addresses that were checked, so that a second look-up can't return others.
struct PublicNames {
    look_up: LookUp,
    /// The user configured them, so they may be in a private network.
    proxies: Vec<String>,
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.iter().any(|proxy| proxy == name.as_str());
        let found = (self.look_up)(name.as_str());
        Box::pin(async move {
            let found = found.await?;
            if !is_proxy {
                for address in &found {
                    check_public(address.ip())?;
                }
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The proxies for https in the environment; requests to public hosts use https.
fn proxies(read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let values = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].map(read);
    let hosts = values.into_iter().flatten().filter_map(|value| {
        let url = Url::parse(&value).ok().filter(Url::has_host);
        let url = url.or_else(|| Url::parse(&format!("http://{value}")).ok())?;
        Some(url.host_str()?.to_ascii_lowercase())
    });
    hosts.collect()
}

/// Whether a name was rejected because it resolves to a private address.
fn leads_to_private(error: &::reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Determines how far a request got before reqwest failed.
fn classify(error: ::reqwest::Error) -> TransportError {
    let kind = if error.is_builder() || leads_to_private(&error) {
        TransportErrorKind::Request
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Broken
    };
    // A result's URL is signed, and must not appear in a log.
    TransportError::new(kind, error.without_url())
}

/// reqwest's body, with our error.
struct Incoming(::reqwest::Body);

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(classify)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name server of somebody else's.
    fn fake(name: &str) -> LookingUp {
        let addresses: &[[u8; 4]] = match name {
            "private.example.com" | "proxy.example.com" => &[[10, 0, 0, 1]],
            "rebound.example.com" => &[[127, 0, 0, 1]],
            "metadata.example.com" => &[[169, 254, 169, 254]],
            "mixed.example.com" => &[[1, 1, 1, 1], [192, 168, 0, 1]],
            _ => &[],
        };
        let found = addresses.iter().map(|ip| SocketAddr::from((*ip, 0)));
        let found = Ok(found.collect());
        Box::pin(async { found })
    }

    fn transport() -> ReqwestTransport {
        let proxies = vec!["proxy.example.com".to_owned()];
        ReqwestTransport::with(fake, proxies).expect("a transport")
    }

    /// Sends a request that must not reach a private network.
    async fn send(url: &str) -> TransportError {
        let mut request = http::Request::get(url).body(Bytes::new()).expect("a URL");
        request.extensions_mut().insert(PublicOnly);
        let answer = transport().send(request).await;
        answer.expect_err("refused")
    }

    /// The chain of causes, in words.
    fn words(error: &TransportError) -> String {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        words
    }

    /// DNS rebinding: the URL looks public, and its name leads here.
    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused() {
        for (name, ip) in [
            ("private", "10.0.0.1"),
            ("rebound", "127.0.0.1"),
            ("metadata", "169.254.169.254"),
            ("mixed", "192.168.0.1"),
        ] {
            let error = send(&format!("https://{name}.example.com/v.mp4?sig=secret")).await;
            assert_eq!(error.kind(), TransportErrorKind::Request, "{name}");
            let words = words(&error);
            let told = words.ends_with(&format!("{ip} is not a public address"));
            assert!(told && !words.contains("secret"), "{words}");
        }
    }

    /// Also as numbers that only a URL parser takes for an address.
    #[tokio::test]
    async fn a_private_address_is_refused_without_a_resolver() {
        for host in ["10.0.0.1", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"] {
            let error = send(&format!("https://{host}/v.mp4")).await;
            assert_eq!(error.kind(), TransportErrorKind::Request, "{host}");
        }
    }

    /// Each client loads the root certificates, so none is built that is not used.
    #[tokio::test]
    async fn a_client_is_built_when_it_is_first_used() {
        let transport = transport();
        let built =
            || [&transport.local, &transport.public_only].map(|it| it.client.get().is_some());
        assert_eq!(built(), [false, false]);
        let send = async |mut request: http::Request<Bytes>, public_only: bool| {
            if public_only {
                request.extensions_mut().insert(PublicOnly);
            }
            assert!(transport.send(request).await.is_err());
        };
        let request = |url| http::Request::get(url).body(Bytes::new()).expect("a URL");
        // No port has the number 0.
        send(request("http://127.0.0.1:0/"), false).await;
        assert_eq!(built(), [true, false]);
        send(request("https://private.example.com/"), true).await;
        assert_eq!(built(), [true, true]);
    }

    /// What was asked before makes no difference to where a request goes.
    #[test]
    fn an_address_is_read_as_a_whole_would_be() {
        let transport = transport();
        for address in [
            "http://127.0.0.1:8080/v1/videos/effects/7",
            "http://127.0.0.1:8080/v1/videos/effects?pageNum=1&pageSize=30",
            "http://127.0.0.1:8080/v1/videos/effects/a%2Fb",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/?",
            "http://127.0.0.1/",
            "https://127.0.0.1/",
            "https://Example.com:443/a/../b/./c?x=%20|y",
            "https://EXAMPLE.com:443/%zz//d;e=f",
            "https://example.com:444/%zz//d;e=f",
            "https://[::1]:8080/v.mp4?sig=a+b",
            "https://xn--e1afmkfd.example/{}|^",
        ] {
            let Ok(uri) = address.parse::<Uri>() else {
                panic!("{address}")
            };
            let read = transport.url(&uri).expect("an address");
            assert_eq!(read, Url::parse(address).expect("an address"), "{address}");
        }
        let uri = Uri::from_static("/no/host");
        assert!(transport.url(&uri).is_err());
        // Nor does one that was refused.
        let uri = Uri::from_static("http://127.0.0.1/again");
        assert!(transport.url(&uri).is_ok());
    }

    #[tokio::test]
    async fn an_unknown_name_is_no_connection() {
        let error = send("https://unknown.example.com/v.mp4").await;
        assert_eq!(error.kind(), TransportErrorKind::Connect);
    }

    /// It may lie in a private network, and must not become a way into it.
    #[tokio::test]
    async fn the_proxy_is_found_but_is_no_host_of_results() {
        let names = PublicNames {
            look_up: fake,
            proxies: transport().proxies,
        };
        let resolve = |name: &str| names.resolve(name.parse().expect("a name"));
        assert!(resolve("proxy.example.com").await.is_ok());
        assert!(resolve("private.example.com").await.is_err());
        let error = send("https://proxy.example.com/v.mp4").await;
        assert_eq!(
            words(&error),
            "the request can't be sent: the host is the proxy"
        );
    }

    #[test]
    fn proxies_are_read_as_users_write_them() {
        let check = |value: &str, expected: &[&str]| {
            let read = |name: &str| (name == "https_proxy").then(|| value.to_owned());
            assert_eq!(proxies(read), expected, "{value}");
        };
        check("http://Proxy.example.com:3128", &["proxy.example.com"]);
        check("proxy.example.com:3128", &["proxy.example.com"]);
        check("http://me:secret@10.0.0.1:3128/", &["10.0.0.1"]);
        check("proxy", &["proxy"]);
        check("", &[]);
    }
}

//! The names that the server answers to.
//!
//! A page of another site can have its own name point here (DNS rebinding): the browser then takes this server for that
//! site, but still sends that site's name. An address in figures cannot be made to point elsewhere, so it is always fine.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Uri, header, uri::Authority};
use protocol::ErrorCode;

use crate::{api::problem::ApiError, app::App, config::ServerConfig};

/// Refuses requests that are meant for another host.
pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match refusal(request.uri(), request.headers(), &app.config.server) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

pub(crate) fn refusal(uri: &Uri, headers: &HeaderMap, config: &ServerConfig) -> Option<ApiError> {
    let mut named = headers.get_all(header::HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Some(ApiError::new(ErrorCode::InvalidRequest, "the request has more than one Host header"));
    }
    // A program that names no host is not a browser.
    let host = match (uri.authority(), first) {
        (Some(authority), _) => authority.as_str().to_owned(),
        (None, Some(host)) => String::from_utf8_lossy(host.as_bytes()).into_owned(),
        (None, None) => return None,
    };
    if is_ours(&host, config) {
        return None;
    }
    let shown: String = host.chars().filter(|character| !character.is_control()).take(100).collect();
    let message = format!(
        "this server does not go by the name `{shown}`; if it does, say so in its configuration: `server.hosts` or `server.public_url`"
    );
    Some(ApiError::new(ErrorCode::MisdirectedRequest, message))
}

/// Whether a `Host`, with or without a port, names this server.
fn is_ours(host: &str, config: &ServerConfig) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    if name.parse::<std::net::Ipv4Addr>().is_ok() || name.starts_with('[') {
        return true;
    }
    if name == "localhost" || name.ends_with(".localhost") || is_this_machine(&name) {
        return true;
    }
    let public = config.public_url.as_ref().and_then(|url| url.parse::<Uri>().ok());
    let public = public.as_ref().and_then(Uri::host).map(str::to_ascii_lowercase);
    public.as_ref() == Some(&name) || config.hosts.iter().any(|own| own.eq_ignore_ascii_case(&name))
}

/// Whether it is the machine's own name, with or without its domain, or followed by `.local`: names that nobody outside
/// its network hands out.
fn is_this_machine(name: &str) -> bool {
    static OWN: LazyLock<String> =
        LazyLock::new(|| rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase());
    goes_by(&OWN, name)
}

fn goes_by(own: &str, name: &str) -> bool {
    let first = own.split('.').next().unwrap_or(own);
    !first.is_empty() && (name == own || name == first || name.strip_suffix(".local") == Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ServerConfig {
        ServerConfig {
            public_url: Some("https://Exams.example.org/viva".to_owned()),
            hosts: vec!["viva.lan".to_owned()],
            ..ServerConfig::default()
        }
    }

    #[test]
    fn addresses_this_machine_and_the_names_it_was_given_are_its_own() {
        for host in [
            "127.0.0.1:8482",
            "10.1.2.3",
            "[::1]:8482",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST.:80",
            "viva.localhost:8482",
            "exams.example.org",
            "Viva.LAN:8482",
        ] {
            assert!(is_ours(host, &config()), "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "viva.lan.evil", "", "a b", "::1"]
        {
            assert!(!is_ours(host, &config()), "{host}");
        }
    }

    #[test]
    fn the_machines_own_name_is_its_own_with_and_without_its_domain() {
        for name in ["gpu-3", "gpu-3.lab.example.org", "gpu-3.local"] {
            assert!(goes_by("gpu-3.lab.example.org", name), "{name}");
        }
        for (own, name) in [("gpu-3.lab.example.org", "gpu-3.evil.example"), ("gpu-3", "gpu-3.evil.example"), ("", "")]
        {
            assert!(!goes_by(own, name), "{own} {name}");
        }
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        assert!(is_ours(&format!("{own}:8482"), &config()), "{own}");
    }

    #[test]
    fn a_request_names_one_host_wherever_it_does() {
        let mut headers = HeaderMap::new();
        let at = |text: &str| text.parse::<Uri>().unwrap();
        assert!(refusal(&at("/"), &headers, &config()).is_none());
        headers.append(header::HOST, "localhost".parse().unwrap());
        assert!(refusal(&at("/"), &headers, &config()).is_none());
        let absolute = refusal(&at("http://evil.example/"), &headers, &config()).unwrap();
        assert_eq!(absolute.0.code, ErrorCode::MisdirectedRequest);
        headers.append(header::HOST, "localhost".parse().unwrap());
        assert_eq!(refusal(&at("/"), &headers, &config()).unwrap().0.code, ErrorCode::InvalidRequest);
    }
}

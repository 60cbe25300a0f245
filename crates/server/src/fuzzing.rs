//! Doors for the fuzz targets: what reads bytes of strangers, and is nobody else's to call.

use std::net::{Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    config::ServerConfig,
    entrance::{hosts, proxies},
    files::range::{ContentRange, wanted_sha256},
    gateway::sse::EventReader,
};

/// The events of a stream that comes in these pieces, up to what is wrong in it.
#[must_use]
pub fn events(pieces: &[&[u8]]) -> (Vec<String>, bool) {
    let (mut reader, mut events) = (EventReader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return (events, true),
            }
        }
    }
    (events, false)
}

/// Reads `name: value` lines as the heads of a request.
pub fn heads(text: &str) {
    let mut heads = HeaderMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once(": ")).take(32) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            heads.append(name, value);
        }
    }
    let _ = ContentRange::of(&heads);
    let _ = wanted_sha256(&heads);
    let _ = hosts::refusal(&"/".parse().unwrap_or_default(), &heads, &ServerConfig::default());
    let everybody = ["0.0.0.0/0".parse(), "::/0".parse()].into_iter().flatten().collect::<Vec<_>>();
    let _ = proxies::client(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 1), &heads, &everybody);
}

//! Where the server is, and which token opens it.

use std::{io, path::Path};

use serde::Deserialize;

use crate::{cli::Shared, failure::Failure};

/// A server and a token for it; the form of `DATA/run/client.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Location {
    pub(crate) url: String,
    pub(crate) token: String,
    /// The SHA-256 of the server's certificate, in hexadecimal digits: with it, no other is accepted, whatever its name.
    pub(crate) certificate: Option<String>,
}

/// `VIVA_URL` and `VIVA_TOKEN` where they are set, else what the server of this machine left in the data folder.
///
/// # Errors
/// Neither is there, or what is there cannot be used.
pub(crate) fn locate(shared: &Shared) -> anyhow::Result<Location> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    // `--data` names one server; the environment may name another.
    match (set("VIVA_URL"), set("VIVA_TOKEN")) {
        (Some(url), Some(token)) => Ok(Location { url: checked(url)?, token, certificate: None }),
        (Some(url), None) => match local(&shared.data_folder()?) {
            Ok(location) if location.url.trim_end_matches('/') == url.trim_end_matches('/') => Ok(location),
            Ok(_) | Err(_) => Err(Failure::new("VIVA_URL is set, VIVA_TOKEN is not")
                .hint("set VIVA_TOKEN to a token of that server, or unset VIVA_URL to use the server of this machine")
                .into()),
        },
        (None, token) => {
            let location = local(&shared.data_folder()?)?;
            Ok(Location { token: token.unwrap_or(location.token), ..location })
        }
    }
}

fn checked(url: String) -> anyhow::Result<String> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(url);
    }
    Err(Failure::new(format!("VIVA_URL is no address of a server: `{url}`"))
        .hint("it begins with http:// or https://, as in http://127.0.0.1:8482")
        .into())
}

fn local(data: &Path) -> anyhow::Result<Location> {
    let path = data.join("run").join("client.json");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            Failure::new("no server is running here")
                .hint("start one with `viva serve`, or set VIVA_URL and VIVA_TOKEN to use another machine's")
        } else {
            Failure::new(format!("{} cannot be read: {error}", path.display()))
                .hint("run the command as the user who runs the server")
        }
    })?;
    serde_json::from_str(&text).map_err(|_| {
        Failure::new(format!("{} is damaged", path.display())).hint("start the server again: `viva serve`").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_server_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = local(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "no server is running here");
        assert!(crate::failure::hint_of(&error).unwrap().contains("viva serve"));
    }

    #[test]
    fn the_servers_own_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let path = folder.path().join("run/client.json");
        std::fs::write(&path, r#"{"url": "http://127.0.0.1:8482", "token": "t"}"#).unwrap();
        assert_eq!(local(folder.path()).unwrap().url, "http://127.0.0.1:8482");
        std::fs::write(&path, "{").unwrap();
        assert!(local(folder.path()).unwrap_err().to_string().contains("damaged"));
    }
}

//! A person with a browser, as far as a login needs one: it keeps cookies by their path and follows redirects by hand.

use std::collections::HashMap;

use reqwest::{Client, RequestBuilder, Response, Url, header, redirect::Policy};
use testkit::Viva;

pub(crate) struct Person {
    client: Client,
    /// By authority, path and name.
    cookies: HashMap<(String, String, String), String>,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder().redirect(Policy::none()).build().unwrap(), cookies: HashMap::new() }
    }

    /// Goes to an address; the answer is not followed.
    pub(crate) async fn get(&mut self, url: &Url) -> Response {
        let request = self.client.get(url.clone());
        self.send(url, request).await
    }

    async fn send(&mut self, url: &Url, request: RequestBuilder) -> Response {
        let authority = url.authority().to_owned();
        let brought = self.cookies.iter().filter(|((of, path, _), _)| *of == authority && url.path().starts_with(path));
        let brought: Vec<String> = brought.map(|((_, _, name), value)| format!("{name}={value}")).collect();
        let request = request.header(header::ACCEPT, "text/html").header(header::COOKIE, brought.join("; "));
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            self.keep(&authority, set.to_str().unwrap());
        }
        answer
    }

    fn keep(&mut self, authority: &str, set: &str) {
        let mut parts = set.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.find_map(|part| part.to_lowercase().strip_prefix("path=").map(|_| part[5..].to_owned()));
        let key = (authority.to_owned(), path.unwrap_or_else(|| "/".to_owned()), name.to_owned());
        if value.is_empty() {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    /// The cookie of the server's login, as a header has it; none where there is none.
    pub(crate) fn login(&self, viva: &Viva) -> Option<String> {
        let authority = Url::parse(&viva.url).unwrap().authority().to_owned();
        self.cookies.get(&(authority, "/".to_owned(), "viva".to_owned())).map(|value| format!("viva={value}"))
    }

    /// Begins at the server and logs in at the provider, up to the address that leads back to the server.
    pub(crate) async fn until_return(&mut self, viva: &Viva, name: &str, next: &str) -> Url {
        let mut url = Url::parse_with_params(&format!("{}/api/v1/login/oidc", viva.url), [("next", next)]).unwrap();
        for _ in 0..20 {
            if url.as_str().starts_with(&format!("{}/api/v1/login/oidc/callback", viva.url)) {
                return url;
            }
            let answer = self.get(&url).await;
            let answer = if answer.status().is_redirection() { answer } else { self.submit(&url, answer, name).await };
            url = target(&url, &answer);
        }
        panic!("it goes on and on: {url}");
    }

    /// Fills in the provider's form: for the name, or for what the server may know.
    async fn submit(&mut self, url: &Url, page: Response, name: &str) -> Response {
        let status = page.status();
        let text = page.text().await.unwrap();
        assert_eq!(status, 200, "{url}: {text}");
        let form: &[(&str, &str)] = if text.contains("name=\"login\"") {
            &[("prompt", "login"), ("login", name), ("password", "any")]
        } else {
            &[("prompt", "consent")]
        };
        let body = Url::parse_with_params("http://form", form).unwrap().query().unwrap().to_owned();
        let form = "application/x-www-form-urlencoded";
        let request = self.client.post(url.clone()).header(header::CONTENT_TYPE, form).body(body);
        self.send(url, request).await
    }

    /// Signs in, and tells where that led to on the server.
    pub(crate) async fn sign_in(&mut self, viva: &Viva, name: &str) -> String {
        let back = self.until_return(viva, name, "/models?q=demo").await;
        self.come_back(&back).await
    }

    /// Comes back from the provider, and tells where that led to on the server.
    pub(crate) async fn come_back(&mut self, back: &Url) -> String {
        let answer = self.get(back).await;
        assert_eq!(answer.status(), 303, "{back}");
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }
}

/// Where an answer leads.
pub(crate) fn target(from: &Url, answer: &Response) -> Url {
    let location = answer.headers().get(header::LOCATION).unwrap_or_else(|| panic!("{from}: {answer:?}"));
    from.join(location.to_str().unwrap()).unwrap()
}

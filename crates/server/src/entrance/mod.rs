//! What stands between the network and the routes: TLS, who a proxy says is calling, and by which names the server may be
//! asked.

pub(crate) mod hosts;
pub(crate) mod proxies;
pub(crate) mod tls;

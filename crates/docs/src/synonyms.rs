//! Words that people use for the same thing: the glossary's, and those that others use for them.

use std::{collections::HashMap, sync::LazyLock};

use crate::words::stem;

/// Each line: words that stand for each other. Stems are compared, so one form of a word is enough.
const GROUPS: &[&[&str]] = &[
    &["stop", "end", "terminate", "halt", "finish", "quit", "abort", "cancel"],
    &["delete", "remove", "erase", "wipe", "destroy", "purge", "clear"],
    &["create", "open", "new", "start", "launch", "begin", "spin", "make"],
    &["extend", "prolong", "lengthen", "longer", "postpone"],
    &[
        "limit",
        "bound",
        "maximum",
        "max",
        "most",
        "cap",
        "restriction",
        "largest",
        "upper",
        "biggest",
        "highest",
        "greatest",
        "longest",
        "hugest",
        "ceiling",
    ],
    &["minimum", "min", "smallest", "least", "lowest"],
    &["token", "key", "credential", "bearer", "secret", "password", "passphrase"],
    &["login", "authenticate", "authentication", "authorization"],
    &["history", "past", "previous", "earlier"],
    &["completion", "answer", "response", "reply", "output", "exchange"],
    &["prompt", "question", "message", "input"],
    &["result", "answer", "data"],
    &["export", "download", "save"],
    &["excel", "xlsx", "spreadsheet"],
    &["playground", "chat", "conversation", "talk"],
    &["endpoint", "url", "address", "base_url", "api"],
    &["memory", "ram"],
    &["gpu", "cuda", "nvidia", "graphics"],
    &["processor", "cpu", "core", "thread"],
    &["folder", "directory", "dir", "path", "location"],
    &["disk", "storage", "space", "drive"],
    &["error", "failure", "problem", "fault", "exception"],
    &["fail", "failed", "break", "broken", "crash", "die"],
    &["crash", "kill", "die", "dead"],
    &["add", "import", "upload", "register"],
    &["setting", "configuration", "configure", "option", "config", "parameter"],
    &["default", "standard"],
    &["user", "people", "person", "account", "team", "colleague"],
    &["quota", "allowance"],
    &["queue", "wait", "waiting", "pending"],
    &["idle", "inactive", "inactivity", "unused"],
    &["duration", "time", "hour", "minute", "long"],
    &["interaction", "request", "call"],
    &["rename", "name"],
    &["model", "weight", "checkpoint", "llm"],
    &["demo", "sample", "example"],
    &["image", "picture", "vision", "photo", "vlm"],
    &["tool", "function"],
    &["stream", "streaming", "sse"],
    &["json", "structured", "schema"],
    &["python", "sdk"],
    &["javascript", "node", "js", "typescript"],
    &["install", "setup", "build"],
    &["upgrade", "update"],
    &["backup", "copy", "restore"],
    &["internet", "network", "offline", "online"],
    &["tls", "https", "ssl", "certificate"],
    &["sandbox", "isolation", "isolate", "confine", "confined"],
    &["star", "pick", "favourite", "favorite", "bookmark"],
    &["random", "seed", "reproducible", "deterministic", "repeat", "same"],
    &["temperature", "randomness", "creativity"],
    &["convert", "conversion", "transform"],
    &["compare", "comparison", "side", "versus", "against"],
    &["status", "state"],
    &["reason", "cause", "why"],
    &["restart", "reboot", "resume", "revive", "again"],
    &["log", "logs", "trace"],
    &["metric", "prometheus", "monitoring", "monitor"],
    &["health", "alive", "readiness", "liveness"],
    &["service", "systemd", "daemon", "unit"],
    &["port", "listen", "bind"],
    &["proxy", "nginx", "reverse"],
    &["browser", "console", "ui", "interface"],
    &["command", "cli", "terminal", "shell"],
    &["flag", "option", "switch"],
    &["keep", "kept", "retain", "preserve", "stay", "survive", "store"],
    &["lose", "lost", "loss", "vanish", "disappear"],
    &["change", "edit", "modify", "alter", "adjust", "set"],
    &["show", "list", "display", "view", "print"],
    &["find", "search", "lookup"],
    &["allow", "permit", "possible", "able"],
    &["support", "available", "compatible"],
    &["fast", "speed", "quick", "performance", "slow"],
    &["size", "big", "large", "bytes"],
    &["character", "letter", "length"],
    &["concurrent", "parallel", "simultaneous", "simultaneously"],
    &["quantization", "quantized", "quant"],
    &["eligible", "eligibility", "ineligible", "criteria", "criterion"],
    &["grace", "graceful"],
    &["warning", "warn", "notification", "notify", "notice", "alert"],
    &["money", "cost", "price"],
    &["licence", "license"],
    &["macos", "mac", "apple"],
    &["hugging", "huggingface", "hf"],
    &["countdown", "remaining", "left"],
    &["permanent", "forever", "good"],
    &["rate", "throttle", "throttling"],
    &["meaning", "definition", "term"],
    &["reboot", "restart", "box", "machine", "computer", "host", "laptop"],
    &["budget", "allowance", "spend", "spent"],
    &["stuck", "hang", "hung", "frozen", "waiting"],
    &["gibberish", "nonsense", "garbage", "rubbish"],
    &["truncate", "cut", "incomplete", "partial"],
    &["script", "program", "code", "client"],
    &["colour", "color"],
    &["licence", "license"],
    &["reload", "refresh", "f5"],
    &["rotate", "replace", "renew", "change"],
    &["revoke", "withdraw", "invalidate"],
    &["simultaneous", "concurrent", "once", "same"],
    &["port", "address", "listen"],
    &["background", "daemon", "detached", "alive"],
    &["fine-tuned", "finetuned", "fine-tune", "trained"],
];

/// The stems that stand for this one.
pub(crate) fn synonyms(stem: &str) -> &'static [String] {
    static BY_STEM: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(by_stem);
    BY_STEM.get(stem).map_or(&[], Vec::as_slice)
}

fn by_stem() -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for group in GROUPS {
        let stems: Vec<String> = group.iter().map(|word| stem(word)).collect();
        for one in &stems {
            found.entry(one.clone()).or_default().extend(stems.iter().filter(|other| *other != one).cloned());
        }
    }
    for others in found.values_mut() {
        others.sort_unstable();
        others.dedup();
    }
    found
}

//! The demo model that ships in the binary, so that the first minute needs no download.

use server::EmbeddedModel;

/// Its checkpoints, the newest last.
pub(super) fn models() -> Vec<EmbeddedModel> {
    vec![
        EmbeddedModel {
            name: "demo",
            version: "early",
            gguf: include_bytes!("../../../../assets/demo/demo-early.gguf"),
        },
        EmbeddedModel {
            name: "demo",
            version: "final",
            gguf: include_bytes!("../../../../assets/demo/demo-final.gguf"),
        },
    ]
}

//! Which architectures there are: those of the llama.cpp that the engine links, and what some of them imply.

/// The names in `llama-arch.cpp` of llama-cpp-sys-2 0.1.161, sorted.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "afmoe", "apertus", "arcee", "arctic", "arwkv7", "baichuan", "bailingmoe", "bailingmoe2", "bailingmoe3",
    "bert", "bitnet", "bloom", "chameleon", "chatglm", "clef", "clip", "codeshell", "cogvlm", "cohere2",
    "cohere2moe", "command-r", "dbrx", "deci", "deepseek", "deepseek2", "deepseek2-ocr", "deepseek32",
    "deepseek4", "dflash", "dots1", "dots3note", "dream", "eagle3", "ernie4_5", "ernie4_5-moe", "eurobert",
    "exaone", "exaone-moe", "exaone4", "falcon", "falcon-h1", "gemma", "gemma-embedding", "gemma2", "gemma3",
    "gemma3n", "gemma4", "gemma4-assistant", "glm-dsa", "glm4", "glm4moe", "glm5-next", "gpt-oss", "gpt2",
    "gptj", "gptneox", "granite", "granite_swa", "granitehybrid", "granitemoe", "graniteswitch", "grok",
    "grovemoe", "hrm_text", "hunyuan-dense", "hunyuan-moe", "hunyuan_vl", "hy_v3", "hy_v4", "internlm2",
    "jais", "jais2", "jamba", "jina-bert-v2", "jina-bert-v3", "kimi-k3", "kimi-linear", "laguna", "lfm2",
    "lfm2moe", "llada", "llada-moe", "llama", "llama-embed", "llama4", "maincoder", "mamba", "mamba2",
    "maple", "mellum", "mimo2", "minicpm", "minicpm3", "minimax-01", "minimax-m2", "minimax-m3", "mistral3",
    "mistral4", "modern-bert", "mpt", "muse-glimmer", "nanbeige", "nemotron", "nemotron_h", "nemotron_h_moe",
    "neo-bert", "nomic-bert", "nomic-bert-moe", "olmo", "olmo2", "olmoe", "openelm", "orion", "paddleocr",
    "pangu-embedded", "phi2", "phi3", "phimoe", "plamo", "plamo2", "plamo3", "plm", "pockettts", "qwen",
    "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next", "qwen3tts",
    "qwen3vl", "qwen3vlmoe", "qwen4exp", "refact", "rnd1", "rwkv6", "rwkv6qwen2", "rwkv7", "seed_oss",
    "smallthinker", "smollm3", "spark2_5", "stablelm", "starcoder", "starcoder2", "step35", "t5",
    "t5encoder", "talkie", "wavtokenizer-dec", "xverse",
];

/// Architectures whose text model is made to be fed with images.
const VISION: &[&str] =
    &["chameleon", "cogvlm", "deepseek2-ocr", "hunyuan_vl", "paddleocr", "qwen2vl", "qwen3vl", "qwen3vlmoe"];

/// Architectures that give vectors, not text.
const EMBEDDING: &[&str] = &[
    "bert",
    "eurobert",
    "gemma-embedding",
    "jina-bert-v2",
    "jina-bert-v3",
    "llama-embed",
    "modern-bert",
    "neo-bert",
    "nomic-bert",
    "nomic-bert-moe",
    "t5encoder",
];

/// Architectures that are a part of something else: projectors, drafts, audio decoders.
const PARTS: &[&str] = &["clip", "dflash", "eagle3", "gemma4-assistant", "pockettts", "qwen3tts", "wavtokenizer-dec"];

/// Whether the engine's llama.cpp knows the architecture. A file of another one is refused at import.
pub fn is_known_architecture(name: &str) -> bool {
    KNOWN.binary_search(&name).is_ok()
}

pub(crate) fn is_vision(name: &str) -> bool {
    VISION.contains(&name)
}

pub(crate) fn is_embedding(name: &str) -> bool {
    EMBEDDING.contains(&name)
}

pub(crate) fn is_part(name: &str) -> bool {
    PARTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_the_special_ones() {
        assert!(KNOWN.is_sorted());
        for name in VISION.iter().chain(EMBEDDING).chain(PARTS) {
            assert!(is_known_architecture(name), "{name}");
        }
        assert!(is_known_architecture("llama"));
        assert!(!is_known_architecture("llama5000"));
        assert!(!is_known_architecture("(unknown)"));
    }
}

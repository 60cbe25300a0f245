"""Writes the model as GGUF, and reads nothing but the parameters and the tokenizer."""

import gguf
import numpy as np

from .chat import TEMPLATE
from .tokenizer import SPECIAL, Tokenizer

NAMES = {"attn_norm": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
         "ffn_norm": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}


def size_label(count):
    return f"{count / 1e6:.1f}M"


def add_metadata(writer, config, tokenizer: Tokenizer, version, count):
    writer.add_type("model")
    writer.add_name("Viva demo")
    writer.add_version(version)
    writer.add_finetune("Instruct")
    writer.add_basename("viva-demo")
    writer.add_size_label(size_label(count))
    writer.add_license("apache-2.0")
    writer.add_description("A tiny instruction-tuned model for trying Viva.")
    writer.add_tags(["viva", "demo", "instruct", "text-generation"])
    writer.add_languages(["en"])
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.hidden)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.eps)
    writer.add_vocab_size(config.vocab)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)

    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokenizer.tokens)
    writer.add_token_types([control if token in SPECIAL else normal for token in tokenizer.tokens])
    writer.add_token_merges(tokenizer.merges)
    writer.add_bos_token_id(tokenizer.end_of_text)
    writer.add_eos_token_id(tokenizer.end)
    writer.add_eot_token_id(tokenizer.end)
    writer.add_pad_token_id(tokenizer.end_of_text)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def write(path, params, config, tokenizer, version):
    count = sum(int(np.size(leaf)) for leaf in [params["embed"], params["norm"], *params["blocks"].values()])
    writer = gguf.GGUFWriter(path, "llama")
    add_metadata(writer, config, tokenizer, version, count)
    writer.add_tensor("token_embd.weight", np.asarray(params["embed"]).astype(np.float16))
    writer.add_tensor("output_norm.weight", np.asarray(params["norm"], np.float32))
    for layer in range(config.layers):
        for ours, theirs in NAMES.items():
            value = np.asarray(params["blocks"][ours][layer], np.float32)
            if value.ndim == 2:
                value = np.ascontiguousarray(value.T).astype(np.float16)
            writer.add_tensor(f"blk.{layer}.{theirs}.weight", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

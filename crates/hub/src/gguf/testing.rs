//! Writes small GGUF files for tests.

/// A GGUF under construction. Keys and tensors appear in the order they are added.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    version: u32,
    entries: Vec<Vec<u8>>,
    tensors: Vec<(String, Vec<u64>, u32, u64)>,
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

impl Builder {
    pub(crate) fn empty() -> Self {
        Self { version: 3, entries: Vec::new(), tensors: Vec::new() }
    }

    /// A model of one layer that has everything an inspection looks at.
    pub(crate) fn llama() -> Self {
        Self::empty()
            .text("general.architecture", "llama")
            .text("general.name", "Tiny Whale Instruct")
            .text("general.version", "v2")
            .text("general.license", "apache-2.0")
            .texts("general.tags", &["text-generation", "demo"])
            .number("llama.context_length", 2048)
            .number("llama.embedding_length", 64)
            .number("llama.block_count", 2)
            .number("llama.attention.head_count", 8)
            .number("llama.attention.head_count_kv", 2)
            .texts("tokenizer.ggml.tokens", &["<s>", "</s>", "a", "b"])
            .text("tokenizer.chat_template", "{{ messages }}")
            .tensor("token_embd.weight", &[64, 4], 8, 64 * 4 / 32 * 34)
            .tensor("output_norm.weight", &[64], 0, 64 * 4)
    }

    pub(crate) fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn raw(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.entries.push([string(key).as_slice(), &kind.to_le_bytes(), value].concat());
        self
    }

    pub(crate) fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, 8, &string(text))
    }

    pub(crate) fn number(self, key: &str, number: u32) -> Self {
        self.raw(key, 4, &number.to_le_bytes())
    }

    pub(crate) fn numbers(self, key: &str, numbers: &[u32]) -> Self {
        let mut value = [4u32.to_le_bytes().as_slice(), &(numbers.len() as u64).to_le_bytes()].concat();
        numbers.iter().for_each(|number| value.extend(number.to_le_bytes()));
        self.raw(key, 9, &value)
    }

    pub(crate) fn texts(self, key: &str, texts: &[&str]) -> Self {
        let mut value = [8u32.to_le_bytes().as_slice(), &(texts.len() as u64).to_le_bytes()].concat();
        texts.iter().for_each(|text| value.extend(string(text)));
        self.raw(key, 9, &value)
    }

    /// A tensor of this many bytes, whatever its type says.
    pub(crate) fn tensor(mut self, name: &str, shape: &[u64], kind: u32, bytes: u64) -> Self {
        self.tensors.push((name.into(), shape.into(), kind, bytes));
        self
    }

    /// The header alone.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(self.version.to_le_bytes());
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend((self.entries.len() as u64).to_le_bytes());
        self.entries.iter().for_each(|entry| file.extend(entry));
        let mut offset = 0u64;
        for (name, shape, kind, bytes) in &self.tensors {
            file.extend(string(name));
            file.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|length| file.extend(length.to_le_bytes()));
            file.extend(kind.to_le_bytes());
            file.extend(offset.to_le_bytes());
            offset += bytes.next_multiple_of(32);
        }
        file
    }

    /// The whole file, its weights a pattern.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut file = self.header();
        for (_, _, _, bytes) in &self.tensors {
            file.resize(file.len().next_multiple_of(32), 0);
            file.extend((0..*bytes).map(|index| (index % 251) as u8));
        }
        file
    }
}

"""Byte-level tokenizer: frequent words are whole tokens, all else goes by characters.

It is what llama.cpp runs for `tokenizer.ggml.model = gpt2`, `tokenizer.ggml.pre = llama-bpe`:
a piece of text that is in the vocabulary is one token, any other piece is split into bytes,
and the few merges below join the two bytes of an accented Latin letter.
"""

import functools

import regex

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝāēěğīıłńőœřśšūůűźžČŁŚŠŽčćęąż"
PIECES = regex.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def printable_bytes():
    """The printable character that GPT-2 style vocabularies write for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in kept}
    for index, byte in enumerate(b for b in range(256) if b not in table):
        table[byte] = chr(256 + index)
    return table


BYTES = printable_bytes()
RAW = {char: byte for byte, char in BYTES.items()}


def encoded(text):
    return "".join(BYTES[byte] for byte in text.encode())


def pieces(text):
    return PIECES.findall(text)


class Tokenizer:
    def __init__(self, words):
        """`words` are the whole-word pieces, leading space included."""
        letters = [encoded(letter) for letter in dict.fromkeys(ACCENTED)]
        base = [BYTES[byte] for byte in range(256)] + letters
        known = set(base)
        whole = [encoded(word) for word in words if encoded(word) not in known]
        self.tokens = SPECIAL + base + whole
        self.merges = [f"{pair[0]} {pair[1]}" for pair in letters]
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.joined = {(pair[0], pair[1]): pair for pair in letters}
        self.end_of_text, self.start, self.end = 0, 1, 2
        self.encode_piece = functools.lru_cache(200_000)(self.split_piece)

    def split_piece(self, piece):
        text = encoded(piece)
        if text in self.ids:
            return [self.ids[text]]
        out, at = [], 0
        while at < len(text):
            pair = self.joined.get((text[at], text[at + 1])) if at + 1 < len(text) else None
            out.append(self.ids[pair or text[at]])
            at += 2 if pair else 1
        return out

    def encode(self, text):
        """Ordinary text; special tokens written in it stay text."""
        return [token for piece in pieces(text) for token in self.encode_piece(piece)]

    def decode(self, ids):
        joined = "".join(self.tokens[i] for i in ids if i >= len(SPECIAL))
        return bytes(RAW[char] for char in joined).decode(errors="replace")

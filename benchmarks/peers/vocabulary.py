"""Gives GGUF files without a vocabulary one that servers can talk in: a word for every id, the bytes among them.

usage: vocabulary.py OUT_DIR FILE.gguf ...

Writes OUT_DIR/<name of the file> for each and tokenizer.json, tokenizer_config.json of the same vocabulary, so that ours and
llama.cpp's server turn the same ids into the same text. Needs the `gguf` package.
"""

import json
import pathlib
import sys

import gguf


def letters():
    """The letter of every byte in byte-level BPE."""
    plain = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b]
    rest = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(rest))]


def words(size):
    fixed = ["<unk>", "<|endoftext|>", *letters()]
    return fixed + ["\u0120w%d" % i for i in range(len(fixed), size)]


def convert(source, target):
    reader = gguf.GGUFReader(source)
    values = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    architecture = values["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture)
    for name, field in values.items():
        if name != "general.architecture" and not name.startswith("tokenizer."):
            kind = field.types[0]
            writer.add_key_value(name, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    size = int(values[architecture + ".vocab_size"].contents())
    all_words = words(size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(all_words)
    writer.add_token_types([3 if i < 2 else 1 for i in range(size)])
    writer.add_token_merges(["\u0120 w"])
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(1)
    writer.add_add_bos_token(False)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return all_words


out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for file in sys.argv[2:]:
    known = convert(file, out / pathlib.Path(file).name)
special = [{"id": i, "content": known[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": True} for i in range(2)]
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
(out / "tokenizer.json").write_text(json.dumps({
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
    "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
    "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
              "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
              "vocab": {word: i for i, word in enumerate(known)}, "merges": []}}))
(out / "tokenizer_config.json").write_text(json.dumps({
    "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
    "unk_token": None, "add_bos_token": False, "model_max_length": 40960, "split_special_tokens": False,
    "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"}))

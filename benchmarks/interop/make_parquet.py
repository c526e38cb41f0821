"""Makes the Parquet files of swift-peft's tests with pyarrow, and what they hold as JSON lines.

    python make_parquet.py OUT_DIR
"""

import json
import pathlib
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def chats(count):
    rng = random.Random(1)
    words = ["alpha", "beta", "gamma", "größe", "漢字", "😀", ""]
    text = lambda: " ".join(rng.choice(words) for _ in range(rng.randrange(0, 9)))
    for i in range(count):
        row = {
            "id": i if i % 5 else None,
            "messages": [{"role": role, "content": text(), "loss": rng.choice([None, True, False])}
                         for _ in range(rng.randrange(1, 4)) for role in ("user", "assistant")],
            "tags": None if i % 7 == 0 else [text() if rng.random() < 0.8 else None for _ in range(rng.randrange(0, 4))],
            "nested": [[rng.randrange(-9, 9) for _ in range(rng.randrange(0, 3))] for _ in range(rng.randrange(0, 3))],
            "meta": None if i % 4 == 0 else {"score": rng.randrange(1000) / 8, "origin": {"file": f"f{i % 3}", "big": i << 40}},
            "flag": rng.choice([True, False]), "constant": "same",
        }
        yield row


def main():
    out = pathlib.Path(sys.argv[1])
    schema = pa.schema([
        ("id", pa.int64()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string()), ("loss", pa.bool_())]))),
        ("tags", pa.list_(pa.string())), ("nested", pa.list_(pa.list_(pa.int32()))),
        ("meta", pa.struct([("score", pa.float64()), ("origin", pa.struct([("file", pa.string()), ("big", pa.int64())]))])),
        ("flag", pa.bool_()), ("constant", pa.string())])
    rows = list(chats(120))
    table = pa.Table.from_pylist(rows, schema=schema)
    with open(out / "chats.jsonl", "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    pq.write_table(table, out / "snappy.parquet", compression="snappy", row_group_size=50)
    pq.write_table(table, out / "plain.parquet", compression="none", use_dictionary=False, row_group_size=1000, data_page_size=700)
    leaf = {"id": "DELTA_BINARY_PACKED", "messages.list.element.role": "DELTA_LENGTH_BYTE_ARRAY",
            "messages.list.element.content": "DELTA_BYTE_ARRAY", "nested.list.element.list.element": "DELTA_BINARY_PACKED",
            "flag": "RLE", "constant": "DELTA_BYTE_ARRAY", "meta.origin.big": "DELTA_BINARY_PACKED"}
    pq.write_table(table, out / "gzip-v2.parquet", compression="gzip", use_dictionary=False, column_encoding=leaf,
                   data_page_version="2.0", row_group_size=70, data_page_size=900)
    pq.write_table(table.slice(0, 3), out / "zstd.parquet", compression="zstd")
    pq.write_table(table.slice(0, 0), out / "empty.parquet")


if __name__ == "__main__":
    main()

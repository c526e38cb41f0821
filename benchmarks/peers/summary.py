"""Medians and ratios of the lines that infer.sh and server.sh print: python summary.py < lines"""

import collections
import json
import statistics
import sys

WHAT = ("prompt", "first", "decode", "batch8", "all")
found = collections.defaultdict(list)
for line in sys.stdin:
    if not line.startswith("{"):
        continue
    row = json.loads(line)
    who = "ours" if row["peer"] == "ours" else "peer"
    if "tokens_s" in row:
        row["prompt" if row["n_prompt"] else "decode"] = row["tokens_s"]
    for what in WHAT:
        if what in row:
            found[row["type"], row.get("streams", 0), what, who].append(row[what])


def show(values, digits):
    return "%.*f (%.*f - %.*f)" % sum(((digits, v) for v in (statistics.median(values), min(values), max(values))), ())


print("| format | what | ours tokens/s | llama.cpp | ratio |\n|---|---|---|---|---|")
for kind in ("f32", "bf16", "bf16-copied", "int8", "int4"):
    for streams in sorted({key[1] for key in found}):
        for what in WHAT:
            ours, peer = found[kind, streams, what, "ours"], found[kind, streams, what, "peer"]
            if ours:
                ratio = "%.2f" % (statistics.median(ours) / statistics.median(peer)) if peer else "-"
                name = "first token, s" if what == "first" else what
                digits = 2 if what == "first" else 1
                print("| %s | %s | %s | %s | %s |" % (kind, f"{streams} streams: {name}" if streams else name,
                                                     show(ours, digits), show(peer, digits) if peer else "-", ratio))

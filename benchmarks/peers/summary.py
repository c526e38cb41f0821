"""Medians and ratios of the lines that infer.sh prints: python summary.py < lines"""

import collections
import json
import statistics
import sys

found = collections.defaultdict(list)
for line in sys.stdin:
    if not line.startswith("{"):
        continue
    row = json.loads(line)
    who = "ours" if row["peer"] == "ours" else "peer"
    if "tokens_s" in row:
        found[row["type"], "prompt" if row["n_prompt"] else "decode", who].append(row["tokens_s"])
    for what in ("prompt", "decode", "batch8"):
        if what in row:
            found[row["type"], what, who].append(row[what])
show = lambda v: "%.1f (%.1f - %.1f)" % (statistics.median(v), min(v), max(v)) if v else "-"
print("| format | what | ours tokens/s | llama.cpp | ratio |\n|---|---|---|---|---|")
for kind in ("f32", "bf16", "int8", "int4"):
    for what in ("prompt", "decode", "batch8"):
        ours, peer = found[kind, what, "ours"], found[kind, what, "peer"]
        if ours:
            ratio = "%.2f" % (statistics.median(ours) / statistics.median(peer)) if peer else "-"
            print(f"| {kind} | {what} | {show(ours)} | {show(peer)} | {ratio} |")

"""Loads what Swift for the JVM saved with PEFT and transformers and compares the logits.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch transformers peft safetensors
    benchmarks/interop/check.sh /tmp/venv/bin/python

check.sh trains, merges and writes the logits with bin/swift; this file is its second half:
    check.py BASE ADAPTER MERGED INPUT ADAPTER_LOGITS MERGED_LOGITS
"""
import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4


def logits(model, ids):
    model = model.float().eval()
    with torch.no_grad():
        return model(input_ids=ids).logits


def compare(what, theirs, file):
    ours = load_file(file)["logits"]
    worst = (theirs - ours).abs().max().item()
    print(f"{what}: largest difference of {theirs.numel()} logits {worst:.2e} (allowed {TOLERANCE:.0e})")
    return worst <= TOLERANCE


def main(base, adapter, merged, inputs, adapter_logits, merged_logits):
    ids = load_file(inputs)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    fine = compare("PEFT reads our adapter", logits(PeftModel.from_pretrained(model, adapter), ids), adapter_logits)
    model = AutoModelForCausalLM.from_pretrained(merged)
    fine &= compare("transformers reads our merged folder", logits(model, ids), merged_logits)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

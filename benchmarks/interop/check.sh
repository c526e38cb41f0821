#!/usr/bin/env bash
# Trains a small adapter with bin/swift, merges it, and lets PEFT and transformers load both: check.sh PYTHON [MODEL]
set -eu
python=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
model=${2:-$root/swift-native/src/test/resources/oracle/models/qwen3}
swift=$root/swift-api/target/swift/bin/swift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '%s\n' '{"input_ids":[5,6,7,8,9,10,11,12],"labels":[-100,6,7,8,9,10,11,12]}' \
  '{"input_ids":[40,41,42,43,44],"labels":[-100,-100,42,43,44]}' >"$work/rows.jsonl"
"$swift" sft --model "$model" --dataset "$work/rows.jsonl" --output_dir "$work/run" --max_steps 20 --learning_rate 1e-2 \
  --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --add_version false --save_steps 20 >"$work/log" 2>&1 ||
  { cat "$work/log"; exit 1; }
adapter=$(dirname "$(find "$work/run" -name adapter_model.safetensors | sort | tail -n 1)")
"$swift" export --model "$model" --adapters "$adapter" --merge_lora true --torch_dtype float32 --output_dir "$work/merged"
"$python" - "$work/in.safetensors" <<'PY'
import sys
import torch
from safetensors.torch import save_file
save_file({"input_ids": torch.randint(0, 400, (2, 24), generator=torch.Generator().manual_seed(1))}, sys.argv[1])
PY
"$swift" logits --model "$model" --adapters "$adapter" --input "$work/in.safetensors" --output "$work/adapter.safetensors"
"$swift" logits --model "$work/merged" --input "$work/in.safetensors" --output "$work/merged.safetensors"
"$python" "$here/check.py" "$model" "$adapter" "$work/merged" "$work/in.safetensors" "$work/adapter.safetensors" \
  "$work/merged.safetensors"

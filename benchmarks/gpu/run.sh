#!/usr/bin/env bash
# On the GPU machine: run.sh OUT [LAYERS]. Writes selftest.txt, and peft.txt where Python has torch and PEFT.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUT [LAYERS]}; layers=${2:-28}
mkdir -p "$out"
java=("$here/runtime/bin/java" --enable-native-access=ALL-UNNAMED -cp "$here/lib/*")
"${java[@]}" io.swiftjvm.cli.Main devices | tee "$out/devices.txt"
"${java[@]}" io.swiftjvm.cli.Main selftest --device cuda --check_only | tee "$out/check.txt"
if command -v compute-sanitizer > /dev/null; then
  compute-sanitizer --error-exitcode 9 "${java[@]}" io.swiftjvm.cli.Main selftest --device cuda --check_only > "$out/sanitizer.txt" 2>&1 \
    && echo "compute-sanitizer: clean" || echo "compute-sanitizer: see $out/sanitizer.txt"
fi
# The embedded model's tokenizer stands in; ids are random anyway.
"${java[@]}" io.swiftjvm.bench.RandomCheckpoint "$out/model" "$here/tokenizer" "$layers"
"${java[@]}" io.swiftjvm.cli.Main selftest --device cuda --model "$out/model" --torch_dtype bfloat16 --tokens 2048 --steps 10 \
  | tee "$out/selftest.txt"
if python3 -c 'import torch, transformers, peft' 2> /dev/null; then
  python3 "$here/lora_peft.py" "$out/model" 2048 10 | tee "$out/peft.txt"
fi

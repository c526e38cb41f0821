#!/bin/sh
# compare.sh PYTHON [FOLDER]: the same rows as padded batches, without padding and packed, here and with PEFT (padded).
# Run from the repository's root after the build; PYTHON has torch, transformers and peft.
set -e
python=$1
folder=${2:-/tmp/packing}
bench="java --enable-native-access=ALL-UNNAMED -cp benchmarks/target/classes:swift-api/target/swift/lib/* io.swiftjvm.bench"
$bench.RandomCheckpoint "$folder/model" swift-native/src/test/resources/oracle/models/qwen3 4 8192
$bench.PackingBench make "$folder" 32
for how in padded rows packed; do
  $bench.PackingBench $how "$folder" "$folder/model" 2
done
"$python" benchmarks/peers/lora_peft.py "$folder/model" "$folder/rows.jsonl" 2 --batch 8

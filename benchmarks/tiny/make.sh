#!/usr/bin/env bash
# Makes swift-tiny from nothing with this library alone: text, tokenizer, first weights, pre-training, instruction tuning,
# rounding to bf16, examination. About 8 minutes on 2 cores. Needs the build (mvn package) and JDK 25.
#   benchmarks/tiny/make.sh [--install] [WORK_DIR]      WORK_DIR: default target/swift-tiny in this module
set -euo pipefail
cd "$(dirname "$0")/../.."
install=false
if [ "${1:-}" = --install ]; then install=true; shift; fi
work=${1:-benchmarks/target/swift-tiny}
swift=swift-api/target/swift/bin/swift
java=${JAVA25:-$(ls -d "${JAVA_HOME:-/none}"/bin/java /usr/lib/jvm/*25*/bin/java 2>/dev/null | while read -r j; do
  "$j" -version 2>&1 | grep -q '"25' && echo "$j" && break; done || true)}
[ -n "$java" ] || { echo "make.sh: no JDK 25 found; set JAVA25 to its java" >&2; exit 2; }
tool() {
  local name=$1; shift
  "$java" --enable-native-access=ALL-UNNAMED -cp "benchmarks/target/classes:swift-api/target/swift/lib/*" \
    "io.swiftjvm.bench.tiny.$name" "$@"
}
# The last checkpoint of a run, with the text files of the model beside its weights.
last() {
  ls -d "$1"/checkpoint-* | sort -t- -k2 -n | tail -1
}
common=(--tuner_type full --torch_dtype float32 --packing true --max_length 256 --per_device_train_batch_size 8
  --gradient_accumulation_steps 1 --num_train_epochs 1 --lr_scheduler_type cosine --warmup_ratio 0.05
  --weight_decay 0.1 --adam_beta1 0.9 --adam_beta2 0.95 --max_grad_norm 1.0 --logging_steps 10 --save_steps 0
  --save_only_model true --add_version false --seed 42 --data_seed 42 --split_dataset_ratio 0)

tool TinyCorpus benchmarks/tiny/seeds "$work/text"
tool TokenizerFiles "$work/text" benchmarks/tiny/chat_template.jinja "$work/init"
tool TinyInit "$work/init" 42
"$swift" pt --model "$work/init" --dataset "$work/text/pretrain.jsonl" --output_dir "$work/pt" \
  --learning_rate 3e-3 "${common[@]}"
"$swift" sft --model "$(last "$work/pt")" --dataset "$work/text/sft.jsonl" --output_dir "$work/sft" \
  --template chatml --learning_rate 2e-3 "${common[@]}"
tool TinyPack "$(last "$work/sft")" "$work/swift-tiny"
tool TinyEval "$work/swift-tiny" "$work/text/eval.jsonl" 0.85
du -sb "$work/swift-tiny"
if $install; then
  to=swift-native/src/main/resources/io/swiftjvm/models/swift-tiny
  mkdir -p "$to"
  cp "$work"/swift-tiny/* "$to/"
  echo "installed in $to"
fi

#!/bin/sh
# The engine beside llama.cpp on the same weights, in turns: engine_llama.sh MODEL_DIR MODEL.gguf ROUNDS [PREFIX of llama's commands]
# 128 prompt tokens and 64 answer tokens for 1, 8 and 32 streams; llama-batched-bench prints the same three speeds as a table
# (S_PP prompts, S_TG answers, S both). RUN must hold the java command up to the class path.
set -e
model=$1 gguf=$2 rounds=${3:-2}
[ $# -gt 3 ] && shift 3 || shift $#
for round in $(seq "$rounds"); do
  echo "== round $round, $(date -u +%H:%M:%S), load $(cut -d' ' -f1 /proc/loadavg)"
  ${RUN:?} io.swiftjvm.bench.EngineBench "$model" bf16 2 f32 none 1 8 32
  "$@" llama-batched-bench -m "$gguf" -c 8192 -b 512 -ub 512 -t 2 -tb 2 -npp 128 -ntg 64 -npl 1,8,32 2>/dev/null | grep '^|'
done

#!/usr/bin/env bash
# Generation with 4-bit weights beside Jlama 0.8.4, alternating, one thread by processor time.
#
#   peers/jlama.sh LLAMA_Q4_DIR MODEL_DIR JLAMA_LIB BENCH_CLASSPATH [ROUNDS]
#
# LLAMA_Q4_DIR is a Llama of Qwen3-0.6B's size (28 layers of 1024, 4096 wide, 151,936 tokens; Jlama knows no Qwen3) that
# Jlama quantised (SafeTensorSupport.quantizeModel); JLAMA_LIB has jlama-core, jlama-native and what they need from Maven.
set -eu
llama=$1 model=$2 lib=$3 classpath=$4 rounds=${5:-5}
here=$(cd "$(dirname "$0")" && pwd)
for _ in $(seq "$rounds"); do
  java --enable-preview --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED --source 25 -Xmx8g \
    -cp "$lib/*" "$here/JlamaPeer.java" "$llama" 3 2>/dev/null | tail -1
  java --enable-native-access=ALL-UNNAMED -cp "$classpath" io.swiftjvm.bench.InferBench "$model" int4 1 1
done

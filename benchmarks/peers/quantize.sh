#!/usr/bin/env bash
# quantize.sh CHROOT DIR CLASSPATH ROUNDS: processor seconds of rounding a checkpoint to int4 and to Q4_0 in turns; lines of
# JSON. CHROOT has llama-quantize and /bl/q06-bf16.gguf, DIR the same checkpoint; the output projection is rounded, too.
set -u
root=$1 dir=$2 classes=$3 rounds=$4
for _ in $(seq "$rounds"); do
  { TIMEFORMAT='{"peer":"llama.cpp","user_s":%U,"system_s":%S}'
    time chroot "$root" llama-quantize --pure /bl/q06-bf16.gguf /bl/quantized.gguf Q4_0 2 > /dev/null 2>&1; } 2>&1
  "${JAVA:-java}" --enable-native-access=ALL-UNNAMED -cp "$classes" io.swiftjvm.bench.QuantizeBench "$dir" int4 2
done
rm -f "$root/bl/quantized.gguf"

#!/usr/bin/env bash
# Generation beside llama.cpp in one run, alternating: a prompt of 512, decoding, 8 sequences together.
#
#   peers/infer.sh CHROOT MODEL_DIR BENCH_CLASSPATH [ROUNDS [THREADS]]
#
# CHROOT has llama.cpp and, in /bl, q06-{f32,bf16,q8_0,q4_0}.gguf of the shape of MODEL_DIR (Qwen3-0.6B) and, for one thread,
# cpuclock.so, which lets a program measure its processor time. Lines of JSON go to standard output; summary.py makes a table.
set -eu
root=$1 model=$2 classpath=$3 rounds=${4:-5} threads=${5:-1}
clock=
[ "$threads" = 1 ] && clock="LD_PRELOAD=/bl/cpuclock.so CPUCLOCK_DIV=1"

llama() { # format of ours, file, more options
  chroot "$root" sh -c "cd /bl && $clock llama-bench -m q06-$2.gguf ${3:-} -t $threads --poll 0 -p 512 -n 31 -r 1 -o jsonl 2>/dev/null" |
    sed -n "s/.*\"n_prompt\": \([0-9]*\),.*\"avg_ts\": \([0-9.]*\),.*/{\"peer\":\"llama.cpp\",\"type\":\"$1\",\"threads\":$threads,\"n_prompt\":\1,\"tokens_s\":\2}/p"
}

together() {
  chroot "$root" sh -c "cd /bl && $clock llama-batched-bench -m q06-$2.gguf -c 1024 -b 512 -ub 512 -npp 16 -ntg 16 -npl 8 \
    -t $threads -tb $threads --poll 0 --output-format jsonl 2>/dev/null" |
    sed -n "s/.*\"speed_tg\": \([0-9.]*\),.*/{\"peer\":\"llama.cpp\",\"type\":\"$1\",\"threads\":$threads,\"batch8\":\1}/p"
}

for _ in $(seq "$rounds"); do
  for pair in f32:f32 bf16:bf16 bf16-copied:bf16 int8:q8_0 int4:q4_0; do
    ours=${pair%%:*} theirs=${pair##*:}
    case $ours in
      bf16) llama "$ours" "$theirs" ;;
      bf16-copied) llama "$ours" "$theirs" "-lm none" ;; # read into memory, as ours
      *) llama "$ours" "$theirs" && together "$ours" "$theirs" ;;
    esac
    java --enable-native-access=ALL-UNNAMED -cp "$classpath" io.swiftjvm.bench.InferBench "$model" "$ours" "$threads" 1
  done
done

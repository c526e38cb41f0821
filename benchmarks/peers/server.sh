#!/usr/bin/env bash
# Our server beside llama.cpp's over HTTP, by the same client, in turns: 1, 8 and 32 streams that come at once.
#
#   peers/server.sh CHROOT MODEL_DIR SWIFT BENCH_CLASSPATH [ROUNDS [THREADS [FORMATS]]]
#
# CHROOT has llama.cpp and, in /bl/served, q06-{bf16,q8_0,q4_0}.gguf of the shape of MODEL_DIR with the vocabulary of
# vocabulary.py; SWIFT is bin/swift of the build. Lines of JSON go to standard output; summary.py makes a table.
set -eu
root=$1 model=$2 swift=$3 classpath=$4 rounds=${5:-3} threads=${6:-2} formats=${7:-bf16 int8 int4}
here=$(dirname "$swift")/..
. "$here/find-java.sh" # sets JAVA
ours=18431 theirs=18432
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true' EXIT
trap "exit 1" TERM INT

ready() { # port
  for _ in $(seq 300); do
    curl -sf "http://127.0.0.1:$1/health" >/dev/null && return
    kill -0 "$server" || exit 1
    sleep 0.2
  done
  echo "no answer at port $1" >&2
  exit 1
}

ask() { # peer, format, port, name of the model
  "$JAVA" -cp "$classpath" io.swiftjvm.bench.ServerBench "$1" "$2" "http://127.0.0.1:$3" "$4" "$threads"
  kill "$server"
  wait "$server" || true
  server=
}

for _ in $(seq "$rounds"); do
  for format in $formats; do
    case $format in
      bf16) file=bf16 quantised= ;;
      int8) file=q8_0 quantised="--quant_method swift --quant_bits 8" ;;
      int4) file=q4_0 quantised="--quant_method swift --quant_bits 4" ;;
    esac
    # shellcheck disable=SC2086
    "$swift" deploy --model "$model" --num_threads "$threads" --port $ours --served_model_name m $quantised >&2 &
    server=$!
    ready $ours
    ask ours "$format" $ours m
    chroot "$root" llama-server -m "/bl/served/q06-$file.gguf" -t "$threads" -c 8192 -np 32 -b 512 -ub 512 -cram 0 \
      --no-webui --port $theirs >/dev/null 2>&1 &
    server=$!
    ready $theirs
    ask llama.cpp "$format" $theirs m
  done
done

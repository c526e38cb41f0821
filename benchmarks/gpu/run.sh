#!/usr/bin/env bash
# On the GPU machine: run.sh OUT [STAGE..]. Needs NVIDIA's driver only. Stages, each below ten minutes; without one all of them:
#   check      every kernel against the CPU                              check.txt
#   model      a checkpoint of random numbers, LAYERS (28) layers        model/
#   measure    products, copies, LoRA steps, decoding                    measure.txt
#   own        check and products without the machine's cuBLASLt         own.txt
#   peer       the same in torch, with PEFT where Python has it          torch.txt, peft.txt
#   sanitize   the check under compute-sanitizer, where that is          sanitize.txt
# A stage that fails does not keep the others from running; the exit status is that of the worst.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUT [check|model|measure|own|peer|sanitize ..]}; shift
[ $# -gt 0 ] || set -- check model measure own peer sanitize
mkdir -p "$out"
java=(timeout 540 "$here/runtime/bin/java" --enable-native-access=ALL-UNNAMED -cp "$here/lib/*")
swift=("${java[@]}" io.swiftjvm.cli.Main)
worst=0

stage() {
  case $1 in
    check)
      "${swift[@]}" devices --operations 2>&1 | tee "$out/devices.txt" \
        && "${swift[@]}" selftest --device cuda --check_only 2>&1 | tee "$out/check.txt" ;;
    model)
      # The embedded model's tokenizer stands in; ids are random anyway.
      [ -f "$out/model/model.safetensors" ] \
        || "${java[@]}" io.swiftjvm.bench.RandomCheckpoint "$out/model" "$here/tokenizer" "${LAYERS:-28}" ;;
    measure)
      "${swift[@]}" selftest --device cuda --model "$out/model" --torch_dtype bfloat16 --tokens 2048 --steps 10 2>&1 \
        | tee "$out/measure.txt" ;;
    own)
      # A path to nothing hides it, so that our own products are checked and measured.
      "${java[@]}" -Dswift.cublas.path=/nowhere io.swiftjvm.cli.Main selftest --device cuda 2>&1 | tee "$out/own.txt" ;;
    peer)
      python3 -c 'import torch' 2> /dev/null || { echo "no torch here"; return 0; }
      timeout 200 python3 "$here/torch_speed.py" 2>&1 | tee "$out/torch.txt" || return
      python3 -c 'import transformers, peft' 2> /dev/null || { echo "no transformers and PEFT here"; return 0; }
      timeout 340 python3 "$here/lora_peft.py" "$out/model" 2048 10 2>&1 | tee "$out/peft.txt" ;;
    sanitize)
      command -v compute-sanitizer > /dev/null || { echo "no compute-sanitizer here"; return 0; }
      # The launcher of Java may start itself anew. What the JVM handles by signals is none of the device's errors.
      timeout 540 compute-sanitizer --tool memcheck --target-processes all --error-exitcode 9 \
        "${swift[@]:2}" selftest --device cuda --check_only > "$out/sanitize.txt" 2>&1
      local code=$?
      tail -n 2 "$out/sanitize.txt"
      return $code ;;
    *) echo "run.sh: no stage '$1'" >&2; return 2 ;;
  esac
}

for name; do
  echo "== $name"
  stage "$name"
  code=$?
  [ $code -eq 0 ] || echo "== $name FAILED with $code"
  [ $code -le $worst ] || worst=$code
done
exit $worst

#!/usr/bin/env bash
# ptxas.sh [ARCH]: registers, spills and shared memory of every kernel, one a line. Default sm_90. Needs nvcc.
set -euo pipefail
cd "$(dirname "$0")/../../swift-native/src/main/cuda"
nvcc -O3 -std=c++17 -cubin -arch="${1:-sm_90}" -Xptxas -v -o /dev/null swift.cu 2>&1 | awk '
  /Compiling entry function/ { split($0, part, "\x27"); name = part[2] }
  /spill stores/ { spills = $5 }
  /Used [0-9]+ registers/ {
    shared = 0
    for (i = 1; i < NF; i++) { if ($i == "Used") used = $(i + 1); if ($(i + 1) == "bytes" && $(i + 2) ~ /^smem/) shared = $i }
    printf "%-28s %4d registers %4d bytes spilt %6d bytes shared\n", name, used, spills, shared
  }' | sort

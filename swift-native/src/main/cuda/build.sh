#!/bin/sh
# build.sh OUTDIR: makes OUTDIR/swift.fatbin with nvcc, and copies the sources beside it for NVRTC. Without nvcc the
# kernels are compiled at run time by NVRTC, where that is installed.
set -e
src=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
hash=$(cat "$src"/*.cu "$src"/*.cuh "$src"/build.sh | cksum | tr ' ' -)
[ -f "$out/swift.hash" ] && [ "$(cat "$out/swift.hash")" = "$hash" ] && exit 0
cp "$src"/*.cu "$src"/*.cuh "$out"
nvcc=${NVCC:-$(command -v nvcc || true)}
if [ -z "$nvcc" ]; then
  echo "swift: no nvcc found, the CUDA kernels will be compiled at run time where NVRTC is installed"
  echo "$hash" > "$out/swift.hash"
  exit 0
fi
"$nvcc" -O3 -std=c++17 --threads 0 --compress-mode=size -fatbin -o "$out/swift.fatbin" "$src/swift.cu" \
  -gencode arch=compute_80,code=[sm_80,compute_80] -gencode arch=compute_86,code=sm_86 \
  -gencode arch=compute_89,code=sm_89 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_100,code=sm_100
echo "$hash" > "$out/swift.hash"

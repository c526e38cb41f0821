#!/bin/sh
# build.sh OUTDIR: makes OUTDIR/libcuda-fake.so, the driver and the kernels of src/main/cuda on the CPU, for tests.
set -e
src=$(cd "$(dirname "$0")" && pwd)
kernels=$src/../../../main/cuda
cxx=${CXX:-$(command -v g++ || command -v c++ || true)}
if [ "$(uname -s)" != Linux ] || [ -z "$cxx" ]; then
  echo "swift: no C++ compiler found, the tests of the CUDA backend will be skipped"
  exit 0
fi
lib=$1/libcuda-fake.so
if [ -f "$lib" ] && [ -z "$(find "$src" "$kernels" -newer "$lib" -type f -print)" ]; then
  exit 0
fi
mkdir -p "$1"
flags="-std=gnu++17 -O3 -fPIC -fvisibility=hidden -fno-exceptions -fno-math-errno -fno-threadsafe-statics -ffp-contract=off -Wall -Wno-unused-function -Wno-ignored-attributes -Wno-unknown-pragmas"
"$cxx" $flags -I"$src" -I"$kernels" -include "$src/emulator.h" -x c++ -c -o "$lib.kernels.o" "$kernels/swift.cu" &
for f in cublas driver emulator memory; do "$cxx" $flags -c -o "$lib.$f.o" "$src/$f.cpp"; done
wait $!
"$cxx" -shared -o "$lib.tmp" "$lib".*.o -Wl,--no-undefined -Wl,-z,noexecstack -lm
rm -f "$lib".*.o
mv "$lib.tmp" "$lib"

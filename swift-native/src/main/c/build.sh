#!/bin/sh
# build.sh OUTDIR: makes OUTDIR/<os>-<arch>/libswiftk.so. Without a C compiler the Java kernels are used instead.
set -e
src=$(cd "$(dirname "$0")" && pwd)
case $(uname -s) in
  Linux) os=linux ;;
  Darwin) os=macos ;;
  *) echo "swiftk: no native kernels for $(uname -s)"; exit 0 ;;
esac
case $(uname -m) in x86_64 | amd64) arch=x86_64 ;; aarch64 | arm64) arch=aarch64 ;; *) arch=$(uname -m) ;; esac
cc=${CC:-$(command -v gcc || command -v cc || true)}
if [ -z "$cc" ]; then
  echo "swiftk: no C compiler found, building without native kernels"
  exit 0
fi
lib=$1/$os-$arch/libswiftk.so
if [ -f "$lib" ] && [ -z "$(find "$src" -newer "$lib" -name '*.[chs]*' -print)" ]; then
  exit 0
fi
mkdir -p "$1/$os-$arch"
link=
[ $os = linux ] && link="-Wl,--no-undefined -Wl,-z,noexecstack -Wl,--build-id=none"
amx=
echo '__asm__("tilerelease");' | "$cc" -xc -c -o /dev/null - 2> /dev/null || amx=-DSWIFTK_AMX=0
flags="-std=gnu11 -O3 -fPIC -fvisibility=hidden -fno-math-errno -fno-trapping-math -Wall -Wno-psabi -Wno-unknown-pragmas"
objects=$(mktemp -d)
jobs=
trap 'rm -rf "$objects"' EXIT
trap 'kill $jobs 2> /dev/null; exit 1' INT TERM
for f in "$src"/*.c; do
  "$cc" $flags $amx -c -o "$objects/$(basename "$f" .c).o" "$f" &
  jobs="$jobs $!"
done
failed=
for job in $jobs; do wait "$job" || failed=yes; done
[ -z "$failed" ] || exit 1
"$cc" -shared -o "$lib.tmp" "$objects"/*.o $link -lm
mv "$lib.tmp" "$lib"

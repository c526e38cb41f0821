#!/usr/bin/env bash
# Packs a small Java runtime, the jars and the checkpoint maker for a machine with a GPU: benchmarks/target/gpu/swift-gpu.tar.gz.
# Needs the build (mvn package) and JDK 25 with jlink.
set -euo pipefail
cd "$(dirname "$0")/../.."
jdk=${JAVA25_HOME:-$(for d in ${JAVA_HOME:-} /usr/lib/jvm/*25*; do [ -x "$d/bin/jlink" ] && echo "$d" && break; done || true)}
[ -n "$jdk" ] || { echo "pack.sh: no JDK 25 with jlink found; set JAVA25_HOME" >&2; exit 2; }
[ -d swift-api/target/swift/lib ] || { echo "pack.sh: run mvn package first" >&2; exit 2; }
out=benchmarks/target/gpu
rm -rf "$out"; mkdir -p "$out/swift-gpu/lib"
"$jdk/bin/jlink" --output "$out/swift-gpu/runtime" --strip-debug --no-header-files --no-man-pages --compress zip-9 \
  --add-modules java.base,java.logging,java.management,java.net.http,java.sql,java.xml,jdk.httpserver,jdk.jfr,jdk.management,jdk.unsupported,jdk.crypto.ec
cp swift-api/target/swift/lib/*.jar "$out/swift-gpu/lib/"
# The tokenizer brings its library for every platform; one is needed.
for file in "$out"/swift-gpu/lib/tokenizers-*.jar; do
  mkdir "$out/unpacked"
  (cd "$out/unpacked" && "$jdk/bin/jar" --extract --file "../swift-gpu/lib/$(basename "$file")" \
    && find native/lib -mindepth 1 -maxdepth 1 -type d ! -name linux-x86_64 -exec rm -r {} +)
  "$jdk/bin/jar" --create --file "$file" --manifest "$out/unpacked/META-INF/MANIFEST.MF" -C "$out/unpacked" .
  rm -r "$out/unpacked"
done
"$jdk/bin/jar" --create --file "$out/swift-gpu/lib/bench.jar" -C benchmarks/target/classes .
cp -r swift-native/src/main/resources/io/swiftjvm/models/swift-tiny "$out/swift-gpu/tokenizer"
rm -f "$out"/swift-gpu/tokenizer/*.safetensors
cp benchmarks/gpu/run.sh benchmarks/gpu/lora_peft.py benchmarks/gpu/torch_speed.py "$out/swift-gpu/"
tar -C "$out" -czf "$out/swift-gpu.tar.gz" swift-gpu
size=$(wc -c < "$out/swift-gpu.tar.gz")
echo "$out/swift-gpu.tar.gz: $((size / 1048576)) MiB"
[ "$size" -lt $((60 * 1048576)) ] || { echo "pack.sh: more than 60 MiB" >&2; exit 1; }

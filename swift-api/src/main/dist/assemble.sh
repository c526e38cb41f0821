#!/bin/sh
# Lays out the runnable distribution: assemble.sh SOURCE_FOLDER TARGET_FOLDER JAR
set -eu
mkdir -p "$2/bin" "$2/lib" "$2/examples"
cp "$1"/bin/* "$2/bin/"
chmod 755 "$2"/bin/*
cp "$1/find-java.sh" "$2/"
cp "$1"/examples/* "$2/examples/"
cp "$3" "$2/lib/"

# An ahead-of-time cache (JEP 514) halves the start; without one everything works as well.
rm -f "$2/swift.aot"
(
  . "$2/find-java.sh"
  "$JAVA" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC "-XX:AOTCacheOutput=$2/swift.aot" -cp "$2/lib/*" \
    io.swiftjvm.cli.Main infer --model swift-tiny --prompt Hi --max_new_tokens 4
) >/dev/null 2>&1 || rm -f "$2/swift.aot"
rm -f "$2/swift.aot.config"

#!/bin/sh
# Lays out the runnable distribution: assemble.sh SOURCE_FOLDER TARGET_FOLDER JAR
set -eu
mkdir -p "$2/bin" "$2/lib" "$2/examples"
cp "$1"/bin/* "$2/bin/"
chmod 755 "$2"/bin/*
cp "$1/find-java.sh" "$2/"
cp "$1"/examples/* "$2/examples/"
cp "$3" "$2/lib/"

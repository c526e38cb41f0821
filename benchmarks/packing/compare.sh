#!/bin/sh
# compare.sh [FOLDER [MODEL]]: the same rows trained as padded batches, without padding, and packed.
# Run from the repository's root after the build.
set -e
folder=${1:-/tmp/packing}
model=${2:-swift-tiny}
bench="java --enable-native-access=ALL-UNNAMED -cp benchmarks/target/classes:swift-api/target/swift/lib/* io.swiftjvm.bench.PackingBench"
$bench make "$folder" 32
for how in packed padded rows; do
  $bench $how "$folder" "$model" 3
done

#!/usr/bin/env bash
# Every kernel under JMH beside the limits of the machine, measured in the same run: a table, see KernelReport.
#
#   benchmarks/kernels.sh [--quick] [PART_OF_A_NAME ...]      after mvn -DskipTests package; --quick takes under 3 minutes
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/swift-api/target/swift/find-java.sh"
exec "$JAVA" --enable-native-access=ALL-UNNAMED \
  -cp "$root/benchmarks/target/classes:$root/benchmarks/target/lib/*:$root/swift-api/target/swift/lib/*" \
  io.swiftjvm.bench.kernel.KernelReport "$@"

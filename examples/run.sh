#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one of the programs here: `examples/run.sh NAME ARGUMENTS`. Needs JDK 25 in JAVA_HOME or on the path, and a build
# (./gatun verify -DskipTests).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
class_path=$(find "$root"/java/*/target "$root"/bindings/target "$root"/examples/target -name 'gatun-*.jar' \
  ! -name '*-tests.jar' | tr '\n' ':')
library=$(find "$root"/java/cli/target/lib -name '*.jar' | tr '\n' ':')
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
if [ "${major:-0}" -lt 25 ]; then
  echo "run.sh: JDK 25 is needed and $java is ${major:-absent}; set JAVA_HOME" >&2
  exit 1
fi
name=$1
shift
exec "$java" --enable-native-access=ALL-UNNAMED -Dgatun.library.path="$root/build/native" -cp "$class_path$library" \
  "io.gatun.examples.$name" "$@"

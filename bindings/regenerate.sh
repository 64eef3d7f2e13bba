#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generates io.gatun.bindings.ffi from gatun.h with the jextract on PATH; README.md says which one.
set -eu
cd "$(dirname "$0")/.."

header=native/include/gatun/gatun.h
package=io.gatun.bindings.ffi
output=bindings/src/main/java
includes=bindings/includes.txt
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT

# Only what gatun.h itself declares: jextract would bind the C library's headers as well.
jextract --dump-includes "$dump" -I native/include "$header"
sed -n 's|^\(--include-[a-z]* [A-Za-z0-9_]*\) *# header:.*gatun/gatun\.h *$|\1|p' "$dump" | LC_ALL=C sort > "$includes"

# A symbol that left the header takes its class with it.
find "$output/io/gatun/bindings/ffi" -name '*.java' ! -name package-info.java -delete
jextract --target-package "$package" --header-class-name GatunH --symbols-class-name GatunLayouts \
  --output "$output" -I native/include "@$includes" "$header"

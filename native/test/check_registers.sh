#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_registers.sh OBJDUMP OBJECT...: no product's innermost loop writes its sums to the stack. The compiler is free to
# keep them there, and once did: a model took 7 to 12 % longer, and no result changed. Nor does it take addresses out of
# vectors, where it keeps what the general registers do not hold: each such move takes a turn from the products.
set -u
objdump=$1
shift
"$objdump" -d -C --no-show-raw-insn "$@" | awk '
  # A loop is what lies between a jump back and its target. One that multiplies splatted numbers is a product; one that
  # also divides or compares is an activation.
  function look(from, to,   i, products, splats, spills, moves) {
    for (i = from; i <= to; ++i) {
      if (text[i] ~ /^v(div|cmp|min|max)ps/) return
      products += text[i] ~ /^(vfmadd|vdpbf16ps)/
      splats += text[i] ~ /^v(p?broadcast)/
      moves += text[i] ~ /^vmov[dq] %xmm[0-9]+,%r/
      spills += text[i] ~ /,-?(0x[0-9a-f]+)?\(%r[sb]p\)/ && text[i] ~ /^vmov.*%[yz]mm/
    }
    if (products < 6 || splats < 2) return
    ++loops
    if (spills > 0) {
      ++spilled
      printf "FAILED: %d sums of %d products on the stack: %s\n", spills, products, name
    }
    if (moves > 0) {
      ++spilled
      printf "FAILED: %d addresses of %d products in vectors: %s\n", moves, products, name
    }
  }
  /^[0-9a-f]+ <.*>:$/ { name = substr($0, index($0, "<")); delete place; lines = 0; next }
  $1 ~ /^[0-9a-f]+:$/ {
    at = substr($1, 1, length($1) - 1)
    place[at] = ++lines
    text[lines] = $2 " " $3
    if ($2 ~ /^j/ && $3 in place && lines - place[$3] < 90) look(place[$3], lines)
  }
  END {
    if (loops < 5) { print "FAILED: " loops + 0 " products in the objects, expected more"; exit 1 }
    if (spilled > 0) exit 1
    print "ok     the sums of " loops " products stay in registers"
  }'

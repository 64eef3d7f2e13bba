#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_isolation.sh NM OBJDUMP NAMESPACE OBJECT...: the objects of one instruction set define nothing but symbols of their own
# namespace, and no weak ones. A weak function shared with other files could be the copy that the linker keeps for
# everybody, and an AVX-512 copy would end the process on an older processor. AMX is in avx512_amx, and nowhere else.
set -u
nm=$1 objdump=$2 namespace=$3
shift 3
# Not ours: what the compiler adds for exceptions, function statics and AddressSanitizer.
leaks=$("$nm" --defined-only -C "$@" | awk '$2 ~ /^[TVWuBDR]$/' |
  grep -v -E " (gatun::cpu::$namespace::|DW\.ref\.__gxx|guard variable for gatun::cpu::$namespace::|__odr_asan\.)")
weak=$("$nm" --defined-only -C "$@" | awk '$2 ~ /^[Wu]$/')
if [ -n "$leaks$weak" ]; then
  echo "FAILED: objects compiled for $namespace share code with the rest of the library:"
  printf '%s\n' "$leaks" "$weak" | sort -u | sed '/^$/d'
  exit 1
fi
defined=$("$nm" --defined-only -C "$@" | grep -c " T gatun::cpu::${namespace}::")
[ "$defined" -gt 0 ] || { echo "FAILED: no symbol of gatun::cpu::$namespace in $*"; exit 1; }
tiles=$("$objdump" -d "$@" | grep -c tdpbf16ps) want=0
[ "$namespace" != avx512_amx ] || want=1
if [ $((tiles > 0)) -ne $want ]; then
  echo "FAILED: $tiles products of tiles (tdpbf16ps) in the objects of $namespace"
  exit 1
fi
echo "ok     $namespace shares no code"

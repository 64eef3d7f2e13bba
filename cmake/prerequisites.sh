#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks what the native build needs: one line naming what to install for the first thing missing, and status 1.
set -u

missing() {
  echo "gatun: $1" >&2
  exit 1
}

# version_at_least FOUND WANTED
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

case "$(uname -s) $(uname -m)" in
  "Linux x86_64" | "Linux aarch64") ;;
  *) missing "Gatun runs on Linux x86-64 (and compiles on Linux arm64); this is $(uname -s) $(uname -m)." ;;
esac

glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{print $2}')
[ -n "$glibc" ] || missing "glibc 2.34 or newer is needed and none was found; use a glibc system (Debian 12, Ubuntu 22.04, RHEL 9 or newer)."
version_at_least "$glibc" 2.34 ||
  missing "glibc 2.34 or newer is needed and this is $glibc; use Debian 12, Ubuntu 22.04, RHEL 9 or newer."

cmake=$(cmake --version 2>/dev/null | awk 'NR == 1 {print $3}')
[ -n "$cmake" ] || missing "CMake 3.22 or newer was not found; install it (Debian, Ubuntu: package cmake)."
version_at_least "$cmake" 3.22 ||
  missing "CMake 3.22 or newer is needed and this is $cmake; install a newer one (Debian, Ubuntu: package cmake)."

compiler=${CXX:-$(command -v c++ || command -v g++ || command -v clang++)}
command -v "${compiler%% *}" >/dev/null 2>&1 ||
  missing "no C++20 compiler was found; install g++ 11 or newer (Debian, Ubuntu: package g++)."
command -v make >/dev/null 2>&1 || [ -n "${CMAKE_GENERATOR:-}" ] ||
  missing "make was not found; install it (Debian, Ubuntu: package make)."

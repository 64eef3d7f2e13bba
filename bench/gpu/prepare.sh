#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
usage() {
  cat <<'END'
bench/gpu/prepare.sh [--no-build]

Puts what a bare GPU machine lacks into the ignored folder .gpu/, which travels there with the working tree:
  runtime.tar.xz  a Java runtime of the modules that the tests need, made by jlink
  lib/            our modules without natives, and the libraries that tests and measurements use
  tests/          our compiled test classes
  golden/         the golden family climanet_seed, where GATUN_GOLDEN or ../shared/golden has it
Runs on the developer's machine: needs what ./gatun verify needs, and xz. --no-build takes the jars and classes that are
there already. Fails where the folder is larger than 45 MiB. Nothing that git tracks is copied.
END
}

root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
stuff=$root/.gpu
most_mib=45
build=yes
case "${1:-}" in
  --help) usage; exit ;;
  --no-build) build=no ;;
  "") ;;
  *) usage >&2; exit 2 ;;
esac

fail() {
  echo "prepare.sh: $1" >&2
  exit 1
}

java=$(command -v java || true)
for jdk in "${JAVA_HOME:-}" "${java:+$(dirname "$(dirname "$(readlink -f "$java")")")}" /usr/lib/jvm/*; do
  if [ -x "$jdk/bin/jlink" ] && [[ $("$jdk/bin/javac" -version 2>&1) =~ ^javac\ (2[5-9]|[3-9][0-9]) ]]; then
    export JAVA_HOME=$jdk
    break
  fi
done
[ -x "${JAVA_HOME:-}/bin/jlink" ] || fail "no JDK 25 with jlink was found; set JAVA_HOME to one."
command -v xz >/dev/null || fail "xz was not found; install it (Debian, Ubuntu: package xz-utils)."

modules="bindings java/core java/data java/models java/wrappers java/factory java/cli bench"
# Modules of which the GPU machine needs neither tests nor libraries.
untested=" factory cli bench "
if [ "$build" = yes ]; then
  "$root/gatun" verify -q -DskipTests -Dcmake.testing=OFF dependency:build-classpath -Dmdep.includeScope=test \
    -Dmdep.outputFile=target/test-classpath.txt || fail "the build failed; its messages are above."
fi
for module in $modules; do
  [ -f "$root/$module/target/test-classpath.txt" ] || fail "$module is not built; run without --no-build."
done

rm -rf "$stuff"
mkdir -p "$stuff/lib" "$stuff/tests"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Ours: one jar for each module, without the native libraries, which are built on the other machine; tests without their
# resources, which git tracks.
for module in $modules; do
  name=$(basename "$module")
  mkdir "$scratch/classes"
  cp -r "$root/$module/target/classes/." "$scratch/classes"
  rm -rf "$scratch/classes/META-INF/native"
  "$JAVA_HOME/bin/jar" --create --file "$stuff/lib/gatun-$name.jar" -C "$scratch/classes" .
  rm -rf "$scratch/classes"
  if [ -d "$root/$module/target/test-classes" ] && [[ $untested != *" $name "* ]]; then
    mkdir "$stuff/tests/$name"
    (cd "$root/$module/target/test-classes" && find . -name '*.class' -exec cp --parents -t "$stuff/tests/$name" {} +)
  fi
done

# Theirs: what Maven resolved for the tests, and JUnit's launcher, which Maven's test runner has beside the engine.
for module in $modules; do
  [[ $untested != *" $(basename "$module") "* ]] || continue
  tr ':' '\n' <"$root/$module/target/test-classpath.txt"
  echo
done | sort -u | grep '\.jar$' | grep -v -e "^$root/" -e '/io/gatun/' >"$scratch/jars"
engine=$(grep '/junit-platform-engine-[0-9.]*\.jar$' "$scratch/jars" | head -n 1)
[ -n "$engine" ] || fail "JUnit's engine is not among the tests' libraries."
sed 's/junit-platform-engine/junit-platform-launcher/g' <<<"$engine" >>"$scratch/jars"
while IFS= read -r jar; do
  [ -f "$jar" ] || fail "$jar is absent; run ./gatun verify once, so that Maven has it."
  cp "$jar" "$stuff/lib/"
done <"$scratch/jars"

mkdir "$scratch/runner"
"$JAVA_HOME/bin/javac" -Xlint:all -Werror -d "$scratch/runner" -cp "$stuff/lib/*" "$root/bench/gpu/RunTests.java"
"$JAVA_HOME/bin/jar" --create --file "$stuff/lib/run-tests.jar" -C "$scratch/runner" .

"$JAVA_HOME/bin/jlink" --add-modules java.base,java.logging,jdk.unsupported,jdk.jfr,jdk.management --strip-debug \
  --no-header-files --no-man-pages --compress zip-0 --output "$scratch/java"
rm -rf "$scratch/java/legal"
strip "$scratch/java/lib/server/libjvm.so" 2>/dev/null ||
  echo "prepare.sh: strip was not found, so the runtime is larger"
tar -C "$scratch" -c java | xz -9 -T 0 >"$stuff/runtime.tar.xz"

golden=${GATUN_GOLDEN:-$(dirname "$root")/shared/golden}
if [ -d "$golden/climanet_seed" ]; then
  mkdir -p "$stuff/golden"
  cp -r "$golden/climanet_seed" "$stuff/golden/"
  chmod -R u+w "$stuff/golden"
else
  echo "prepare.sh: no golden family climanet_seed in $golden; the tests take the cases that git tracks"
fi
git -C "$root" describe --always --dirty >"$stuff/commit" 2>/dev/null || echo unknown >"$stuff/commit"

du -sm "$stuff"/* | sed "s|$stuff/|  |"
size=$(du -sm --apparent-size "$stuff" | cut -f 1)
[ "$size" -le "$most_mib" ] || fail ".gpu/ has $size MiB, more than $most_mib."
echo ".gpu/ has $size MiB (at most $most_mib)"

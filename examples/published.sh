#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the published weights of backbones and loads each into its model: `examples/published.sh [FOLDER [NAME...]]`.
# Needs a network, curl, a build (./gatun verify -DskipTests) and, for all of them, about 15 GB.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-published}
[ $# -eq 0 ] || shift
mkdir -p "$folder"
class_path=$(find java/*/target bindings/target examples/target -name 'gatun-*.jar' ! -name '*-tests.jar' | tr '\n' ':')
library=$(find java/cli/target/lib -name '*.jar' | tr '\n' ':')

load() {
  file=$folder/$(basename "$3")
  [ -f "$file" ] || curl --fail --location --output "$file.part" "https://huggingface.co/$2/resolve/main/$3"
  [ -f "$file" ] || mv "$file.part" "$file"
  java --enable-native-access=ALL-UNNAMED -Dgatun.library.path=build/native -cp "$class_path$library" \
    io.gatun.examples.LoadPublished "$1" "$file"
}

while read -r name repository file; do
  case " $* " in "  " | *" $name "*) load "$name" "$repository" "$file" || echo "$name: FAILED" ;; esac
done <<'FILES'
prithvi_eo_v1_100 ibm-nasa-geospatial/Prithvi-EO-1.0-100M Prithvi_EO_V1_100M.pt
prithvi_eo_v2_tiny_tl ibm-nasa-geospatial/Prithvi-EO-2.0-tiny-TL Prithvi_EO_V2_tiny_TL.pt
prithvi_eo_v2_100_tl ibm-nasa-geospatial/Prithvi-EO-2.0-100M-TL Prithvi_EO_V2_100M_TL.pt
prithvi_eo_v2_300 ibm-nasa-geospatial/Prithvi-EO-2.0-300M Prithvi_EO_V2_300M.pt
prithvi_eo_v2_300_tl ibm-nasa-geospatial/Prithvi-EO-2.0-300M-TL Prithvi_EO_V2_300M_TL.pt
prithvi_eo_v2_600 ibm-nasa-geospatial/Prithvi-EO-2.0-600M Prithvi_EO_V2_600M.pt
prithvi_eo_v2_600_tl ibm-nasa-geospatial/Prithvi-EO-2.0-600M-TL Prithvi_EO_V2_600M_TL.pt
terramind_v1_tiny ibm-esa-geospatial/TerraMind-1.0-tiny TerraMind_v1_tiny.pt
terramind_v1_small ibm-esa-geospatial/TerraMind-1.0-small TerraMind_v1_small.pt
terramind_v1_base ibm-esa-geospatial/TerraMind-1.0-base TerraMind_v1_base.pt
terramind_v1_large ibm-esa-geospatial/TerraMind-1.0-large TerraMind_v1_large.pt
terramind_v01_base FAST-EO/TerraMind-0.1-base TerraMind_v01_base.pt
terrafm_b MBZUAI/TerraFM TerraFM-B.pth
FILES

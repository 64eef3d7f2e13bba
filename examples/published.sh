#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the published weights of backbones and tokenizers and loads each into its model:
# `examples/published.sh [FOLDER [NAME...]]`.
# Needs a network, curl, JDK 25 in JAVA_HOME or on the path, a build (./gatun verify -DskipTests) and, for all of
# them, about 25 GB. The files of TerraMind 0.1 want a token of yours in HF_TOKEN. The last row, a generator, takes the
# file of terramind_v1_tokenizer_lulc too.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-published}
[ $# -eq 0 ] || shift
mkdir -p "$folder"

load() {
  file=$folder/$(basename "$3")
  [ "$3" != config.json ] || file=$folder/$1.json
  [ -f "$file" ] || curl --fail --location ${HF_TOKEN:+--header "Authorization: Bearer $HF_TOKEN"} \
    --output "$file.part" "https://huggingface.co/$2/resolve/main/$3"
  [ -f "$file" ] || mv "$file.part" "$file"
  examples/run.sh LoadPublished "$1" "$file"
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
terramind_v1_tokenizer_s2l2a ibm-esa-geospatial/TerraMind-1.0-Tokenizer-S2L2A TerraMind_Tokenizer_S2L2A.pt
terramind_v1_tokenizer_s1rtc ibm-esa-geospatial/TerraMind-1.0-Tokenizer-S1RTC TerraMind_Tokenizer_S1RTC.pt
terramind_v1_tokenizer_s1grd ibm-esa-geospatial/TerraMind-1.0-Tokenizer-S1GRD TerraMind_Tokenizer_S1GRD.pt
terramind_v1_tokenizer_dem ibm-esa-geospatial/TerraMind-1.0-Tokenizer-DEM TerraMind_Tokenizer_DEM.pt
terramind_v1_tokenizer_lulc ibm-esa-geospatial/TerraMind-1.0-Tokenizer-LULC TerraMind_Tokenizer_LULC.pt
terramind_v1_tokenizer_ndvi ibm-esa-geospatial/TerraMind-1.0-Tokenizer-NDVI TerraMind_Tokenizer_NDVI.pt
terramind_v01_tokenizer_s2l2a FAST-EO/TerraMind-v0.1-Tokenizer-S2L2A TerraMind_v01_Tokenizer_S2L2A.pt
terramind_v01_tokenizer_s1grd FAST-EO/TerraMind-v0.1-Tokenizer-S1GRD TerraMind_v01_Tokenizer_S1GRD.pt
terramind_v01_tokenizer_dem FAST-EO/TerraMind-v0.1-Tokenizer-DEM TerraMind_v01_Tokenizer_DEM.pt
terramind_v01_tokenizer_lulc FAST-EO/TerraMind-v0.1-Tokenizer-LULC TerraMind_v01_Tokenizer_LULC.pt
terramind_v1_tokenizer_coords ibm-esa-geospatial/TerraMind-1.0-Tokenizer-Coords config.json
terramind_v1_tiny_generate ibm-esa-geospatial/TerraMind-1.0-tiny TerraMind_v1_tiny.pt
FILES

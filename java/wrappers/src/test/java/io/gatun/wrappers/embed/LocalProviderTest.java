// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.data.TiffFixture;
import io.gatun.data.crs.Crs;
import io.gatun.data.scene.PixelMask;
import io.gatun.wrappers.embed.SensorSpec.Composite;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalProviderTest {
    private static final TemporalSpec.Range JUNE = TemporalSpec.range("2022-06-01", "2022-07-01");
    private static final int SIDE = 64;

    @TempDir
    private Path folder;

    private static final SpatialSpec MIDDLE = middle();

    private static SpatialSpec middle() {
        double[] degrees = new Crs(32651).toDegrees(300_320, 3_499_680);
        return SpatialSpec.pointBuffer(degrees[0], degrees[1], 150);
    }

    private void write(String name, List<String> bands, int plus, Map<String, String> items) {
        new TiffFixture(SIDE, SIDE, bands.size()).north(32651, 300_000, 3_500_000, 10).describe(bands, items)
                .packed(5, 2).tiles(32, 32).write(folder.resolve(name), (b, r, c) -> 100 * b + plus);
    }

    @Test
    void composesTheSensorsBandsOverTheRegion() {
        write("S2A_20220603.tif", Modality.S2.bands(), 10, Map.of());
        write("S2A_20220613.tif", Modality.S2.bands(), 20, Map.of());
        write("S2A_20220623.tif", Modality.S2.bands(), 60, Map.of());
        write("S2A_20220703.tif", Modality.S2.bands(), 900, Map.of());
        write("S2A_20220605_cloud31.tif", Modality.S2.bands(), 900, Map.of());
        LocalProvider provider = LocalProvider.open(folder);
        FetchedPatch patch = provider.fetch(MIDDLE, JUNE, SensorSpec.s2());
        assertEquals(12, patch.raster().bands());
        // 300 m of Mercator at 31.6 degrees are 255 m on the ground.
        assertTrue(Math.abs(patch.raster().width() - 26) <= 1, patch.raster()::toString);
        assertEquals(20, patch.raster().values()[0]);
        assertEquals(1120, patch.raster().values()[patch.raster().values().length - 1]);
        assertEquals("EPSG:32651", patch.georeference().orElseThrow().crs());
        assertEquals(10, patch.georeference().orElseThrow().stepX());
        assertEquals(-10, patch.georeference().orElseThrow().stepY());
        assertEquals(List.of("S2A_20220603", "S2A_20220613", "S2A_20220623"), patch.metadata().get("scenes"));
        assertEquals(3, patch.metadata().get("scenes_of_unknown_cloud"));
        FetchedPatch latest =
                provider.fetch(MIDDLE, JUNE, SensorSpec.s2().withComposite(Composite.MOSAIC).withCloudyPct(31));
        assertEquals(60, latest.raster().values()[0]);
        assertEquals(4, ((List<?>) latest.metadata().get("scenes")).size());
    }

    @Test
    void radarIsChosenByItsOrbitAndNotByClouds() {
        write("20220603_cloud99.tif", Modality.S1.bands(), 1, Map.of("orbit", "DESCENDING"));
        write("20220604.tif", Modality.S1.bands(), 5, Map.of("orbit", "ASCENDING"));
        LocalProvider provider = LocalProvider.open(folder);
        assertEquals(3, provider.fetch(MIDDLE, JUNE, SensorSpec.s1()).raster().values()[0]);
        assertEquals(1, provider.fetch(MIDDLE, JUNE, SensorSpec.s1().withOrbit(SensorSpec.Orbit.DESCENDING))
                .raster().values()[0]);
    }

    @Test
    void masksNeedTheirBand() {
        write("20220603.tif", Modality.S2.bands(), 1, Map.of());
        LocalProvider masked = LocalProvider.open(folder).withMask(PixelMask.sentinel2Clouds());
        DataException e = assertThrows(DataException.class, () -> masked.fetch(MIDDLE, JUNE, SensorSpec.s2()));
        assertTrue(e.getMessage().contains("has no band SCL"), e::getMessage);
        write("20220603.tif", Stream.concat(Modality.S2.bands().stream(), Stream.of("SCL")).toList(), 4 - 1200,
                Map.of());
        FetchedPatch patch = masked.fetch(MIDDLE, JUNE, SensorSpec.s2());
        assertEquals("SCL[0, 1, 3, 8, 9, 10]", patch.metadata().get("mask"));
    }
}

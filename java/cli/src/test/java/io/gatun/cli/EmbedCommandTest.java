// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.Structure;
import io.gatun.data.TiffFixture;
import io.gatun.data.crs.Crs;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.models.terrafm.Stem;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.wrappers.embed.Embedder;
import io.gatun.wrappers.embed.Embedding;
import io.gatun.wrappers.embed.EmbeddingRequest;
import io.gatun.wrappers.embed.LocalProvider;
import io.gatun.wrappers.embed.Modality;
import io.gatun.wrappers.embed.OutputSpec;
import io.gatun.wrappers.embed.SpatialSpec;
import io.gatun.wrappers.embed.TemporalSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** gatun embed with a tiny TerraFM of random weights; what the command says before it loads any. */
class EmbedCommandTest {
    private static final TerraFMConfig SMALL =
            new TerraFMConfig(64, 16, 32, 2, 4, 4, true, 1e-6, Stem.UPSTREAM_EXACT, List.of(1),
                    OptionalDouble.empty());
    private static final SpatialSpec MIDDLE = middle();

    @TempDir
    private Path folder;

    private Path scenes;

    private static SpatialSpec middle() {
        double[] degrees = new Crs(32651).toDegrees(300_500, 3_499_500);
        return SpatialSpec.pointBuffer(degrees[0], degrees[1], 320);
    }

    @BeforeEach
    void writeScenes() throws IOException {
        scenes = Files.createDirectory(folder.resolve("scenes"));
        for (int day = 1; day <= 3; day++) {
            int plus = day;
            new TiffFixture(100, 100, 12).tiles(32, 32).packed(8, 2).north(32651, 300_000, 3_500_000, 10)
                    .describe(Modality.S2.bands(), Map.of())
                    .write(scenes.resolve("S2_2022060" + day + ".tif"), (b, r, c) -> 300 * b + 20 * r + 10 * c + plus);
        }
    }

    private Embedder small() {
        return Embedder.of("terrafm_b").config(SMALL).weights(Structure.of(TerraFM.loader(SMALL)::load).random(3))
                .provider(LocalProvider.open(scenes)).device(Device.cpu()).open();
    }

    private static EmbeddingRequest request() {
        return EmbeddingRequest.of("local").withTemporal(TemporalSpec.range("2022-06-01", "2022-07-01"));
    }

    @Test
    void tableGridAndPictureHoldTheEmbeddings() throws IOException {
        Path table = folder.resolve("out.csv");
        Path grid = folder.resolve("out.nc");
        Path picture = folder.resolve("out.png");
        try (Embedder embedder = small()) {
            EmbeddingJob job = new EmbeddingJob(
                    MIDDLE, request(), Optional.of(table), Optional.of(grid), Optional.of(picture), "now: test");
            assertEquals(List.of(table, grid, picture), job.run(embedder));
            Embedding pooled = embedder.getEmbedding(MIDDLE, request());
            Embedding cells = embedder.getEmbedding(MIDDLE, request().withOutput(OutputSpec.grid()));
            requireTable(table, pooled);
            requireGrid(grid, cells);
        }
        assertEquals(448, ImageIO.read(picture.toFile()).getWidth());
        assertEquals(List.of("out.csv", "out.nc", "out.png", "scenes"), CommandRun.filesIn(folder));
    }

    private static void requireTable(Path table, Embedding pooled) throws IOException {
        List<String> lines = Files.readAllLines(table);
        assertEquals(2, lines.size());
        List<String> head = List.of(lines.getFirst().split(","));
        List<String> row = List.of(lines.getLast().split(","));
        assertEquals("2022-06-01", row.get(head.indexOf("start")));
        int first = head.indexOf("d0");
        assertEquals(first + SMALL.embedDim(), row.size());
        for (int i = 0; i < SMALL.embedDim(); i++) {
            assertEquals(pooled.data()[i], Float.parseFloat(row.get(first + i)));
        }
    }

    private static void requireGrid(Path grid, Embedding cells) {
        try (NetcdfFile file = NetcdfFile.open(grid)) {
            assertEquals(List.of("d", "y", "x"), file.variable("embedding").dimensions());
            assertArrayEquals(cells.data(), file.variable("embedding").readFloats());
            assertEquals("EPSG:32651", file.variable("crs").text("epsg_code").orElseThrow());
            double[] x = file.variable("x").readDoubles();
            double[] y = file.variable("y").readDoubles();
            // 640 m of Mercator are 546 m on the ground, in cells of a quarter; the region's middle is theirs.
            assertEquals(546 / 4., x[1] - x[0], 4);
            assertEquals(300_500, (x[0] + x[3]) / 2, 12);
            assertEquals(3_499_500, (y[0] + y[3]) / 2, 12);
            assertTrue(y[0] > y[3]);
            String metadata = file.attributes().get("metadata").toString();
            assertTrue(metadata.contains("S2_20220602") && metadata.contains("feature_map"), metadata);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--quiet | nothing to write",
        "--pooled out.csv --grid out.csv | have one name",
        "--pooled out.csv --buffer 100 | either --point with --buffer, or --bbox",
        "--pooled out.csv --point 1,2 --bbox 1,2,3,4 | either --point with --buffer, or --bbox",
        "--pooled out.csv --point 1;2 | --point is \"1;2\", expected 2 numbers",
        "--pooled out.csv --bbox 1,2,3 | --bbox is \"1,2,3\", expected 4 numbers",
        "--pooled out.csv --from June | \"June\" is no date",
        "--pooled out.csv --model terrafm_x | there is no embedder \"terrafm_x\"",
        "--pooled out.csv --mask-clouds --scale 0 | scale_m is 0",
        "--pooled out.csv | absent.pth does not exist"})
    void whatCannotBeIsSaidBeforeAnythingIsComputed(String options, String expected) {
        Object[] arguments = Stream.concat(
                Stream.of("embed", "--weights", folder.resolve("absent.pth"), "--input", scenes),
                Stream.of(options.replace("out.csv", folder.resolve("out.csv").toString()).split(" ")))
                .toArray();
        CommandRun run = CommandRun.of(arguments);
        assertEquals(1, run.code(), run.err());
        assertTrue(run.err().contains(expected), run.err());
        assertEquals(List.of("scenes"), CommandRun.filesIn(folder));
    }
}

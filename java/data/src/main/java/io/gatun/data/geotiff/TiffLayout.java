// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

/**
 * How the pixels of an image lie in blocks, which are strips or tiles.
 *
 * @param bands samples per pixel
 * @param planes 1 where the bands of a pixel lie together, else one set of blocks for each band
 */
record TiffLayout(
        int width, int height, int bands, SampleType type, int planes, boolean tiled, int blockWidth, int blockHeight,
        Compression compression, Predictor predictor, int offsetsTag, int countsTag) {
    private static final int STRIP_OFFSETS = 273;
    private static final int STRIP_COUNTS = 279;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_COUNTS = 325;
    /** Decoded bytes of a packed block; 8192 x 8192 values of 16 bits in two bands. */
    private static final long MAX_PACKED_BLOCK = 1L << 28;

    static TiffLayout of(TiffSource source, TiffDirectory tags) {
        int width = extent(source, "width", tags.numberAt(256, 0));
        int height = extent(source, "height", tags.numberAt(257, 0));
        int bands = Math.clamp(tags.number(277, 1), 0, 0x10000);
        if (bands < 1 || bands > 0xffff) {
            throw source.bad("it has " + bands + " bands", "Expected 1 to 65535; it is damaged, fetch it again");
        }
        if (tags.number(266, 1) != 1) {
            throw source.bad("its bits are stored in reverse order (FillOrder 2)", "Rewrite it with gdal_translate");
        }
        SampleType type = type(source, tags, bands);
        long planar = tags.number(284, 1);
        if (planar != 1 && planar != 2) {
            throw source.bad("its planar configuration is " + planar + ", expected 1 or 2",
                    "It is damaged; fetch it again");
        }
        boolean tiled = tags.has(TILE_WIDTH);
        int blockWidth = tiled ? extent(source, "tile width", tags.numberAt(TILE_WIDTH, 0)) : width;
        int blockHeight = tiled ? extent(source, "tile height", tags.numberAt(323, 0))
                : extent(source, "rows per strip", Math.min(height, tags.number(278, height)));
        Compression compression = Compression.of(source, tags.number(259, 1));
        // The tag of the predictor may be there without compression, and means nothing then.
        Predictor predictor = compression == Compression.NONE ? Predictor.NONE
                : Predictor.of(source, tags.number(317, 1), type);
        TiffLayout layout = new TiffLayout(width, height, bands, type, planar == 1 ? 1 : bands, tiled, blockWidth,
                blockHeight, compression, predictor,
                tiled ? TILE_OFFSETS : STRIP_OFFSETS, tiled ? TILE_COUNTS : STRIP_COUNTS);
        layout.requireBlocks(source, tags);
        return layout;
    }

    private static int extent(TiffSource source, String what, long value) {
        if (value < 1 || value > Integer.MAX_VALUE) {
            throw source.bad("its " + what + " is " + value + ", expected 1 to " + Integer.MAX_VALUE,
                    "It is damaged; fetch it again");
        }
        return (int) value;
    }

    private static SampleType type(TiffSource source, TiffDirectory tags, int bands) {
        long bits = tags.number(258, 1);
        long format = tags.number(339, 1);
        for (int band = 1; band < Math.min(bands, tags.count(258)); band++) {
            if (tags.numberAt(258, band) != bits || band < tags.count(339) && tags.numberAt(339, band) != format) {
                throw source.bad("band " + band + " has another type than band 0", "Store the types in separate files");
            }
        }
        return SampleType.of(format, bits).orElseThrow(() -> source.bad("its values have " + bits
                + " bits and the sample format " + format
                + ", expected 8 to 32 bits of integers or 32 or 64 of floating point",
                "Convert it with gdal_translate -ot"));
    }

    private void requireBlocks(TiffSource source, TiffDirectory tags) {
        long rowBytes = (long) blockWidth * samples() * type.sizeBytes();
        boolean packed = compression != Compression.NONE;
        if (rowBytes > MAX_PACKED_BLOCK || packed && rowBytes * blockHeight > MAX_PACKED_BLOCK) {
            throw source.bad("one of its blocks has " + blockHeight + " rows of " + rowBytes + " bytes, at most "
                    + MAX_PACKED_BLOCK + " bytes are unpacked at once", "Rewrite it with gdal_translate -co TILED=YES");
        }
        long blocks = (long) across() * down();
        long known = Math.min(tags.count(offsetsTag), tags.count(countsTag));
        if (known / planes < blocks) {
            throw source.bad("it says where " + tags.count(offsetsTag) + " blocks lie and how long "
                    + tags.count(countsTag) + " are, its " + width + " x " + height + " pixels need " + blocks
                    + (planes > 1 ? " for each band" : ""),
                    "It is damaged; fetch it again");
        }
    }

    /** Values of a pixel that lie together. */
    int samples() {
        return planes == 1 ? bands : 1;
    }

    int across() {
        return (int) (((long) width + blockWidth - 1) / blockWidth);
    }

    int down() {
        return (int) (((long) height + blockHeight - 1) / blockHeight);
    }

    int rowBytes() {
        return blockWidth * samples() * type.sizeBytes();
    }

    /** Rows that are stored of a block; tiles are always whole. */
    int storedRows(int down) {
        return tiled ? blockHeight : Math.min(blockHeight, height - down * blockHeight);
    }

    long block(int plane, int down, int across) {
        return ((long) plane * down() + down) * across() + across;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a file is, told by its first bytes and never by its name. */
public enum FileFormat {
    /** Safetensors: eight bytes of header length, then JSON. */
    SAFETENSORS("a safetensors file", "Read it with SafetensorsFile or Checkpoints."),
    /** ZIP archive, the form of PyTorch checkpoints since 1.6. */
    ZIP("a ZIP archive, as PyTorch checkpoints are", "Read it with TorchCheckpoint or Checkpoints."),
    /** PyTorch checkpoint as written before 1.6: pickles, then raw storages. */
    TORCH_LEGACY("a checkpoint in the legacy PyTorch format", "Read it with TorchCheckpoint or Checkpoints."),
    /** tar archive, the form of the very first PyTorch checkpoints. */
    TAR("a tar archive, as only the first PyTorch releases wrote checkpoints",
            "Unpack it, or, if it is a checkpoint, convert it in PyTorch: torch.save(torch.load(file), other)."),
    /** Some other Python pickle. */
    PICKLE("a bare Python pickle", "Save the weights with torch.save or safetensors instead."),
    /** HDF5, which includes NetCDF-4. */
    HDF5("an HDF5/NetCDF file", "Give it as data, not as weights."),
    /** NetCDF-3 classic. */
    NETCDF_CLASSIC("a NetCDF classic file", "Give it as data, not as weights."),
    /** TIFF or GeoTIFF. */
    TIFF("a TIFF file", "Give it as data, not as weights."),
    /** gzip stream. */
    GZIP("a gzip stream", "Unpack it first."),
    /** Stand-in that Git LFS leaves where the file was not fetched. */
    GIT_LFS_POINTER("a Git LFS pointer, not the weights themselves", "Fetch them with 'git lfs pull'."),
    /** HTML page, usually a failed download. */
    HTML("an HTML page, not weights", "Download the file again; the server sent a page instead."),
    /** No bytes at all. */
    EMPTY("empty", "Copy or download it again."),
    /** None of these. */
    UNKNOWN("of an unknown format", "Known are safetensors files and PyTorch checkpoints.");

    private static final long MAX_SAFETENSORS_HEADER = 100_000_000;
    /** The first pickle of every legacy checkpoint: protocol, a frame since protocol 4, and one number. */
    private static final Pattern LEGACY_START = Pattern.compile("\u0080[\2-\5](\u0095.{8})?"
            + "\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019\\.", Pattern.DOTALL);
    private static final int TAR_MAGIC_AT = 257;

    private final String description;
    private final String remedy;

    FileFormat(String description, String remedy) {
        this.description = description;
        this.remedy = remedy;
    }

    /**
     * Tells the format.
     *
     * @param head the first bytes of the file, 512 of them if it has so many
     * @return the format
     */
    public static FileFormat of(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        if (head.length == 0) {
            return EMPTY;
        } else if (isSafetensors(head)) {
            return SAFETENSORS;
        } else if (text.startsWith("PK\3\4") || text.startsWith("PK\5\6")) {
            return ZIP;
        } else if (text.startsWith("\u0089HDF\r\n\u001a\n")) {
            return HDF5;
        } else if (text.startsWith("CDF\1") || text.startsWith("CDF\2") || text.startsWith("CDF\5")) {
            return NETCDF_CLASSIC;
        } else if (text.startsWith("II*\0") || text.startsWith("MM\0*")
                || text.startsWith("II+\0") || text.startsWith("MM\0+")) {
            return TIFF;
        } else if (text.startsWith("\u001f\u008b")) {
            return GZIP;
        } else if (text.startsWith("version https://git-lfs")) {
            return GIT_LFS_POINTER;
        } else if (text.stripLeading().toLowerCase(Locale.ROOT).matches("(?s)<(!doctype )?html.*")) {
            return HTML;
        } else if (text.startsWith("\u0080") && head.length > 1 && head[1] <= 5) {
            return LEGACY_START.matcher(text).lookingAt() ? TORCH_LEGACY : PICKLE;
        } else if (text.startsWith("ustar", TAR_MAGIC_AT)) {
            return TAR;
        }
        return UNKNOWN;
    }

    /**
     * What was found and what to do, for a refusal.
     *
     * @param head the first bytes, shown where the format is unknown
     * @return a clause and a sentence, to follow the name of the file
     */
    public String refusal(byte[] head) {
        String bytes = HexFormat.ofDelimiter(" ").formatHex(head, 0, Math.min(8, head.length));
        String shown = this == UNKNOWN ? " (it starts with bytes " + bytes + ")" : "";
        return "is " + description + shown + ". " + remedy;
    }

    private static boolean isSafetensors(byte[] head) {
        if (head.length < 9 || head[8] != '{') {
            return false;
        }
        long headerBytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return headerBytes > 0 && headerBytes <= MAX_SAFETENSORS_HEADER;
    }
}

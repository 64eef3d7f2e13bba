// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A checkpoint as Lightning saves it: a ZIP archive of torch.save with epoch, state dict and optimizer states. */
final class LightningFile {
    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();

    private LightningFile() {}

    static Path write(Path file, Map<String, TensorData> tensors) {
        LightningFile content = new LightningFile();
        content.op("\u0080\2}(").text("epoch").op("K\3").text("state_dict").op("ccollections\nOrderedDict\n)R(");
        int key = 0;
        for (Map.Entry<String, TensorData> entry : tensors.entrySet()) {
            content.text(entry.getKey()).tensor(key++, entry.getValue().shape().toArray());
        }
        content.op("u").text("optimizer_states").op("]").text("hyper_parameters").op("}u.");
        try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
            entry(zip, "best/data.pkl", content.pickle.toByteArray());
            key = 0;
            for (TensorData tensor : tensors.values()) {
                entry(zip, "best/data/" + key++, tensor.bytes().toArray(ValueLayout.JAVA_BYTE));
            }
            entry(zip, "best/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** Stored, as torch.save does. */
    private static void entry(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    private void tensor(int key, long[] shape) {
        long count = 1;
        for (long extent : shape) {
            count *= extent;
        }
        op("ctorch._utils\n_rebuild_tensor_v2\n((").text("storage").op("ctorch\nFloatStorage\n");
        text(Integer.toString(key)).text("cpu").number(count).op("tQ").number(0).op("(");
        for (long extent : shape) {
            number(extent);
        }
        op("t(");
        long stride = count;
        for (long extent : shape) {
            stride /= extent;
            number(stride);
        }
        op("t\u0089ccollections\nOrderedDict\n)RtR");
    }

    private LightningFile op(String characters) {
        pickle.writeBytes(characters.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    private LightningFile text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        op("X");
        pickle.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(utf8.length).array());
        pickle.writeBytes(utf8);
        return this;
    }

    private LightningFile number(long value) {
        op("\u008a\b");
        pickle.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        return this;
    }
}

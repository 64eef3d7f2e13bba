// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The native files inside the jar, and their verified copy on disk.
 *
 * <p>The files keep their own names, because libgatun.so opens its plug-ins by name from its own folder; the folder is
 * named by the digest of the set, so that two versions of Gatun never share one. Other users must not be able to change
 * a file between its verification and its load, so every folder from {@code gatun} down belongs to us alone.
 */
final class NativeBundle {
    /** The list beside the files, in the format of the sha256sum command. */
    static final String LIST_NAME = "natives.sha256";

    private static final Pattern LIST_LINE = Pattern.compile("([0-9a-f]{64}) [ *]([A-Za-z0-9_][A-Za-z0-9_.+-]*)");
    private static final Set<PosixFilePermission> OWNER_ONLY_FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNER_ONLY_FILE = PosixFilePermissions.fromString("rw-------");

    /** Opens a file of the bundle by its name. */
    @FunctionalInterface
    interface Source {
        InputStream open(String name) throws IOException;
    }

    private final Source source;
    private final String digest;
    private final Map<String, String> digestByName;

    private NativeBundle(Source source, String digest, Map<String, String> digestByName) {
        this.source = source;
        this.digest = digest;
        this.digestByName = digestByName;
    }

    /** The bundle of this jar for a platform such as {@code linux-x86_64}; empty where the jar has none. */
    static Optional<NativeBundle> inJar(String platform) {
        String folder = "/META-INF/native/" + platform + "/";
        if (NativeBundle.class.getResource(folder + LIST_NAME) == null) {
            return Optional.empty();
        }
        return Optional.of(read(name -> NativeBundle.class.getResourceAsStream(folder + name)));
    }

    /** Reads the list of a bundle. */
    static NativeBundle read(Source source) {
        byte[] list;
        try (InputStream in = open(source, LIST_NAME)) {
            list = in.readAllBytes();
        } catch (IOException e) {
            throw new NativeLibraryException("Cannot read " + LIST_NAME + " of the jar's native files: " + e, e);
        }
        Map<String, String> digestByName = new LinkedHashMap<>();
        for (String line : new String(list, StandardCharsets.UTF_8).lines().toList()) {
            Matcher entry = LIST_LINE.matcher(line);
            if (!entry.matches()) {
                throw new NativeLibraryException(LIST_NAME + " has the line \"" + line + "\"; expected a sha256, two"
                        + " spaces and a plain file name. The jar is damaged: get it again.");
            }
            digestByName.put(entry.group(2), entry.group(1));
        }
        return new NativeBundle(source, hex(sha256().digest(list)), digestByName);
    }

    /** The sha256 of the list, which names the set. */
    String digest() {
        return digest;
    }

    /**
     * Brings every file to disk, or checks the copy that is there, and returns its folder.
     *
     * @param cache the user's cache folder; the files go to {@code gatun/natives/<digest>} below it
     */
    Path extract(Path cache) {
        Path folder = cache.resolve("gatun", "natives", digest);
        try {
            Files.createDirectories(cache);
            makeOwnerOnly(cache.resolve("gatun"));
            makeOwnerOnly(cache.resolve("gatun", "natives"));
            makeOwnerOnly(folder);
            for (Map.Entry<String, String> file : digestByName.entrySet()) {
                if (!isIntact(folder.resolve(file.getKey()), file.getValue())) {
                    extractFile(folder, file.getKey(), file.getValue());
                }
            }
        } catch (IOException e) {
            throw new NativeLibraryException("Cannot keep the native files in " + folder + ": " + e
                    + ". Set GATUN_CACHE to a folder that you can write.", e);
        }
        return folder;
    }

    private static void makeOwnerOnly(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            // Another process may make it in between: createDirectories allows that, and the checks below still hold.
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY_FOLDER));
        }
        PosixFileAttributes found = attributes(folder);
        if (!found.isDirectory() || !isOurs(found)) {
            throw new NativeLibraryException(folder + " holds native code and must be a real folder of the user who"
                    + " runs Gatun; found a " + (found.isDirectory() ? "folder" : "link or file") + " of user "
                    + found.owner().getName() + ". Remove it, or set GATUN_CACHE to another folder.");
        }
        if (!found.permissions().equals(OWNER_ONLY_FOLDER)) {
            Files.setPosixFilePermissions(folder, OWNER_ONLY_FOLDER);
        }
    }

    private void extractFile(Path folder, String name, String wanted) throws IOException {
        Path copy = Files.createTempFile(folder, "." + name + ".", ".tmp",
                PosixFilePermissions.asFileAttribute(OWNER_ONLY_FILE));
        try {
            try (InputStream in = open(source, name); OutputStream out = Files.newOutputStream(copy)) {
                in.transferTo(out);
            }
            String got = fileDigest(copy);
            if (!got.equals(wanted)) {
                throw new NativeLibraryException("Native file " + name + " of the jar has sha256 " + got + ", "
                        + LIST_NAME + " says " + wanted + ". The jar is damaged: get it again.");
            }
            Files.move(copy, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    private static boolean isIntact(Path file, String wanted) throws IOException {
        try {
            PosixFileAttributes found = attributes(file);
            return found.isRegularFile() && isOurs(found) && found.permissions().equals(OWNER_ONLY_FILE)
                    && fileDigest(file).equals(wanted);
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private static PosixFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isOurs(PosixFileAttributes found) throws IOException {
        // The process's own entry belongs to the effective user, whatever user.name says.
        return found.owner().equals(Files.getOwner(Path.of("/proc/self")));
    }

    private static InputStream open(Source source, String name) throws IOException {
        InputStream in = source.open(name);
        if (in == null) {
            throw new NoSuchFileException(name, null, "listed in " + LIST_NAME + " but not in the jar");
        }
        return in;
    }

    private static String fileDigest(Path file) throws IOException {
        MessageDigest sha256 = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return hex(sha256.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}

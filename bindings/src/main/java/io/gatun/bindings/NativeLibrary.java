// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import io.gatun.bindings.ffi.GatunH;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds, verifies and loads {@code libgatun.so}, once per JVM.
 *
 * <p>Looked for in this order: the folder in the system property {@code gatun.library.path}, the folder in the
 * environment variable {@code GATUN_LIBRARY_PATH}, the natives inside this jar. A folder that is named must hold the
 * library: nothing else is tried then. The jar's natives are extracted once to
 * {@code gatun/natives/<sha256 of the set>} below {@code GATUN_CACHE}, else {@code XDG_CACHE_HOME}, else
 * {@code ~/.cache}, into folders of this user alone, and their digests are checked before each load.
 *
 * <p>Thread-safe. Platforms: Linux x86-64; Linux aarch64 with a library built there and named by its folder.
 */
public final class NativeLibrary {
    /** The file that is loaded. */
    static final String FILE_NAME = "libgatun.so";

    /** System property with the folder of the library. */
    static final String PATH_PROPERTY = "gatun.library.path";

    private static final String PATH_VARIABLE = "GATUN_LIBRARY_PATH";
    private static final Pattern OLD_SYSTEM = Pattern.compile("version .(GLIBC|GLIBCXX|CXXABI)_([0-9.]+). not found");

    private static Path loaded;

    private NativeLibrary() {}

    /**
     * Loads the library if this JVM has not yet done so. Call it before the first method of
     * {@code io.gatun.bindings.ffi}; after a failure a later call tries again.
     *
     * @return the file that is loaded, an absolute path
     * @throws NativeLibraryException if native access is not enabled for this module, the platform is not supported,
     *     the library is absent, damaged, does not load, or has another ABI version than these bindings
     */
    public static synchronized Path load() {
        if (loaded == null) {
            requireNativeAccess(NativeLibrary.class.getModule());
            Path file = locate(platform(System.getProperty("os.name"), System.getProperty("os.arch")));
            loadFile(file);
            requireAbiVersion(file);
            loaded = file;
        }
        return loaded;
    }

    static void requireNativeAccess(Module module) {
        if (!module.isNativeAccessEnabled()) {
            String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
            throw new NativeLibraryException("Native access is not enabled for "
                    + (module.isNamed() ? "module " + name : "the class path") + ". Start with"
                    + " --enable-native-access=" + name + ".");
        }
    }

    /** The platform's name in the jar. */
    static String platform(String osName, String osArch) {
        String arch = switch (osArch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64" -> "aarch64";
            default -> "";
        };
        if (!osName.equals("Linux") || arch.isEmpty()) {
            throw new NativeLibraryException("Gatun runs on Linux x86-64 (and on Linux aarch64 with a library built"
                    + " there); this is " + osName + " " + osArch + ".");
        }
        return "linux-" + arch;
    }

    private static Path locate(String platform) {
        Optional<Path> named = inFolder("system property " + PATH_PROPERTY, System.getProperty(PATH_PROPERTY, ""))
                .or(() -> inFolder("environment variable " + PATH_VARIABLE, environment(PATH_VARIABLE)));
        return named.orElseGet(() -> NativeBundle.inJar(platform)
                .orElseThrow(() -> new NativeLibraryException("No native library: neither system property "
                        + PATH_PROPERTY + " nor environment variable " + PATH_VARIABLE + " is set, and this jar has no"
                        + " natives for " + platform + ". Build libgatun.so with CMake and name its folder in one of"
                        + " the two."))
                .extract(cacheFolder(environment("GATUN_CACHE"), environment("XDG_CACHE_HOME"),
                        System.getProperty("user.home")))
                .resolve(FILE_NAME));
    }

    /** The library in a folder that the user named; empty if none is named. */
    static Optional<Path> inFolder(String origin, String folder) {
        if (folder.isBlank()) {
            return Optional.empty();
        }
        Path file = Path.of(folder).toAbsolutePath().normalize().resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            throw new NativeLibraryException("No " + FILE_NAME + " in " + file.getParent() + ", the folder in "
                    + origin + ". Build it there with CMake, or unset it to use the natives of the jar.");
        }
        return Optional.of(file);
    }

    /** The user's cache folder. XDG_CACHE_HOME is ignored unless absolute, as its standard says. */
    static Path cacheFolder(String gatunCache, String xdgCache, String home) {
        if (!gatunCache.isBlank()) {
            return Path.of(gatunCache).toAbsolutePath();
        }
        if (xdgCache.startsWith("/")) {
            return Path.of(xdgCache);
        }
        if (!home.startsWith("/")) {
            throw new NativeLibraryException("No folder to keep the native files in: this user has no home (user.home"
                    + " is \"" + home + "\"). Set GATUN_CACHE to a folder that you can write.");
        }
        return Path.of(home, ".cache");
    }

    private static void loadFile(Path file) {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new NativeLibraryException(loadFailure(file, String.valueOf(e.getMessage())), e);
        }
    }

    /** Turns the dynamic linker's text into advice where the cause is known. */
    static String loadFailure(Path file, String reason) {
        Matcher old = OLD_SYSTEM.matcher(reason);
        if (old.find()) {
            return "This system is too old for " + file + ": it lacks " + old.group(1) + " " + old.group(2)
                    + ". Gatun needs glibc 2.34 or newer and its libstdc++ (Debian 12, Ubuntu 22.04, RHEL 9).";
        }
        String advice = reason.contains("failed to map segment")
                ? " Its file system may forbid execution: set GATUN_CACHE to a folder on one that allows it." : "";
        return "Cannot load " + file + ": " + reason + "." + advice;
    }

    private static void requireAbiVersion(Path file) {
        if (SymbolLookup.loaderLookup().find("gatun_abi_version").isEmpty()) {
            throw new NativeLibraryException(file + " is not Gatun's library: it has no gatun_abi_version.");
        }
        requireAbiVersion(file, GatunH.gatun_abi_version(), GatunH.GATUN_ABI_VERSION());
    }

    static void requireAbiVersion(Path file, long found, long wanted) {
        if (found != wanted) {
            throw new NativeLibraryException(file + " has ABI version " + found + ", these classes are made for "
                    + wanted + ". Use the library and the jars of one build of Gatun.");
        }
    }

    private static String environment(String name) {
        return Optional.ofNullable(System.getenv(name)).orElse("");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a file name says.
 *
 * @param key the same for the files of one scene: the name without the parts that tell band and resolution
 * @param band where the file holds one
 * @param date the first in the name
 * @param cloudPercent after "cloud" or "cc"
 */
record SceneName(String key, Optional<String> band, Optional<LocalDate> date, OptionalDouble cloudPercent) {
    static final String DATES = "YYYYMMDD, YYYY-MM-DD or YYYY_MM_DD, as in S2A_MSIL2A_20220605T023551.tif";
    private static final Pattern DATE =
            Pattern.compile("(?<!\\d)((?:19|20)\\d{2})([-_]?)(\\d{2})\\2(\\d{2})(?!\\d)");
    private static final Pattern BAND = Pattern.compile(
            "(?i)(?<=^|[_.-])(B0?[1-9]|B1[0-2]|B8A|VV|VH|HH|HV|SCL|QA60)(?=$|[_.-])");
    private static final Pattern RESOLUTION = Pattern.compile("(?i)[_.-]\\d{1,3}m(?=$|[_.-])");
    private static final Pattern CLOUD = Pattern.compile("(?i)[_.-](?:cloud|cc)[_-]?(\\d{1,3}(?:\\.\\d+)?)(?!\\d)");

    static SceneName of(Path path) {
        String stem = stem(path);
        Matcher bands = BAND.matcher(stem);
        Optional<String> band = Optional.empty();
        String key = stem;
        while (bands.find()) {
            band = Optional.of(normal(bands.group(1)));
            key = stem.substring(0, bands.start()) + stem.substring(bands.end());
        }
        Matcher cloud = CLOUD.matcher(stem);
        key = RESOLUTION.matcher(key).replaceAll("").replaceAll("([_.-])[_.-]+", "$1").replaceAll("^[_.-]|[_.-]$", "");
        return new SceneName(key, band, date(stem),
                cloud.find() ? OptionalDouble.of(Double.parseDouble(cloud.group(1))) : OptionalDouble.empty());
    }

    /** Name without its folder and ending. */
    static String stem(Path path) {
        return path.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    }

    /** One spelling for a band's names: upper case, the first word, B02 as B2. */
    static String normal(String band) {
        return band.strip().toUpperCase(Locale.ROOT).replaceFirst("^([A-Z0-9]+)[^A-Z0-9].*$", "$1")
                .replaceFirst("^B0(\\d)$", "B$1");
    }

    private static Optional<LocalDate> date(String stem) {
        Matcher dates = DATE.matcher(stem);
        while (dates.find()) {
            try {
                return Optional.of(LocalDate.of(Integer.parseInt(dates.group(1)), Integer.parseInt(dates.group(3)),
                        Integer.parseInt(dates.group(4))));
            } catch (DateTimeException _) {
                // Digits like a date that are none, such as a tile's number: the next may be one.
            }
        }
        return Optional.empty();
    }
}

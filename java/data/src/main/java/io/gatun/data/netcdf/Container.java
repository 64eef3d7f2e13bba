// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.util.List;
import java.util.Map;

/**
 * What a reader found in a file, whatever its format.
 *
 * @param unsupported variables that exist but cannot be read, with the reason
 */
record Container(
        String format,
        List<NetcdfDimension> dimensions,
        Map<String, AttributeValue> attributes,
        List<StoredVariable> variables,
        Map<String, String> unsupported) {}

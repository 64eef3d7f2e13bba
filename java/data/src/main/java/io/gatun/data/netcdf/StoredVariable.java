// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.Shape;
import java.util.List;
import java.util.Map;

/** A variable as a reader found it: plain facts and access to its bytes. */
record StoredVariable(
        String name,
        NetcdfType type,
        List<String> dimensions,
        Shape shape,
        Map<String, AttributeValue> attributes,
        StoredData data) {}

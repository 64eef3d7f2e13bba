// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static io.gatun.data.netcdf.NetcdfFixtures.assertDataException;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {
    private static Packing of(NetcdfType type, Map<String, AttributeValue> attributes) {
        return Packing.of("x.nc: variable \"v\"", type, attributes);
    }

    @Test
    void floatAttributesAreWidenedBeforeTheArithmetic() {
        Packing packing = of(NetcdfType.SHORT,
                Map.of("scale_factor", AttributeValue.of(0.01f), "add_offset", AttributeValue.of(20f)));
        assertEquals(588 * (double) 0.01f + 20, packing.unpack(588));
        assertEquals((double) 0.01f, packing.scaleFactor());
        assertEquals(20, packing.addOffset());
    }

    @Test
    void plainNumbersStayAsTheyAre() {
        Packing packing = of(NetcdfType.DOUBLE, Map.of());
        assertEquals(1.1, packing.unpack(1.1));
        assertEquals(Double.POSITIVE_INFINITY, packing.unpack(Double.POSITIVE_INFINITY));
        assertTrue(packing.isMissing(Double.NaN));
    }

    @Test
    void fillValueReplacesTheDefaultOne() {
        assertTrue(of(NetcdfType.SHORT, Map.of()).isMissing(-32767));
        Packing packing = of(NetcdfType.SHORT, Map.of("_FillValue", AttributeValue.of(NetcdfType.SHORT, -1)));
        assertFalse(packing.isMissing(-32767));
        assertTrue(packing.isMissing(-1));
        assertArrayEquals(new double[] {-1}, packing.missingValues());
    }

    @Test
    void bytesHaveNoDefaultFillValue() {
        assertFalse(of(NetcdfType.BYTE, Map.of()).isMissing(-127));
        assertFalse(of(NetcdfType.UBYTE, Map.of()).isMissing(255));
    }

    @Test
    void missingValueMayBeSeveralNumbers() {
        Packing packing = of(NetcdfType.INT, Map.of("missing_value", AttributeValue.of(7, 9)));
        assertTrue(packing.isMissing(7));
        assertFalse(packing.isMissing(8));
        assertTrue(packing.isMissing(9));
    }

    @Test
    void doubleMissingValueMatchesTheNearestFloat() {
        Packing packing = of(NetcdfType.FLOAT, Map.of("missing_value", AttributeValue.of(1e20)));
        assertTrue(packing.isMissing(1e20f));
    }

    @Test
    void limitsOfThePackedTypeAreStoredNumbers() {
        Packing packing = of(NetcdfType.SHORT, Map.of("scale_factor", AttributeValue.of(0.5),
                "valid_range", AttributeValue.of(NetcdfType.SHORT, -10, 100)));
        assertTrue(packing.isMissing(-11));
        assertEquals(-5, packing.unpack(-10));
        assertEquals(50, packing.unpack(100));
        assertTrue(packing.isMissing(101));
    }

    @Test
    void floatingLimitsOfPackedIntegersAreUnpackedNumbers() {
        Packing packing = of(NetcdfType.SHORT, Map.of("scale_factor", AttributeValue.of(0.5),
                "valid_min", AttributeValue.of(-5.0), "valid_max", AttributeValue.of(50.0)));
        assertTrue(packing.isMissing(-11));
        assertFalse(packing.isMissing(-10));
        assertFalse(packing.isMissing(100));
        assertTrue(packing.isMissing(101));
    }

    @Test
    void limitsOfFloatsAreRoundedToFloat() {
        Packing packing = of(NetcdfType.FLOAT, Map.of("valid_max", AttributeValue.of(0.1)));
        assertFalse(packing.isMissing(0.1f), "0.1f is larger than 0.1");
        assertTrue(packing.isMissing(Math.nextUp(0.1f)));
    }

    @Test
    void unsignedVariableTakesNegativeAttributesAsUnsigned() {
        Packing packing = of(NetcdfType.UBYTE, Map.of("_FillValue", AttributeValue.of(NetcdfType.BYTE, -1),
                "valid_range", AttributeValue.of(NetcdfType.BYTE, 10, -6)));
        assertTrue(packing.isMissing(255));
        assertTrue(packing.isMissing(9));
        assertFalse(packing.isMissing(250));
        assertTrue(packing.isMissing(251));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scale_factor", "add_offset", "_FillValue", "valid_min", "valid_range"})
    void textWhereANumberBelongsIsRefused(String name) {
        assertDataException(() -> of(NetcdfType.SHORT, Map.of(name, AttributeValue.of("many"))), "x.nc", "\"v\"", name,
                "many");
    }

    @Test
    void unusableNumbersAreRefused() {
        assertDataException(() -> of(NetcdfType.SHORT, Map.of("scale_factor", AttributeValue.of(Double.NaN))), "NaN");
        assertDataException(() -> of(NetcdfType.SHORT, Map.of("add_offset", AttributeValue.of(1, 2))), "one finite");
        assertDataException(() -> of(NetcdfType.SHORT, Map.of("valid_range", AttributeValue.of(1))), "two numbers");
        assertDataException(() -> of(NetcdfType.SHORT,
                Map.of("scale_factor", new AttributeValue.Numbers(NetcdfType.FLOAT, List.of()))), "scale_factor");
    }
}

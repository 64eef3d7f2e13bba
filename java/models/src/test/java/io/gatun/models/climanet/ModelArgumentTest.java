// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A wrong call says what was found, what was expected and what to do. */
class ModelArgumentTest {
    private static final SpatioTemporalConfig CONFIG =
            new SpatioTemporalConfig(1, 8, new PatchSize(2, 4, 3), 5, 12, 12, 8, 1, 3, 4, 1, 2);

    private SpatioTemporalModel model;
    private Scope scope;

    @BeforeEach
    void load() {
        model = SpatioTemporalModel.load(RandomCheckpoint.of(CONFIG, 3, 1), Device.cpu());
        scope = Scope.open(Device.cpu());
    }

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    private Tensor forward(MonthlyInput input, long... shape) {
        return model.forward(scope, scope.zeros(shape), scope.full(DType.BOOL, 0, shape), input);
    }

    private <E extends Exception> void refuses(Class<E> type, MonthlyInput input, long[] shape, String... parts) {
        String text = assertThrows(type, () -> forward(input, shape)).getMessage();
        for (String part : parts) {
            assertTrue(text.contains(part), "\"" + part + "\" is not in: " + text);
        }
    }

    private static long[] shape(long... extents) {
        return extents;
    }

    @Test
    void theLargestLegalSizesPass() {
        assertEquals(Shape.of(1, 12, 12, 12), forward(MonthlyInput.none(), 1, 1, 12, 10, 12, 12).shape());
    }

    @Test
    void extentsThatAreNoMultipleOfThePatchNameAxisAndNearestSizes() {
        MonthlyInput none = MonthlyInput.none();
        refuses(ShapeException.class, none, shape(1, 1, 1, 3, 4, 3), "extent 3 on axis T", "patch size 2", "pad to 4",
                "crop to 2");
        refuses(ShapeException.class, none, shape(1, 1, 1, 2, 9, 3), "extent 9 on axis H", "patch size 4", "pad to 12",
                "crop to 8");
        refuses(ShapeException.class, none, shape(1, 1, 1, 2, 4, 2), "extent 2 on axis W", "patch size 3", "pad to 3");
    }

    @Test
    void extentsAboveTheEncodingsNameAxisAndLargestSize() {
        MonthlyInput none = MonthlyInput.none();
        refuses(ShapeException.class, none, shape(1, 1, 1, 12, 4, 3), "extent 12 on axis T", "6 patches of 2",
                "max_days = 5", "Crop to 10");
        refuses(ShapeException.class, none, shape(1, 1, 1, 2, 16, 3), "extent 16 on axis H", "max_H = 3", "Crop to 12");
        refuses(ShapeException.class, none, shape(1, 1, 1, 2, 4, 15), "extent 15 on axis W", "max_W = 4", "Crop to 12");
        refuses(ShapeException.class, none, shape(1, 1, 13, 2, 4, 3), "13 months", "knows 12");
    }

    @Test
    void otherRanksChannelsAndEmptyAxesAreRefused() {
        MonthlyInput none = MonthlyInput.none();
        refuses(ShapeException.class, none, shape(1, 1, 2, 4, 3), "[1, 1, 2, 4, 3]", "[batch, channel, month, day");
        refuses(ShapeException.class, none, shape(1, 2, 1, 2, 4, 3), "2 channels on axis C", "in_chans = 1");
        for (int axis : new int[] {0, 2, 3, 4, 5}) {
            long[] extents = {1, 1, 1, 2, 4, 3};
            extents[axis] = 0;
            refuses(ShapeException.class, none, extents, "0");
        }
    }

    @Test
    void masksOfOtherTypeOrShapeAreRefused() {
        Tensor data = scope.zeros(1, 1, 1, 2, 4, 3);
        Tensor mask = scope.full(DType.BOOL, 0, 1, 1, 1, 2, 4, 3);
        MonthlyInput none = MonthlyInput.none();
        String text = assertThrows(DTypeException.class, () -> model.forward(scope, data, data, none)).getMessage();
        assertTrue(text.contains("daily_mask float32") && text.contains("bool"), text);
        text = assertThrows(DTypeException.class, () -> model.forward(scope, mask, mask, none)).getMessage();
        assertTrue(text.contains("daily_data is bool"), text);
        Tensor other = scope.full(DType.BOOL, 0, 1, 1, 2, 1, 4, 3);
        text = assertThrows(ShapeException.class, () -> model.forward(scope, data, other, none)).getMessage();
        assertTrue(text.contains("daily_mask has shape [1, 1, 2, 1, 4, 3]"), text);
        assertTrue(text.contains("that of daily_data, [1, 1, 1, 2, 4, 3]"), text);
    }

    @Test
    void landAndPaddedDaysOfOtherShapesAreRefused() {
        long[] shape = {1, 1, 1, 2, 4, 3};
        refuses(ShapeException.class, MonthlyInput.none().withLandMask(scope.full(DType.BOOL, 0, 1, 3, 4)), shape,
                "land", "[1, 3, 4]", "[1, 4, 3]");
        refuses(DTypeException.class, MonthlyInput.none().withLandMask(scope.zeros(1, 4, 3)), shape, "land", "float32");
        PaddedDays other = new PaddedDays(1, 2, 1, new boolean[2]);
        refuses(ShapeException.class, MonthlyInput.none().withPaddedDays(other), shape,
                "padded_days_mask has shape [1, 2, 1]", "[1, 1, 2]");
        String text = assertThrows(ShapeException.class, () -> new PaddedDays(1, 2, 31, new boolean[31])).getMessage();
        assertTrue(text.contains("62") && text.contains("31"), text);
    }

    @Test
    void monthNumbersOutOfRangeOrTooFewAreRefused() {
        long[] shape = {1, 1, 2, 2, 4, 3};
        refuses(ArgumentException.class, MonthlyInput.none().withMonths(List.of(1, 13)), shape, "13", "1 to 12");
        refuses(ArgumentException.class, MonthlyInput.none().withMonths(List.of(0, 1)), shape, "month number 0");
        refuses(ArgumentException.class, MonthlyInput.none().withMonths(List.of(1)), shape, "1 month numbers",
                "2 months");
    }

    @Test
    void tensorsOfAnotherDeviceAreRefused() {
        try (Device device = Device.cpu(CpuOptions.DEFAULT); Scope other = Scope.open(device)) {
            Tensor data = other.zeros(1, 1, 1, 2, 4, 3);
            Tensor mask = other.full(DType.BOOL, 0, 1, 1, 1, 2, 4, 3);
            assertThrows(ArgumentException.class, () -> model.forward(other, data, mask, MonthlyInput.none()));
            assertThrows(ArgumentException.class, () -> model.forward(scope, data, mask, MonthlyInput.none()));
        }
    }

    @Test
    void aClosedModelOrTensorIsRefused() {
        Tensor data = scope.zeros(1, 1, 1, 2, 4, 3);
        Tensor mask = scope.full(DType.BOOL, 0, 1, 1, 1, 2, 4, 3);
        Tensor closed = scope.zeros(1, 1, 1, 2, 4, 3);
        closed.close();
        assertThrows(IllegalStateException.class, () -> model.forward(scope, closed, mask, MonthlyInput.none()));
        model.close();
        model.close();
        assertThrows(IllegalStateException.class, () -> model.forward(scope, data, mask, MonthlyInput.none()));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TransformerBlockTest {
    @Test
    void aScaleThatANormWouldUndoIsRefused() {
        assertEquals("TransformerBlock: qkScale is 0.3 with qkNorm; expected one of the two, as the scale goes into the"
                + " weights of the queries and their norm would undo it. Leave qkScale out",
                assertThrows(ArgumentException.class, () -> options(true, OptionalDouble.of(0.3))).getMessage());
        assertEquals(OptionalDouble.of(0.3), options(false, OptionalDouble.of(0.3)).qkScale());
        assertEquals(OptionalDouble.empty(), options(true, OptionalDouble.empty()).qkScale());
    }

    private static TransformerBlock.Options options(boolean qkNorm, OptionalDouble qkScale) {
        return new TransformerBlock.Options(
                8, 16, 2, 1e-6, true, true, true, true, Activation.GELU, false, qkNorm, qkScale);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import org.junit.jupiter.api.Test;

class LoaderTest {
    private record Table(Scope weights, Tensor rows) implements Model {
        static Loader<Table> loader(long count) {
            return (scope, state) -> new Table(scope, state.takeTensor(scope, "rows", count, 2));
        }

        @Override
        public Device device() {
            return weights.device();
        }

        @Override
        public Precision precision() {
            return weights.precision();
        }

        @Override
        public void close() {
            weights.close();
        }
    }

    @Test
    void aModelOwnsItsScopeAndARefusedCheckpointLeavesNothing() {
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            Checkpoint weights = Structure.of(Table.loader(3)::load).random(1);
            try (Table model = Loader.open(Table.loader(3), weights, device, Precision.STRICT)) {
                assertEquals(weights.tensors().get("rows").shape(), model.rows().shape());
                assertTrue(device.memory().buffersLive() > 0);
            }
            assertEquals(0, device.memory().buffersLive());
            assertThrows(CheckpointException.class,
                    () -> Loader.open(Table.loader(4), weights, device, Precision.STRICT));
            assertEquals(0, device.memory().buffersLive());
        }
    }
}

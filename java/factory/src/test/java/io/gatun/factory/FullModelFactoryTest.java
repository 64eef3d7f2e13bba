// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Model;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FullModelFactoryTest {
    /** A model of one vector. */
    private record Vector(Scope weights, Tensor values) implements Model {
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

    @BeforeAll
    static void register() {
        Registries.fullModels().register("terratorch", "test_vector", arguments -> {
            int length = arguments.integer("length", 3);
            return (scope, state) -> new Vector(scope, state.takeTensor(scope, "values", length));
        });
    }

    @Test
    void buildsModelsByName() {
        Blueprint<? extends Model> blueprint = Registries.modelFactories().get("FullModelFactory")
                .buildModel(Map.of("model", "terratorch_test_vector", "length", 5));
        assertEquals(5, blueprint.structure().parameterCount());
        try (Model model = blueprint.load(blueprint.structure().random(1), Device.cpu())) {
            assertEquals(5, ((Vector) model).values().shape().numElements());
        }
    }

    @Test
    void unknownNamesAndArgumentsAreRefused() {
        String message = assertThrows(ArgumentException.class,
                () -> FullModelFactory.buildModel(Map.of("model", "test_vektor"))).getMessage();
        assertTrue(message.contains("no full model \"test_vektor\"") && message.contains("nearest is test_vector"),
                message);
        message = assertThrows(ArgumentException.class,
                () -> FullModelFactory.buildModel(Map.of("model", "test_vector", "lenght", 5))).getMessage();
        assertTrue(message.contains("lenght (did you mean length?)"), message);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configurations of a tiny ViT, and what tests change in them. */
public final class Yaml {
    /** Segmentation into three classes of a scene with three of five bands. */
    public static final String SEGMENTATION = """
            # lightning.pytorch==2.1.1
            seed_everything: 42
            trainer:
              accelerator: auto
              max_epochs: 1
              callbacks:
                - class_path: RichProgressBar
            data:
              class_path: terratorch.datamodules.GenericNonGeoSegmentationDataModule
              init_args:
                batch_size: 2
                num_workers: 4
                dataset_bands: [BLUE, GREEN, RED, NIR_NARROW, 7]
                output_bands: [RED, BLUE, NIR_NARROW]
                rgb_indices: [2, 1, 0]
                train_data_root: a
                img_grep: "*.tif"
                means: [10.5, 20, 3.e+1]
                stds: [1, 2, 4]
                constant_scale: 0.5
                no_data_replace: 0
                no_label_replace: -1
                num_classes: 3
            model:
              class_path: terratorch.tasks.SemanticSegmentationTask
              init_args:
                model_factory: EncoderDecoderFactory
                model_args:
                  backbone: vit_tiny_patch16_224
                  backbone_pretrained: False
                  backbone_img_size: 32
                  backbone_patch_size: 8
                  backbone_embed_dim: 32
                  backbone_depth: 2
                  backbone_out_indices: [0, 1]
                  backbone_num_heads: 2
                  backbone_in_chans: 3
                  decoder: FCNDecoder
                  decoder_channels: 8
                  decoder_num_convs: 2
                  num_classes: 3
                  head_dropout: 0.1
                loss: dice
                class_names: [open water, forest, Developed/Barren]
                ignore_index: -1
                freeze_backbone: true
            optimizer:
              class_path: torch.optim.AdamW
              init_args:
                lr: 1.e-4
            lr_scheduler:
              class_path: ReduceLROnPlateau
            """;

    private Yaml() {}

    /** A text with one part replaced by another. */
    public static String with(String text, String part, String other) {
        if (!text.contains(part)) {
            throw new AssertionError("the text has no " + part);
        }
        return text.replace(part, other);
    }

    /** A text as a file. */
    public static Path file(Path folder, String text) {
        try {
            return Files.writeString(folder.resolve("config.yaml"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static TerraTorchConfig read(Path folder, String text) {
        return TerraTorchConfig.read(file(folder, text), false);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import java.util.List;

/**
 * Keys that TerraTorch and its LightningCLI know and that have no say in a prediction from one scene: training,
 * metrics, pictures, and where files lie.
 */
final class SkippedKeys {
    /** Beside {@code model} and {@code data}. */
    static final List<String> TOP = List.of("config", "seed_everything", "trainer", "optimizer", "lr_scheduler",
            "ckpt_path", "weights_only", "return_predictions", "verbose", "predict_output_dir", "output_file_prefix",
            "out_dtype", "deploy_config_file", "custom_modules_path");

    /** Of the tasks' {@code init_args}. */
    static final List<String> TASK = List.of("loss", "aux_loss", "class_weights", "ignore_index", "lr", "optimizer",
            "optimizer_hparams", "scheduler", "scheduler_hparams", "freeze_backbone", "freeze_decoder", "freeze_head",
            "plot_on_val", "test_dataloaders_names", "lr_overrides", "path_to_record_metrics",
            "tiled_inference_on_testing", "tiled_inference_on_validation");

    /** Of the generic data modules' {@code init_args}. */
    static final List<String> DATA = List.of("batch_size", "num_workers", "num_classes", "train_data_root",
            "val_data_root", "test_data_root", "predict_data_root", "train_label_data_root", "val_label_data_root",
            "test_label_data_root", "train_split", "val_split", "test_split", "ignore_split_file_extensions",
            "allow_substring_split_file", "img_grep", "label_grep", "rgb_indices", "train_transform", "val_transform",
            "reduce_zero_label", "no_label_replace", "drop_last", "pin_memory", "check_stackability");

    /** More of the one for several modalities. */
    static final List<String> MULTIMODAL = List.of("task", "data_root", "label_data_root", "image_grep", "rgb_modality",
            "allow_substring_file_names", "class_names", "shared_transforms", "data_with_sample_dim",
            "allow_missing_modalities", "sample_num_modalities", "sample_replace");

    /**
     * Arguments of Prithvi backbones that upstream takes and that change nothing it computes: regularisation, and what
     * its constructor swallows.
     */
    static final List<String> PRITHVI = List.of("backbone_drop_path_rate", "backbone_window_size",
            "backbone_in_channels", "backbone_pretrained_cfg_overlay", "backbone_pretrain_img_size",
            "backbone_band_patch_size");

    private SkippedKeys() {}
}

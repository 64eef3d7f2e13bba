// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static io.gatun.models.terramind.tokenizer.Tokenizers.divae;
import static io.gatun.models.terramind.tokenizer.Tokenizers.named;
import static io.gatun.models.terramind.tokenizer.Tokenizers.refuses;
import static io.gatun.models.terramind.tokenizer.Tokenizers.structure;
import static io.gatun.models.terramind.tokenizer.Tokenizers.vqvae;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TokenizerConfigTest {
    @Test
    void publishedTokenizersHaveUpstreamsSizes() {
        Structure s2 = structure(named("terramind_v1_tokenizer_s2l2a", Map.of()));
        assertEquals(289_290_693, s2.parameterCount());
        assertEquals(Shape.of(256, 12 * 16 + 5, 3, 3), s2.weights().get("decoder.input_blocks.0.0.weight").shape());
        assertEquals(Shape.of(512, 512, 3, 3), s2.weights().get("decoder.output_blocks.7.2.conv.weight").shape());
        assertEquals(Shape.of(512, 512, 3, 3), s2.weights().get("decoder.output_blocks.11.1.conv.weight").shape());
        assertEquals(Shape.of(1536, 512, 1), s2.weights().get("decoder.input_blocks.9.1.qkv.weight").shape());
        assertTrue(s2.weights().containsKey("decoder.output_blocks.15.0.skip_connection.weight"));
        assertFalse(s2.weights().containsKey("decoder.output_blocks.8.1.qkv.weight"));
        assertEquals(183_894_021, structure(named("terramind_v1_tokenizer_lulc", Map.of())).parameterCount());
    }

    @Test
    void publishedTokenizersHaveUpstreamsArguments() {
        Map<String, Integer> channels = Map.of("s2l2a", 12, "s1rtc", 2, "s1grd", 2, "dem", 1, "ndvi", 1);
        channels.forEach((modality, count) -> {
            TokenizerConfig config = named("terramind_v1_tokenizer_" + modality, Map.of());
            assertEquals(count, config.channels());
            assertEquals(15360, config.codebookSize());
            assertEquals(Extent.of(256), config.encoderImageSize());
            assertFalse(config.isClasses());
            TokenizerConfig.Diffusion diffusion = (TokenizerConfig.Diffusion) config.decoder();
            assertEquals(new DiffusionOptions(DiffusionOptions.Kind.DDIM, 1000, "linear",
                    DiffusionOptions.Prediction.SAMPLE, true, true, true), diffusion.options());
            assertEquals(32, diffusion.size().multiple());
        });
        for (String name : List.of("terramind_v1_tokenizer_lulc", "terramind_v01_tokenizer_lulc")) {
            TokenizerConfig config = named(name, Map.of());
            assertEquals(name.contains("v01") ? 9 : 10, config.channels());
            assertEquals(4375, config.codebookSize());
            assertTrue(config.isClasses());
        }
        assertEquals(10, TokenizerConfig.names().size());
        assertEquals(6, TokenizerConfig.backboneNames().size());
    }

    @Test
    void upstreamsArgumentsAreTaken() {
        TokenizerConfig config = named("terramind_v1_tokenizer_dem", Map.of("pretrained", true, "ckpt_path", "x",
                "image_size_enc", 224, "image_size_dec", 64, "enc_type", "vit_s_enc", "scheduler", "ddpm",
                "beta_schedule", "shifted_cosine:0.5", "zero_terminal_snr", false, "thresholding", false,
                "prediction_type", "v_prediction"));
        assertEquals(Extent.of(224), config.encoderImageSize());
        assertEquals(512, config.encoder().dim());
        TokenizerConfig.Diffusion diffusion = (TokenizerConfig.Diffusion) config.decoder();
        assertEquals(Extent.of(64), diffusion.imageSize());
        assertEquals(new DiffusionOptions(DiffusionOptions.Kind.DDPM, 1000, "shifted_cosine:0.5",
                DiffusionOptions.Prediction.V_PREDICTION, true, false, false), diffusion.options());
        TokenizerConfig.Plain plain = (TokenizerConfig.Plain) named("terramind_v1_tokenizer_lulc",
                Map.of("out_conv", true, "patch_size_dec", 8, "dec_type", "vit_l_dec")).decoder();
        assertEquals(new TokenizerConfig.Plain(new TokenizerSize(1024, 24, 16, 4, true), Extent.of(256), 8,
                true), plain);
    }

    /** Defaults of upstream that are given, and a dictionary of all arguments. */
    @Test
    void upstreamsDefaultsMayBeGiven() {
        assertEquals(divae(Map.of()), divae(Map.of("patch_proj", true, "undo_std", false)));
        Map<String, Object> all = Map.of("n_channels", 4, "n_labels", 3, "image_size", List.of(64, 32),
                "image_size_dec", List.of(32, 64));
        Arguments arguments = Arguments.of("divae", Map.of("config", all));
        TokenizerConfig config = TokenizerConfig.of(TokenizerConfig.Kind.DIVAE, arguments);
        arguments.finish();
        assertEquals(new Extent(64, 32), config.encoderImageSize());
        assertEquals(new Extent(32, 64), config.decoder().imageSize());
        assertEquals(OptionalInt.of(3), config.labels());
        refuses(ArgumentException.class, "undo_std is true", () -> divae(Map.of("undo_std", true)));
        refuses(ArgumentException.class, "image_size is [1, 2, 3]",
                () -> divae(Map.of("image_size", List.of(1, 2, 3))));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        refuses(ArgumentException.class, "there is no tokenizer \"terramind_v1_tokenizer_s2l1c\"; did you mean"
                + " terramind_v1_tokenizer_s2l2a?", () -> named("terramind_v1_tokenizer_s2l1c", Map.of()));
        refuses(ArgumentException.class, "did you mean patch_size?",
                () -> named("terramind_v1_tokenizer_dem", Map.of("patchsize", 16)));
        refuses(ArgumentException.class, "patch_size is [16, 8]",
                () -> divae(Map.of("patch_size", List.of(16, 8))));
        refuses(ArgumentException.class, "quant_type is lucid, expected fsq",
                () -> divae(Map.of("quant_type", "lucid")));
        refuses(ArgumentException.class, "dec_type is uvit_b_p4_f16, expected unet_patched",
                () -> divae(Map.of("dec_type", "uvit_b_p4_f16")));
        refuses(ArgumentException.class, "enc_type is BottleneckMLP/B_6-Wi_1024",
                () -> vqvae(Map.of("enc_type", "BottleneckMLP/B_6-Wi_1024")));
        refuses(ArgumentException.class, "latent_dim is 5 and codebook_size has 3 levels",
                () -> divae(Map.of("latent_dim", 5)));
        refuses(ArgumentException.class, "codebook_size is 16384x",
                () -> divae(Map.of("codebook_size", "16384x")));
        refuses(ArgumentException.class, "expected at least 2 of each and at most 2^24",
                () -> divae(Map.of("codebook_size", "8-1-3")));
        refuses(ArgumentException.class, "expected at least 2 of each and at most 2^24",
                () -> divae(Map.of("codebook_size", "4096-4097")));
        refuses(ArgumentException.class, "images of 30 for the encoder", () -> divae(Map.of("image_size_enc", 30)));
        refuses(ArgumentException.class, "must be a multiple of 4, for its positions",
                () -> divae(Map.of("encoder", Map.of("dim_tokens", 18, "num_heads", 3))));
        refuses(ArgumentException.class, "channels in multiples of 32",
                () -> divae(Map.of("unet", Map.of("model_channels", 48))));
        refuses(ArgumentException.class, "did you mean num_heads?",
                () -> divae(Map.of("unet", Map.of("num_head", 2))));
        refuses(ArgumentException.class, "num_train_timesteps is 1", () -> divae(Map.of("num_train_timesteps", 1)));
        for (String schedule : List.of("sigmoid", "shifted_cosine:", "shifted_cosine:0", "shifted_cosine:-1")) {
            refuses(ArgumentException.class, "beta_schedule is " + schedule + ", expected linear",
                    () -> divae(Map.of("beta_schedule", schedule)));
        }
        refuses(ArgumentException.class, "expected one of sample, epsilon, v_prediction",
                () -> divae(Map.of("prediction_type", "noise")));
    }
}

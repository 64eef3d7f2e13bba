// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.Task;
import io.gatun.factory.decoders.FCNDecoder;
import io.gatun.factory.heads.RegressionHead;
import io.gatun.factory.necks.ReshapeTokensToImage;
import io.gatun.factory.necks.SelectIndices;
import io.gatun.models.prithvi.PrithviConfig;
import io.gatun.models.prithvi.PrithviViT;
import java.util.List;

/**
 * A regression model by typed arguments: what does not exist does not compile, what does not fit is refused by build().
 */
public final class BuildByType {
    private BuildByType() {}

    public static void main(String[] args) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.builder(Task.REGRESSION)
                .backbone(PrithviViT.loader(PrithviConfig.named("prithvi_eo_v2_tiny_tl")))
                .neck((channels, _, _) -> SelectIndices.loader(channels, new SelectIndices.Options(List.of(-1))))
                .neck((channels, patch, _) -> ReshapeTokensToImage.loader(
                        channels, ReshapeTokensToImage.Options.defaults().withPatchSize(patch)))
                .decoder((channels, _) -> FCNDecoder.loader(channels, new FCNDecoder.Options(32, 2, -1)))
                .head(channels -> RegressionHead.loader(channels, RegressionHead.Options.defaults()))
                .build();
        blueprint.structure().weights().forEach((name, entry) -> {
            if (!name.startsWith("encoder.")) {
                System.out.println(name + " " + entry.shape());
            }
        });
    }
}

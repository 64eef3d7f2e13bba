// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.core.PadMode;
import io.gatun.factory.decoders.FCNDecoder;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Loader;
import io.gatun.wrappers.temporal.TemporalOptions;
import io.gatun.wrappers.temporal.TemporalPooling;
import io.gatun.wrappers.temporal.TemporalWrapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Encoder-decoder models by typed arguments: the same parts and rules as {@link EncoderDecoderFactory#buildModel}.
 * Where there is no decoder, it is FCNDecoder with its defaults.
 *
 * <p>For one thread. Each method returns the builder.
 */
public final class EncoderDecoderBuilder {
    private final Task task;
    private final List<NeckChoice> necks = new ArrayList<>();
    private final SequencedMap<String, BranchChoice> auxiliary = new LinkedHashMap<>();
    private Optional<Loader<? extends Backbone>> backbone = Optional.empty();
    private Optional<TemporalOptions> temporal = Optional.empty();
    private DecoderBuilder decoder =
            (channels, _) -> FCNDecoder.loader(channels, FCNDecoder.Options.defaults());
    private Optional<HeadBuilder> head = Optional.empty();
    private PadMode padding = PadMode.REFLECT;
    private boolean rescale = true;

    EncoderDecoderBuilder(Task task) {
        this.task = task;
    }

    /**
     * The backbone.
     *
     * @param loader for example {@code PrithviViT.loader(PrithviConfig.named("prithvi_eo_v2_300"))}
     * @return this
     */
    public EncoderDecoderBuilder backbone(Loader<? extends Backbone> loader) {
        backbone = Optional.of(loader);
        return this;
    }

    /**
     * The backbone, by name.
     *
     * @param name of the backbone registry
     * @param arguments upstream's, without a prefix
     * @return this
     * @throws ArgumentException if there is no such name or argument
     */
    public EncoderDecoderBuilder backbone(String name, Map<String, ?> arguments) {
        Arguments given = Arguments.of(name, arguments);
        Loader<? extends Backbone> loader = Registries.backbones().get(name).build(given);
        given.finish();
        return backbone(loader);
    }

    /**
     * Lets the backbone run on series of dates.
     *
     * @param options how dates become one
     * @return this
     */
    public EncoderDecoderBuilder temporal(TemporalOptions options) {
        temporal = Optional.of(options);
        return this;
    }

    /**
     * One more neck, behind those there are.
     *
     * @param builder for example {@code (channels, _, _) -> SelectIndices.loader(channels, options)}
     * @return this
     */
    public EncoderDecoderBuilder neck(NeckBuilder builder) {
        necks.add(new NeckChoice("neck " + necks.size(), builder, Map.of()));
        return this;
    }

    /**
     * The decoder. One that ends in classes is wrapped by {@link DecoderBuilder#withHead}, and has no head behind it.
     *
     * @param builder for example {@code (channels, _) -> UperNetDecoder.loader(channels, options)}
     * @return this
     */
    public EncoderDecoderBuilder decoder(DecoderBuilder builder) {
        decoder = builder;
        return this;
    }

    /**
     * The head behind the decoder.
     *
     * @param builder for example {@code channels -> SegmentationHead.loader(channels, options)}
     * @return this
     */
    public EncoderDecoderBuilder head(HeadBuilder builder) {
        head = Optional.of(builder);
        return this;
    }

    /**
     * One more decoder on the same features, with a head of its own.
     *
     * @param name of its output
     * @param auxiliaryDecoder its decoder
     * @param auxiliaryHead the head behind it
     * @return this
     * @throws ArgumentException if the name is taken
     */
    public EncoderDecoderBuilder auxiliary(String name, DecoderBuilder auxiliaryDecoder, HeadBuilder auxiliaryHead) {
        BranchChoice branch = new BranchChoice(name, auxiliaryDecoder, Map.of(), Optional.of(auxiliaryHead));
        if (auxiliary.putIfAbsent(name, branch) != null) {
            throw new ArgumentException("two auxiliary decoders have the name " + name);
        }
        return this;
    }

    /**
     * What fills the border of images that are no whole patches; {@link PadMode#REFLECT} if not told.
     *
     * @param mode the border
     * @return this
     */
    public EncoderDecoderBuilder padding(PadMode mode) {
        padding = mode;
        return this;
    }

    /**
     * Whether maps are brought to the size of the image; true if not told.
     *
     * @param wanted false for the decoder's own size
     * @return this
     */
    public EncoderDecoderBuilder rescale(boolean wanted) {
        rescale = wanted;
        return this;
    }

    /**
     * Puts the parts together.
     *
     * @return the model without weights
     * @throws ArgumentException if there is no backbone, or no head and the decoder has none
     * @throws io.gatun.core.ShapeException if the parts do not fit together
     */
    public Blueprint<EncoderDecoderModel> build() {
        Loader<? extends Backbone> single = backbone.orElseThrow(
                () -> new ArgumentException("an encoder-decoder model needs a backbone; call backbone(...)"));
        if (head.isEmpty() != decoder.includesHead()) {
            throw new ArgumentException(decoder.includesHead()
                    ? "the decoder includes a head; leave head(...) out"
                    : "the decoder has no head; call head(...), or wrap the decoder by DecoderBuilder.withHead");
        }
        Loader<? extends Backbone> whole = temporal.<Loader<? extends Backbone>>map(
                options -> TemporalWrapper.loader(single, options)).orElse(single);
        boolean keepsTime = temporal.filter(o -> o.pooling() == TemporalPooling.KEEP).isPresent();
        return new EncoderDecoderAssembly(task, new BackboneChoice(whole, Optional.empty(), padding, keepsTime),
                List.copyOf(necks), new BranchChoice("decoder", decoder, Map.of(), head), auxiliary, rescale)
                .blueprint();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.models.Backbone;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Puts the chosen parts together, with upstream's names of their weights. */
record EncoderDecoderAssembly(Task task, BackboneChoice backbone, List<NeckChoice> necks, BranchChoice main,
        Map<String, BranchChoice> auxiliary, boolean rescale) {
    Blueprint<EncoderDecoderModel> blueprint() {
        if (backbone.keepsTime()) {
            throw new ArgumentException("EncoderDecoderFactory: temporal_pooling keep gives features with an axis of"
                    + " dates, which necks and decoders do not take; use mean, max, diff or concat");
        }
        return new Blueprint<>(this::load, EncoderDecoderAssembly::dryRun);
    }

    private EncoderDecoderModel load(Scope scope, StateDict state) {
        Backbone encoder = backbone.loader().load(scope, state.at("encoder"));
        List<Integer> channels = encoder.outChannels();
        List<Neck> loaded = new ArrayList<>();
        for (int i = 0; i < necks.size(); i++) {
            Neck neck = necks.get(i).loader(channels, encoder.patchSize())
                    .load(scope, state.at("neck").at(String.valueOf(i)));
            channels = neck.processChannelList(channels);
            loaded.add(neck);
        }
        Stages.Branch branch = main.load(scope, channels, state.at("decoder"), state.at("head"));
        SequencedMap<String, Stages.Branch> others = new LinkedHashMap<>();
        for (Map.Entry<String, BranchChoice> each : auxiliary.entrySet()) {
            StateDict own = state.at("aux_heads").at(each.getKey());
            others.put(each.getKey(), each.getValue().load(scope, channels, own.at("0"), own.at("1")));
        }
        Stages stages = new Stages(
                scope, task, encoder, List.copyOf(loaded), branch, others, backbone.padding(encoder));
        return task == Task.CLASSIFICATION ? new ScalarOutputModel(stages) : new PixelWiseModel(stages, rescale);
    }

    /**
     * Shapes alone: what does not fit together is found before there are weights. The size of the example is one of
     * many, and decides nothing.
     */
    private static void dryRun(Scope scope, EncoderDecoderModel model) {
        Stages stages = model instanceof PixelWiseModel maps ? maps.stages() : ((ScalarOutputModel) model).stages();
        try {
            stages.encoder().example(scope).ifPresent(input -> model.forward(scope, input));
        } catch (ShapeException e) {
            if (!e.dependsOnSize()) {
                throw e;
            }
        }
    }
}

// Keeps tensors' values from being used as addresses.
#ifndef NACRE_BACKENDS_OPENVINO_GUARD_INDICES_H_
#define NACRE_BACKENDS_OPENVINO_GUARD_INDICES_H_

#include <nacre/error.h>
#include <openvino/core/model.hpp>

namespace nacre::openvino {

/// Some kernels of the CPU plug-in read or write wherever an index in their input says (tried with
/// 2026.4: GatherND, Gather of whole numbers in one dimension, ScatterElementsUpdate below its
/// axis and with more indices than data beside it, ScatterUpdate of whole numbers in one dimension,
/// Tile, SegmentMax, GatherTree and CTCGreedyDecoderSeqLen with negative numbers,
/// DeformableConvolution with offsets that are none; Gather, GatherElements and GatherND from a
/// dimension of 0; most others check and throw). A guest that may only set an input could so read
/// the host's memory. Operators are put before those inputs that bring the values into range, or
/// fail where nothing is in range, in subgraphs too; values that are in range come out as they
/// were. Errors: kUnsupportedOperation as check_operator(), for GatherND and ScatterElementsUpdate
/// of unknown rank or width, for a ScatterElementsUpdate with more indices than data, and for a
/// reduction of rank 0 or unknown rank along computed axes.
[[nodiscard]] Result<void> guard_indices(ov::Model& model);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_GUARD_INDICES_H_

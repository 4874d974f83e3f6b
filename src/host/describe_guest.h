// What a guest is and wants, found without running it: Host::describe and Host::check.
#ifndef NACRE_SRC_HOST_DESCRIBE_GUEST_H_
#define NACRE_SRC_HOST_DESCRIBE_GUEST_H_

#include <span>
#include <string>

#include "engine/engine.h"
#include "nacre/error.h"
#include "nacre/host.h"

namespace nacre {

/// Of `guest`: dialect and nn_prompt. Any thread.
[[nodiscard]] Result<GuestDescription> describe_guest(const engine::Module& module,
                                                      const GuestOptions& guest);

/// The sentence with which run() would refuse the module if it were lent these folders; empty: it
/// would not. Nothing of the guest runs.
[[nodiscard]] std::string refusal_of(const engine::Module& module, std::span<const DirMapping> dirs,
                                     bool nn_prompt);

}  // namespace nacre

#endif  // NACRE_SRC_HOST_DESCRIBE_GUEST_H_

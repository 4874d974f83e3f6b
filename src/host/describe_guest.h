// What a guest is and wants, found without running it: Host::describe.
#ifndef NACRE_SRC_HOST_DESCRIBE_GUEST_H_
#define NACRE_SRC_HOST_DESCRIBE_GUEST_H_

#include "host/engines.h"
#include "nacre/error.h"
#include "nacre/host.h"

namespace nacre {

/// Any thread.
[[nodiscard]] Result<GuestDescription> describe_guest(Engines& engines, const GuestOptions& guest);

}  // namespace nacre

#endif  // NACRE_SRC_HOST_DESCRIBE_GUEST_H_

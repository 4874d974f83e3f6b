// Says through HostOptions::on_activity what is under way, for as long as an object of this lives.
#ifndef NACRE_SRC_HOST_ACTIVITY_H_
#define NACRE_SRC_HOST_ACTIVITY_H_

#include <functional>
#include <string_view>

namespace nacre {

class Activity {
 public:
  using Listener = std::function<void(std::string_view)>;

  /// `listener` may be empty, and outlives this.
  Activity(const Listener& listener, std::string_view what) : listener_(listener) {
    if (listener_) listener_(what);
  }
  ~Activity() {
    if (listener_) listener_({});
  }
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

 private:
  const Listener& listener_;
};

}  // namespace nacre

#endif  // NACRE_SRC_HOST_ACTIVITY_H_

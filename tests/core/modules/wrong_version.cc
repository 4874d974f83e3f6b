// A module of a later interface: only the first two members mean what they mean here.
#include <nacre/backend_abi.h>

namespace {
constexpr nacre_backend_table kTable = [] {
  nacre_backend_table table{};
  table.struct_size = sizeof table;
  table.abi_version = 99;
  return table;
}();
}  // namespace

extern "C" __attribute__((visibility("default"))) const nacre_backend_table* nacre_backend_entry() {
  return &kTable;
}

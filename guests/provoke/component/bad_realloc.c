// bad_realloc WHAT: a cabi_realloc that does what none may. All but `late` must trap.
//   outside     answers an address past memory      misaligned   an odd one, for names and lists
//   calls       calls the host from within          traps        traps
//   late        memory grows while the host waits for its answer; all is well
#define WASI_NN_OWN_REALLOC
#include "provoke.h"

static const char* what = "";

__attribute__((export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t old_size,
                                                                size_t align, size_t size);
void* cabi_realloc(void* old, size_t old_size, size_t align, size_t size) {
  (void)old_size;
  if (!strcmp(what, "outside"))
    return (void*)(uintptr_t)((uint32_t)__builtin_wasm_memory_size(0) << 16);
  if (!strcmp(what, "misaligned") && align > 1) return (void*)(uintptr_t)1025;
  if (!strcmp(what, "calls")) wasi_nn_tensor_drop(bytes("abc", 3));
  if (!strcmp(what, "traps")) __builtin_trap();
  if (!strcmp(what, "late")) {
    const size_t pages = (size + 65535) / 65536;
    const size_t at = __builtin_wasm_memory_grow(0, pages ? pages : 1);
    return (void*)(at << 16);
  }
  return realloc(old, size ? size : 1);
}

int main(int argc, char** argv) {
  const wasi_nn_handle it = bytes("abc", 3);
  static uint8_t data[200000];
  memset(data, 7, sizeof(data));
  const wasi_nn_handle large = bytes(data, sizeof(data));
  about_to_trap();
  what = argc == 2 ? argv[1] : "";
  wasi_nn_list list;
  if (!strcmp(what, "misaligned")) {
    wasi_nn_tensor_dimensions(it, &list);
  } else if (!strcmp(what, "late")) {
    wasi_nn_tensor_data(large, &list);
    what = "";
    want_true("the bytes came where memory grew",
              list.size == sizeof(data) && memcmp(list.data, data, sizeof(data)) == 0);
    return verdict();
  } else {
    wasi_nn_tensor_data(it, &list);
  }
  what = "";
  return still_there();
}

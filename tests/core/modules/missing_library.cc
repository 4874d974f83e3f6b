// A module that needs a library which the loader does not find.
extern "C" int vanished_vendor_function();
extern "C" __attribute__((visibility("default"))) int nacre_use_it() {
  return vanished_vendor_function();
}

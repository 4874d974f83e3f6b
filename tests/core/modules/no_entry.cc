// A shared object that is no backend.
extern "C" __attribute__((visibility("default"))) int nacre_something_else() {
  return 1;
}

// Imports the interface tensor only, and so is a component that needs one of the four.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle it = bytes("abc", 3);
  want_true("its bytes", tensor_holds(it, "abc", 3));
  wasi_nn_tensor_drop(it);
  return verdict();
}

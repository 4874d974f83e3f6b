#include "echo.h"

// The entry point under a name of its own, so that it can be linked into the library.
extern "C" const nacre_backend_table* nacre_backend_echo_entry() {
  return &nacre::backend_export::Table<nacre::echo::EchoBackend>::kTable;
}

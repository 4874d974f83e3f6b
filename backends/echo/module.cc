// For tests of the module loader: echo as a module like any other.
#include "echo.h"

NACRE_EXPORT_BACKEND(nacre::echo::EchoBackend);

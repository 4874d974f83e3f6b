// Sleeps an hour at a time: like read_stdin_for_ever, it waits inside the host.
#include <unistd.h>

int main(void) {
  for (;;)
    sleep(3600);
}

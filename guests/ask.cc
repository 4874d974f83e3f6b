/* ask: a chat whose history the host keeps, through wasi:nn's proposed interface `prompt`, which
 * the host offers with `--wasi nn-prompt`. `ask MODEL QUESTION...` prints each answer on a line. */
#include <stdio.h>
#include <string.h>

#include "sdk/nacre_text_component.h"

static void print(const wasi_nn_list* text, FILE* to) {
  fwrite(text->data, 1, text->size, to);
  fputc('\n', to);
  wasi_nn_list_free(text);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("ask: wants MODEL QUESTION...\n", stderr);
    return 2;
  }
  wasi_nn_result graph;
  wasi_nn_graph_load_by_name(argv[1], (uint32_t)strlen(argv[1]), &graph);
  if (graph.failed) {
    wasi_nn_list sentence;
    wasi_nn_error_data(graph.handle, &sentence);
    print(&sentence, stderr);
    return 1;
  }
  wasi_nn_prompt_result chat;
  wasi_nn_prompt_init(graph.handle, &chat); /* which takes the graph */
  if (chat.failed) {
    print(&chat.text, stderr);
    return 1;
  }
  const wasi_nn_handle context = chat.context;
  int failures = 0;
  for (int i = 2; i < argc; i++) {
    wasi_nn_prompt_result answer;
    wasi_nn_prompt_compute(context, argv[i], (uint32_t)strlen(argv[i]), &answer);
    failures += answer.failed;
    print(&answer.text, answer.failed ? stderr : stdout);
  }
  wasi_nn_prompt_drop(context);
  return failures != 0;
}

// The throwaway process: tries on its standard input what could end its process, and ends with 0
// if it did not. Started by child.cc with no environment and no other open file.
//
//   nacre_llama_helper model SECONDS BYTES    loads a GGUF and decodes one token
//   nacre_llama_helper schema SECONDS BYTES   writes the GBNF of a JSON schema to standard output
//
// It limits itself to so much processor time and address space before it looks at anything.
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <json-schema-to-grammar.h>
#include <llama.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "variants.h"

namespace {

std::string last_error;

void on_log(ggml_log_level level, const char* text, void*) {
  if (level == GGML_LOG_LEVEL_ERROR && text != nullptr) last_error = text;
}

int refuse(std::string_view why) {
  static_cast<void>(!::write(STDOUT_FILENO, why.data(), why.size()));
  return 1;
}

int try_schema() {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  const std::string grammar = json_schema_to_grammar(common_json::parse(text), true);
  for (std::size_t done = 0; done < grammar.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, grammar.data() + done, grammar.size() - done);
    if (n <= 0) return 1;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

int try_model() {
  llama_log_set(&on_log, nullptr);
  // llama.cpp checks each tensor on a thread of its own: their stacks and heaps are mostly address
  // space, which is limited here.
  ::mallopt(M_ARENA_MAX, 1);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, std::size_t{512} << 10);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
  const auto folder = nacre::llama::folder_of_variants();
  if (!folder) return refuse("it is not known where llama.cpp lies");
  ggml_backend_load_all_from_path(folder->c_str());
  llama_backend_init();
  llama_model_params how = llama_model_default_params();
  how.load_mode = LLAMA_LOAD_MODE_MMAP;
  how.check_tensors = true;
  std::FILE* file = ::fdopen(STDIN_FILENO, "rb");
  llama_model* model = llama_model_load_from_file_ptr(file, how);
  if (model == nullptr) return refuse(last_error);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = 64;
  params.n_batch = params.n_ubatch = 16;
  params.n_seq_max = 1;
  params.n_threads = params.n_threads_batch = 1;
  llama_context* context = llama_init_from_model(model, params);
  if (context == nullptr) return refuse(last_error);
  const llama_vocab* vocab = llama_model_get_vocab(model);
  std::array<llama_token, 64> tokens{};
  const std::string_view text = "Hello, world 1 é";
  const int count = llama_tokenize(vocab, text.data(), static_cast<int>(text.size()), tokens.data(),
                                   static_cast<int>(tokens.size()), true, true);
  if (count <= 0) return refuse("the vocabulary cannot read a short text");
  llama_token first = tokens[0];
  if (llama_decode(context, llama_batch_get_one(&first, 1)) != 0) return refuse(last_error);
  return 0;
}

}  // namespace

int main(int count, char** words) try {
  if (count != 4) return refuse("this program is started by Nacre's llama backend only");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto seconds = static_cast<rlim_t>(std::max(1, std::atoi(words[2])));
  const rlimit time{.rlim_cur = seconds, .rlim_max = seconds};
  ::setrlimit(RLIMIT_CPU, &time);
  const auto bytes = static_cast<rlim_t>(std::strtoull(words[3], nullptr, 10));
  const rlimit memory{.rlim_cur = bytes, .rlim_max = bytes};
  if (::setrlimit(RLIMIT_AS, &memory) != 0) return refuse("the address space cannot be limited");
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::setrlimit(RLIMIT_FSIZE, &none);
  const std::string_view word = words[1];
  if (word == "schema") return try_schema();
  if (word == "model") return try_model();
  return refuse("an unknown task");
} catch (const std::bad_alloc&) {
  return refuse("it needs more memory than such a one may take here");
} catch (const std::exception& error) {
  return refuse(error.what());
}

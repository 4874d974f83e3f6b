// Runs a WebAssembly guest, a module or a component, from a C++ program:
//
//   embed GUEST.wasm [MODEL=FILE] [FOLDER] [guest's arguments…]
//
// The guest may use the model by its name, and sees the folder as its current directory.
#include <nacre/host.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: embed GUEST.wasm [MODEL=FILE] [FOLDER] …\n"), 2;
  const auto give_up = [](const nacre::Error& error) {
    return std::fprintf(stderr, "embed: %s\n", error.message.c_str()), 1;
  };

  nacre::HostOptions options;
  options.backend_dirs.push_back(EMBED_BACKEND_DIR);
  if (argc > 2 && *argv[2] != '\0') {
    auto model = nacre::parse_model_spec(argv[2]);
    if (!model) return give_up(model.error());
    options.models.push_back(*model);
  }
  auto host = nacre::Host::create(std::move(options));
  if (!host) return give_up(host.error());

  nacre::GuestOptions guest{.path = argv[1]};
  if (argc > 3 && *argv[3] != '\0') guest.dirs.push_back({.host = argv[3], .guest = "."});
  if (argc > 4) guest.args.assign(argv + 4, argv + argc);
  auto outcome = (*host)->run(guest);
  if (!outcome) return give_up(outcome.error());
  if (!outcome->message.empty()) std::fprintf(stderr, "embed: %s\n", outcome->message.c_str());
  return outcome->exit_code;
}

// From process start to the first result: `nacre run classify.wasm` against the same classify
// compiled natively over the vendor's SDK.
#include "benches.h"
#include "guest.h"
#include "statistics.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

extern char** environ;

namespace nacre::bench {
namespace {

struct Child {
  double first_line_ms = 0;  // until its first line of output was there
  double whole_ms = 0;       // until it had ended
  std::string out;
  std::string err;
  bool ended_well = false;
};

Child run_child(std::vector<std::string> args) {
  std::vector<char*> argv;
  for (std::string& arg : args)
    argv.push_back(arg.data());
  argv.push_back(nullptr);
  int out[2];
  int err[2];
  Child child;
  if (pipe(out) != 0 || pipe(err) != 0) return child;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  for (const int fd : {out[0], out[1], err[0], err[1]}) {
    posix_spawn_file_actions_addclose(&actions, fd);
  }
  const auto begin = Clock::now();
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  const auto read_all = [&](int fd, std::string& text, bool timed) {
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
      if (timed && child.first_line_ms == 0 && text.find('\n') != text.npos) {
        child.first_line_ms = ms_since(begin);
      }
    }
    close(fd);
  };
  read_all(out[0], child.out, true);
  read_all(err[0], child.err, false);  // a few lines: they fit in the pipe meanwhile
  int status = 0;
  if (failed == 0 && waitpid(pid, &status, 0) == pid) {
    child.ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  child.whole_ms = ms_since(begin);
  return child;
}

// "decode    4.2 ms" on each line of classify --times.
std::map<std::string, double> steps_of(const std::string& text) {
  std::map<std::string, double> steps;
  std::istringstream lines(text);
  std::string name;
  double ms = 0;
  std::string unit;
  while (lines >> name >> ms >> unit) {
    if (unit == "ms") steps[name] = ms;
  }
  return steps;
}

}  // namespace

void bench_start(const Settings& settings, Table& table) {
  const int pairs = settings.quick ? 3 : 30;
  const std::string photos = build_path("photos");
  for (const Runtime& runtime : settings.runtimes) {
    if (!runtime.classifies) continue;
    const std::vector<std::string> guest = {build_path("nacre"),
                                            "run",
                                            "--model",
                                            model_spec(runtime),
                                            "--dir",
                                            photos + "::/photos",
                                            build_path("guests/classify.wasm"),
                                            "--times",
                                            "--digits",
                                            "4",
                                            "net",
                                            "/photos/coffee.png"};
    const std::vector<std::string> native = {
        build_path("bench/nacre_bench_classify_" + runtime.name),
        "--times",
        "--digits",
        "4",
        runtime.path,
        photos + "/coffee.png"};
    static_cast<void>(run_child(guest));  // fills the cache of compiled code
    static_cast<void>(run_child(native));

    std::vector<double> guest_ms;
    std::vector<double> native_ms;
    std::map<std::string, std::vector<double>> steps[2];
    bool good = true;
    for (int i = 0; i < pairs; ++i) {
      const Child ours = run_child(guest);
      const Child theirs = run_child(native);
      good = good && ours.ended_well && theirs.ended_well && ours.out == theirs.out &&
             ours.out.starts_with("967 ");
      if (!good && i == 0) std::fprintf(stderr, "%s%s", ours.err.c_str(), theirs.err.c_str());
      guest_ms.push_back(ours.first_line_ms);
      native_ms.push_back(theirs.first_line_ms);
      for (const Child* child : {&ours, &theirs}) {
        double inside = 0;
        for (const auto& [name, ms] : steps_of(child->err)) {
          steps[child == &theirs][name].push_back(ms);
          inside += ms;
        }
        steps[child == &theirs]["before main"].push_back(child->first_line_ms - inside);
        steps[child == &theirs]["ending"].push_back(child->whole_ms - child->first_line_ms);
      }
    }
    const double ratio = median_ratio(guest_ms, native_ms);
    table.add({.what = "process start to first result, classify coffee.png ÷ the same program "
                       "native, " +
                       runtime.name + ", " + std::to_string(pairs) + " pairs",
               .measured = number(ratio) + " (" + number(median(guest_ms)) + " ms)",
               .floor = number(median(native_ms)) + " ms",
               .limit = "<= 1.2",
               .within = ratio <= 1.2,
               .correct = good});
    std::string where =
        "where the time to the first result goes, " + runtime.name + ", guest (native) in ms:";
    for (const char* name :
         {"before main", "read", "decode", "resize", "load", "compute", "ending"}) {
      where += std::string(" ") + name + " " + number(median(steps[0][name])) + " (" +
               number(median(steps[1][name])) + "),";
    }
    where.back() = '.';
    table.note(where);
  }
}

}  // namespace nacre::bench

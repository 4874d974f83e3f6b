// What the program says about itself, and to a command line that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

const std::vector<std::string> kCommands = {"run",     "check",      "compile", "backends",
                                            "inspect", "completion", "help"};

TEST(Usage, VersionNamesNacreAndItsEngine) {
  const Ended ended = nacre({"--version"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out,
              MatchesRegex("nacre [0-9]+\\.[0-9]+\\.[0-9]+ \\(Wasmtime 48\\.[0-9.]+\\)\n"));
}

TEST(Usage, HelpListsTheCommandsAndEachHasExamples) {
  const Ended top = nacre({"--help"});
  EXPECT_EQ(top.exit_code, 0);
  for (const std::string& command : kCommands) {
    EXPECT_THAT(top.out, HasSubstr("  " + command + " "));
    const Ended ended = nacre({command, "--help"});
    EXPECT_EQ(ended.exit_code, 0) << command;
    EXPECT_THAT(ended.out, HasSubstr("Usage: nacre " + command)) << command;
    EXPECT_THAT(ended.out, HasSubstr("Examples:\n  nacre ")) << command;
    EXPECT_THAT(ended.err, IsEmpty()) << command;
  }
}

TEST(Usage, HelpIsACommandToo) {
  EXPECT_EQ(nacre({"help"}).out, nacre({"--help"}).out);
  for (const std::string& command : kCommands) {
    const Ended ended = nacre({"help", command});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.out, nacre({command, "--help"}).out);
  }
}

TEST(Usage, RunHelpSaysTheExitCodes) {
  const Ended ended = nacre({"run", "--help"});
  for (const char* code : {"124", "125", "130", "134", "143"}) {
    EXPECT_THAT(ended.out, HasSubstr(code));
  }
}

/// Every line below "Examples:" in every help, in order.
std::vector<std::string> examples() {
  std::vector<std::string> lines;
  std::vector<std::vector<std::string>> pages = {{"--help"}};
  for (const std::string& command : kCommands)
    pages.push_back({command, "--help"});
  for (const auto& page : pages) {
    std::istringstream help(nacre(page).out);
    bool below = false;
    for (std::string line; std::getline(help, line);) {
      if (line.starts_with("  nacre ") && below) lines.push_back(line.substr(2));
      below = below || line == "Examples:";
    }
  }
  return lines;
}

TEST(Usage, EveryExampleWorksWhenPasted) {
  // As in a checkout after `make`: nacre on the path, the build in build/.
  const ScratchDir checkout;
  fs::create_directory_symlink(NACRE_TEST_BINARY_DIR, checkout.path() / "build");
  fs::create_directory(checkout.path() / "bin");
  fs::create_symlink(program(), checkout.path() / "bin" / "nacre");
  const std::string path = checkout / "bin";
  const auto all = examples();
  EXPECT_GE(all.size(), 16u);
  for (const std::string& line : all) {
    // Without a vendor runtime there is neither the model nor what reads it.
    if (!NACRE_TEST_HAS_ONNX && line.find("build/models/") != std::string::npos) continue;
    if (!NACRE_TEST_HAS_ONNX && line.find("build/photos") != std::string::npos &&
        !fs::exists(NACRE_TEST_BINARY_DIR "/photos")) {
      continue;
    }
    if (line.find("--backend openvino") != std::string::npos &&
        std::string(NACRE_TEST_BACKENDS).find("openvino") == std::string::npos) {
      continue;
    }
    Process shell({"/bin/sh", "-c", "PATH=" + path + ":$PATH; " + line},
                  {.directory = checkout.path()});
    const Ended ended = shell.wait();
    EXPECT_EQ(ended.exit_code, 0) << line << "\n" << ended.err;
    EXPECT_THAT(ended.err, Not(HasSubstr("warning"))) << line;
  }
}

TEST(Usage, OutputThatDoesNotArriveIsAFailure) {
  for (const std::string& words :
       {std::string("--version"), std::string("--help"), std::string("run --help"),
        std::string("backends"), std::string("completion bash"), "inspect " + guest("stdio.wasm"),
        "check " + guest("stdio.wasm")}) {
    for (const char* where : {">/dev/full", ">&-"}) {
      Process process({"/bin/sh", "-c", "\"$0\" " + words + " " + where, program()});
      const Ended ended = process.wait();
      EXPECT_EQ(ended.exit_code, 1) << words << where;
      EXPECT_THAT(ended.err,
                  testing::AllOf(testing::StartsWith("nacre: "), testing::EndsWith("\n")))
          << words << where;
    }
  }
}

struct Mistake {
  std::vector<std::string> words;
  std::string says;
};

class UsageMistake : public testing::TestWithParam<Mistake> {};

TEST_P(UsageMistake, IsExplainedWithExitCode2) {
  const Ended ended = nacre(GetParam().words);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr(GetParam().says));
  EXPECT_THAT(ended.out, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, UsageMistake,
    testing::Values(
        Mistake{{}, "a command is wanted: run, check"}, Mistake{{}, "nacre --help"},
        Mistake{{"run", "--dir", "/::.", "--dir", "/tmp::.", "x.wasm"},
                "--dir: the folders / and /tmp are both to be called \".\""},
        Mistake{{"rnu", "x.wasm"}, "did you mean run?"},
        Mistake{{"inspekt"}, "did you mean inspect?"},
        Mistake{{"serve-all"}, "there is no command \"serve-all\""},
        Mistake{{"guest.wasm"}, "did you mean nacre run guest.wasm?"},
        Mistake{{"--verison"}, "did you mean --version?"}, Mistake{{"run"}, "GUEST"},
        Mistake{{"run", "--timeot", "5s", "x.wasm"},
                "there is no option --timeot; did you mean --timeout?"},
        Mistake{{"run", "--timeot=5s", "x.wasm"}, "did you mean --timeout?"},
        Mistake{{"run", "--modle", "a=b", "x.wasm"}, "did you mean --model?"},
        Mistake{{"run", "-q", "x.wasm"}, "there is no option -q"},
        Mistake{{"run", "--timeout"}, "--timeout"},
        Mistake{{"run", "--timeout", "soon", "x.wasm"}, "\"soon\" is not a length of time"},
        Mistake{{"run", "--max-memory", "lots", "x.wasm"}, "\"lots\" is not a size"},
        Mistake{{"run", "--fuel", "0", "x.wasm"}, "--fuel"},
        Mistake{{"run", "--engine", "crane", "x.wasm"}, "did you mean cranelift?"},
        Mistake{{"run", "--dialect", "wasmedg", "x.wasm"}, "did you mean wasmedge?"},
        Mistake{{"run", "--log-level", "loud", "x.wasm"}, "debug, info, warning, error, off"},
        Mistake{{"run", "--dir", "a::b::rw", "x.wasm"}, "--dir: \"a::b::rw\""},
        Mistake{{"run", "--env", "=x", "x.wasm"}, "--env"},
        Mistake{{"run", "--model", "nothing", "x.wasm"}, "--model"},
        Mistake{{"run", "-S", "http", "x.wasm"}, "-S: \"http\""},
        Mistake{{"run", "--nn-preload", "net:onnx", "x.wasm"},
                "--nn-preload: in the model \"net:onnx\": there are 2 fields"},
        Mistake{{"run", "--wasi-nn-graph=net", "x.wasm"}, "net:onnx:cpu:model.onnx"},
        Mistake{{"run", "--models", "/no/such.toml", "x.wasm"}, "--models: the models file"},
        Mistake{{"run", "--model", "net=@echo", "--grant", "nets", "x.wasm"},
                "--grant: there is no model \"nets\"; did you mean net?"},
        Mistake{{"run", "--stats=xml", "x.wasm"}, "--stats takes nothing, or =json"},
        Mistake{{"check"}, "GUEST"}, Mistake{{"check", "--jsno", "x.wasm"}, "did you mean --json?"},
        Mistake{{"check", "--max-memory", "lots", "x.wasm"}, "\"lots\" is not a size"},
        Mistake{{"run", "-S", "nn-graph=onnx", "x.wasm"}, "-S: "},
        Mistake{{"backends", "--jsno"}, "did you mean --json?"}, Mistake{{"inspect"}, "FILE"},
        Mistake{{"inspect", "--encoding", "onyx", "m"}, "--encoding"},
        Mistake{{"inspect", "--target", "npu", "m"}, "--target"}, Mistake{{"compile"}, "GUEST"},
        Mistake{{"completion", "fish"}, "bash, zsh"},
        Mistake{{"help", "inspekt"}, "did you mean inspect?"},
        Mistake{
            {"check", "x.wasm", "more"},
            "\"more\" is one too many; it is nacre check [OPTIONS] GUEST, since the guest does"},
        Mistake{{"compile", "x.wasm", "more"}, "it is nacre compile [OPTIONS] GUEST [-o FILE]"},
        Mistake{{"inspect", "a", "b", "c"}, "\"c\" is one too many"},
        Mistake{{"inspect", guest("stdio.wasm"), "b"}, "stdio.wasm is a guest"},
        Mistake{{"inspect", "a.xml", guest("stdio.wasm")}, "stdio.wasm is a guest"}));

TEST(Usage, ABackendsNameThatIsNoneIsCompleted) {
  const auto said = [](const char* name) { return nacre({"backends", name}).err; };
  EXPECT_THAT(said("onnx"), HasSubstr("did you mean \"onnxruntime\"?"));
  EXPECT_THAT(said("openvin"), HasSubstr("did you mean \"openvino\"?"));
  // Formats are not backends, and somebody who asks for one means what reads it.
  EXPECT_THAT(said("pytorch"), HasSubstr("did you mean \"torch\"?"));
  EXPECT_THAT(said("tensorflow"), HasSubstr("did you mean \"openvino\"?"));
}

TEST(Usage, AWordThatIsNoUtf8IsNamed) {
  const auto said = [](std::vector<std::string> words) {
    const Ended ended = nacre(std::move(words));
    EXPECT_EQ(ended.exit_code, 125);
    return ended.err;
  };
  EXPECT_THAT(said({"run", guest("stdio.wasm"), "args", "a\xff"}),
              HasSubstr("argument 2 of the guest, \"a\\xff\", must be UTF-8"));
  EXPECT_THAT(said({"run", "--env", "A=\xff", guest("stdio.wasm")}),
              HasSubstr("the value of the environment variable A, \"\\xff\", must be"));
  EXPECT_THAT(said({"run", "--dir", ".::\xff", guest("stdio.wasm")}), HasSubstr("to know . by"));
}

TEST(Completion, BashScriptParsesAndCompletes) {
  const Ended script = nacre({"completion", "bash"});
  ASSERT_EQ(script.exit_code, 0);
  const auto complete = [&](const std::string& words, int at) {
    Process bash({"/bin/bash", "-c",
                  script.out + "\nCOMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                      "; _nacre; printf '%s\\n' \"${COMPREPLY[@]}\""});
    const Ended ended = bash.wait();
    EXPECT_EQ(ended.err, "") << words;
    return ended.out;
  };
  EXPECT_EQ(complete("nacre in", 1), "inspect\n");
  EXPECT_EQ(complete("nacre run --time", 2), "--timeout\n");
  EXPECT_EQ(complete("nacre run --engine w", 3), "winch\n");
  EXPECT_EQ(complete("nacre check --lo", 2), "--log-level\n--load\n");
  EXPECT_EQ(complete("nacre run --dialect w", 3), "witx\nwasmedge\nwamr\nwit\nwamr-legacy\n");
  EXPECT_EQ(complete("nacre completion z", 2), "zsh\n");
  EXPECT_EQ(complete("nacre help ch", 2), "check\n");
  EXPECT_EQ(complete("nacre backends onn", 2), "onnxruntime\n");
  // Those that there are, by the program's own word.
  std::string names;
  for (const auto& backend : nlohmann::json::parse(nacre({"backends", "--json"}).out))
    names += backend["name"].get<std::string>() + "\n";
  EXPECT_EQ(complete("nacre backends ''", 2), names);
  // What stands behind the guest is the guest's.
  EXPECT_EQ(complete("nacre run guest.wasm --time", 3), "\n");
  EXPECT_THAT(complete("nacre run --timeout 5s --max", 4), HasSubstr("--max-memory"));
}

TEST(Completion, ScriptsNameEveryOptionOfEveryCommand) {
  const std::string bash = nacre({"completion", "bash"}).out;
  const std::string zsh = nacre({"completion", "zsh"}).out;
  for (const std::string& command : kCommands) {
    // The lines of options: "  -v,--verbose  The same as …".
    std::istringstream help(nacre({command, "--help"}).out);
    std::size_t found = 0;
    for (std::string line; std::getline(help, line);) {
      if (!line.starts_with("  -")) continue;
      const auto dashes = line.find("--");
      if (dashes == std::string::npos) continue;  // -S alone
      const std::string name = line.substr(dashes, line.find(' ', dashes) - dashes);
      EXPECT_THAT(bash, HasSubstr(name)) << command;
      EXPECT_THAT(zsh, HasSubstr(name + "[")) << command;
      ++found;
    }
    EXPECT_GE(found, 1u) << command;
  }
}

#ifdef NACRE_TEST_ZSH
TEST(Completion, ZshScriptParses) {
  const ScratchDir dir;
  write_text(dir / "_nacre", nacre({"completion", "zsh"}).out);
  Process zsh({NACRE_TEST_ZSH, "-n", dir / "_nacre"});
  const Ended parsed = zsh.wait();
  EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
  Process loaded({NACRE_TEST_ZSH, "-f", "-c",
                  "fpath=(" + dir.path().string() +
                      " $fpath); autoload -Uz compinit && compinit -u -D && whence -w _nacre"});
  const Ended ended = loaded.wait();
  EXPECT_THAT(ended.out, HasSubstr("_nacre: function")) << ended.err;
}
#endif

}  // namespace
}  // namespace nacre::test

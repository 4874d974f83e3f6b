// nacre run: arguments, environment, folders, streams, exit codes, traps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Run, EverythingAfterTheGuestIsTheGuests) {
  const Ended ended = nacre({"run", "--timeout", "20s", guest("stdio.wasm"), "args", "one",
                             "--timeout", "-v", "--", "", "[x]", "--help", "++", "run"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "one\n--timeout\n-v\n--\n\n[x]\n--help\n++\nrun\n");
}

TEST(Run, AGuestMayHaveTheNameOfACommand) {
  const ScratchDir dir;
  fs::copy_file(guest("stdio.wasm"), dir / "compile");
  const Ended ended = nacre({"run", "compile", "args", "inspect"}, {.directory = dir.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "inspect\n");
}

TEST(Run, TwoDashesEndNacresOptions) {
  const ScratchDir dir;
  fs::copy_file(guest("stdio.wasm"), dir / "-odd.wasm");
  const Ended ended = nacre({"run", "--", "-odd.wasm", "args", "a"}, {.directory = dir.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "a\n");
}

class RunExitCode : public testing::TestWithParam<int> {};
TEST_P(RunExitCode, IsTheGuests) {
  const std::string code = std::to_string(GetParam());
  EXPECT_EQ(nacre({"run", guest("exit_code.wasm"), code}).exit_code, GetParam());
  EXPECT_EQ(nacre({"run", guest("exit_code.wasm"), code, "return"}).exit_code, GetParam());
}
INSTANTIATE_TEST_SUITE_P(All, RunExitCode, testing::Values(0, 1, 2, 42, 100, 125));

TEST(Run, EnvironmentIsOnlyWhatWasGiven) {
  const ProcessOptions ours{.directory = {}, .env = {{"NACRE_TEST_OURS", "inherited"}}};
  EXPECT_THAT(nacre({"run", guest("stdio.wasm"), "env"}, ours).out, IsEmpty());
  const Ended ended =
      nacre({"run", "--env", "A=1", "--env", "B=x=y", "--env", "EMPTY=", "--env", "NACRE_TEST_OURS",
             "--env", "NACRE_TEST_NOT_SET", guest("stdio.wasm"), "env"},
            ours);
  EXPECT_EQ(ended.out, "A=1\nB=x=y\nEMPTY=\nNACRE_TEST_OURS=inherited\n");
  EXPECT_THAT(nacre({"run", "-S", "inherit-env", guest("stdio.wasm"), "env"}, ours).out,
              HasSubstr("NACRE_TEST_OURS=inherited\n"));
}

TEST(Run, StandardStreams) {
  std::string text(1 << 20, 'x');
  text += '\n';
  const Ended cat = nacre({"run", guest("stdio.wasm"), "cat"}, {.input = text});
  EXPECT_EQ(cat.exit_code, 0);
  EXPECT_EQ(cat.out == text, true);
  const Ended err = nacre({"run", guest("stdio.wasm"), "stderr", "oh"});
  EXPECT_EQ(err.err, "oh\n");
  EXPECT_THAT(err.out, IsEmpty());
}

TEST(Run, ClocksAndRandom) {
  EXPECT_EQ(nacre({"run", guest("stdio.wasm"), "clock"}).out, "clock ok\n");
  EXPECT_EQ(nacre({"run", guest("stdio.wasm"), "random"}).out, "random ok\n");
}

TEST(Run, FoldersInEverySpelling) {
  const ScratchDir dir;
  fs::create_directory(dir.path() / "photos");
  write_text(dir.path() / "photos" / "a.txt", "hello");
  const ProcessOptions there{.directory = dir.path()};
  const auto read = [&](const std::string& spelling, const std::string& path) {
    return nacre({"run", "--dir", spelling, guest("files.wasm"), "read", path}, there).out;
  };
  EXPECT_EQ(read("photos", "photos/a.txt"), "hello");
  EXPECT_EQ(read("photos::pics", "pics/a.txt"), "hello");
  EXPECT_EQ(read("photos::.", "a.txt"), "hello");
  EXPECT_EQ(read("photos::/in::ro", "/in/a.txt"), "hello");
  EXPECT_EQ(read("/in:photos", "/in/a.txt"), "hello");
  EXPECT_EQ(read(".:photos:readonly", "a.txt"), "hello");
  EXPECT_EQ(read(".:.", "photos/a.txt"), "hello");
}

TEST(Run, FoldersAreWritableUnlessReadOnly) {
  const ScratchDir dir;
  const auto write = [&](const std::string& spelling) {
    return nacre({"run", "--dir", spelling, guest("files.wasm"), "write", "x/new.txt", "text"});
  };
  for (const std::string& spelling :
       {dir.path().string() + "::x::ro", "x:" + dir.path().string() + ":readonly"}) {
    EXPECT_EQ(write(spelling).exit_code, 1) << spelling;
    EXPECT_FALSE(fs::exists(dir.path() / "new.txt"));
  }
  EXPECT_EQ(write(dir.path().string() + "::x").exit_code, 0);
  EXPECT_EQ(read_text(dir.path() / "new.txt"), "text");
}

TEST(Run, NothingOutsideAFolderCanBeReached) {
  const ScratchDir dir;
  fs::create_directory(dir.path() / "inside");
  write_text(dir.path() / "secret", "secret");
  fs::create_symlink("../secret", dir.path() / "inside" / "link");
  for (const char* path : {"../secret", "link", "./../secret", "/etc/passwd", "x/../../secret"}) {
    const Ended ended = nacre({"run", "--dir", (dir.path() / "inside").string() + "::.",
                               guest("files.wasm"), "read", path});
    EXPECT_EQ(ended.exit_code, 1) << path;
    EXPECT_THAT(ended.out, IsEmpty()) << path;
  }
}

TEST(Run, AFolderThatIsNotThereIsNamed) {
  const Ended ended = nacre({"run", "--dir", "/no/such/folder::.", guest("stdio.wasm"), "args"});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("/no/such/folder"));
}

TEST(Run, ATrapPrintsTheBacktraceWithNames) {
  for (const char* engine : {"cranelift", "winch", "pulley"}) {
    for (const char* how : {"unreachable", "divide", "memory", "indirect"}) {
      const Ended ended = nacre({"run", "--engine", engine, guest("trap.wasm"), how});
      EXPECT_EQ(ended.exit_code, 134) << engine << how;
      EXPECT_EQ(ended.out, "about to trap\n");
      for (const char* name : {"inner_call", "middle_call", "outer_call"}) {
        EXPECT_THAT(ended.err, HasSubstr(name)) << engine << how;
      }
    }
  }
}

// Two of the backends handle the signal by which a guest's division traps.
TEST(Run, AGuestsDivisionTrapsWhicheverBackendsAreThere) {
  const ScratchDir dir;
  std::string models;
  for (const std::string backend : {"onnxruntime", "openvino"}) {
    models += "[[model]]\nname = \"" + backend + "\"\nbackend = \"" + backend +
              "\"\npreload = true\npath = \"" NACRE_TEST_SOURCE_DIR
              "/tests/data/onnx/many.onnx\"\n";
  }
  write_text(dir / "models.toml", models);
  for (const char* engine : {"cranelift", "winch", "pulley"}) {
    const Ended ended = nacre(
        {"run", "--engine", engine, "--models", dir / "models.toml", guest("trap.wasm"), "divide"});
    EXPECT_EQ(ended.exit_code, 134) << engine << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("divi")) << engine;
  }
}

struct NoGuest {
  std::string name;
  std::string bytes;  ///< of the file; "-": there is none
  std::string says;
};
class RunNoGuest : public testing::TestWithParam<NoGuest> {};
TEST_P(RunNoGuest, IsRefusedInASentence) {
  const ScratchDir dir;
  const NoGuest& guest = GetParam();
  if (guest.bytes != "-") write_text(dir / guest.name, guest.bytes);
  const Ended ended = nacre({"run", dir / guest.name});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr(guest.says));
  EXPECT_THAT(ended.err, HasSubstr("nacre run: "));
}
using namespace std::string_literals;
INSTANTIATE_TEST_SUITE_P(All, RunNoGuest,
                         testing::Values(NoGuest{"missing.wasm", "-", "missing.wasm"},
                                         NoGuest{"empty.wasm", "", "empty.wasm"},
                                         NoGuest{"text.wasm", "hello", "text.wasm"},
                                         NoGuest{"cut.wasm", "\0asm\1\0"s, "cut.wasm"},
                                         NoGuest{"elf.wasm",
                                                 "\x7f"
                                                 "ELF\2\1\1"s,
                                                 "elf.wasm"},
                                         NoGuest{"component.wasm", "\0asm\x0d\0\1\0"s, "component"},
                                         NoGuest{"bad.wat", "(module (func", "bad.wat"}));

TEST(Run, AFolderAsGuestIsRefused) {
  const ScratchDir dir;
  const Ended ended = nacre({"run", dir.path()});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr(dir.path().string()));
}

TEST(Run, ADeviceAsGuestIsRefusedAndAPipeIsRead) {
  const Ended ended = nacre({"run", "/dev/zero"});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("/dev/zero is a device"));
  const Ended compiled = nacre({"compile", "/dev/zero", "-o", "/dev/null"});
  EXPECT_EQ(compiled.exit_code, 1);
  EXPECT_THAT(compiled.err, HasSubstr("/dev/zero is a device"));
  Process piped({"/bin/sh", "-c", R"(cat "$1" | "$0" run /dev/stdin args x)", program(),
                 guest("stdio.wasm")});
  const Ended read = piped.wait();
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_EQ(read.out, "x\n");
}

TEST(Run, PrecompiledCodeIsRefusedWithTheFlagThatAllowsIt) {
  const ScratchDir dir;
  ASSERT_EQ(nacre({"compile", guest("stdio.wasm"), "-o", dir / "s.cwasm"}).exit_code, 0);
  for (const std::string command : {"run", "inspect"}) {
    EXPECT_THAT(nacre({command, dir / "s.cwasm"}).err, HasSubstr("(--allow-precompiled, for"));
  }
  // A refusal for another reason has nothing to do with it.
  write_text(dir / "m.echo", "nacre-echo v1\n");
  const Ended hash = nacre(
      {"run", "--model", "m=" + (dir / "m.echo") + ",preload=true,sha256=" + std::string(64, 'a'),
       guest("stdio.wasm")});
  EXPECT_EQ(hash.exit_code, 125);
  EXPECT_THAT(hash.err, testing::AllOf(HasSubstr("SHA-256"), Not(HasSubstr("precompiled"))));
}

// A pipe that nobody writes to for a while is a guest that takes long to come.
TEST(Run, WhatTakesLongIsAnnouncedOnATerminalOnly) {
  const ScratchDir dir;
  const std::string pipe = dir / "guest.wasm";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto run = [&](const std::string& line) {
    // The pipe opens when the program reads from it, so it has waited however late it began.
    Process process({"/bin/sh", "-c", "(exec 3> \"$2\"; sleep 1.5; cat \"$1\" >&3) & " + line,
                     program(), guest("stdio.wasm"), pipe});
    const Ended ended = process.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    return ended.out + ended.err;
  };
  const std::string command = "'" + program() + "' run '" + pipe + "' args x";
  EXPECT_THAT(run(R"(script -qec ")" + command + R"(" /dev/null)"),
              HasSubstr("nacre: compiling " + pipe + "…"));
  EXPECT_EQ(run(command), "x\n");
}

// A large component takes seconds to compile, which no timeout can stop half-way.
TEST(Run, ATimeoutThatEndsBeforeTheGuestIsCompiledSaysSo) {
  const ScratchDir dir;
  const std::string pipe = dir / "guest.wasm";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Ended ended = nacre({"run", "--timeout", "100ms", pipe});
  EXPECT_EQ(ended.exit_code, 124);
  EXPECT_THAT(ended.err, testing::AllOf(HasSubstr("was not read and compiled within its time"),
                                        HasSubstr("a longer --timeout once")));
}

TEST(Run, AFolderThatMayBeMeantTheOtherWayIsSaid) {
  const ScratchDir dir;
  std::filesystem::create_directory(dir.path() / "data");
  const ProcessOptions there{.directory = dir.path()};
  const auto said = [&](const char* text) {
    return nacre({"run", "--dir", text, guest("stdio.wasm"), "args"}, there).err;
  };
  EXPECT_THAT(said("data:/"), HasSubstr("data::/"));
  for (const char* plain : {".:.", ".:data", "data:data", "other:data", "data::/", "data"})
    EXPECT_EQ(said(plain), "") << plain;
}

TEST(Run, AModelOfTheOperatorsThatDoesNotLoadIsSaid) {
  const Ended ended =
      nacre({"run", "--model", "net=/no/such/model.onnx", guest("describe.wasm"), "net"});
  EXPECT_THAT(ended.err, HasSubstr("the model net is not loaded: "));
  EXPECT_THAT(ended.err, HasSubstr("/no/such/model.onnx"));
  const Ended unknown = nacre({"run", guest("describe.wasm"), "net"});
  EXPECT_THAT(unknown.err, Not(HasSubstr("is not loaded")));
}

TEST(Run, StatsOfANameThatIsNoText) {
  const Ended ended =
      nacre({"run", "--stats=json", "--model", "n\xe8t=@echo", guest("stdio.wasm"), "args"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST(Run, TextFormatRuns) {
  const ScratchDir dir;
  write_text(dir / "seven.wat",
             "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $e (param i32)))"
             "(memory (export \"memory\") 1) (func (export \"_start\") (call $e (i32.const 7))))");
  EXPECT_EQ(nacre({"run", dir / "seven.wat"}).exit_code, 7);
}

TEST(Run, EveryEngineGivesTheSame) {
  for (const char* engine : {"cranelift", "winch", "pulley"}) {
    const Ended ended = nacre({"run", "--engine", engine, guest("stdio.wasm"), "args", "x"});
    EXPECT_EQ(ended.exit_code, 0) << engine << ended.err;
    EXPECT_EQ(ended.out, "x\n") << engine;
  }
}

TEST(Run, DebugLogNamesFailedCalls) {
  const ScratchDir dir;
  const Ended quiet = nacre({"run", guest("bad_handles.wasm")});
  EXPECT_EQ(quiet.exit_code, 0) << quiet.out;
  EXPECT_THAT(quiet.err, IsEmpty());
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"-v"}, {"--log-level", "debug"}}) {
    std::vector<std::string> words = {"run"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back(guest("bad_handles.wasm"));
    EXPECT_THAT(nacre(words).err, HasSubstr("compute"));
  }
}

TEST(Run, AnErrorThatCannotBePrintedKeepsItsExitCode) {
  for (const char* where : {"2>/dev/full", "2>&-"}) {
    Process process({"/bin/sh", "-c", std::string(R"("$0" "$@" )") + where, program(), "run",
                     "there_is_no_such_guest.wasm"});
    EXPECT_EQ(process.wait().exit_code, 125) << where;
  }
}

TEST(Run, CompiledCodeIsKeptAndTwoProcessesAtOnceAgree) {
  const ScratchDir dir;
  const std::string cache = dir / "code";
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(std::make_unique<Process>(std::vector<std::string>{
        program(), "run", "--cache-dir", cache, guest("stdio.wasm"), "args", "same"}));
  }
  for (auto& run : runs) {
    const Ended ended = run->wait();
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_EQ(ended.out, "same\n");
    EXPECT_THAT(ended.err, IsEmpty());
  }
  EXPECT_EQ(fs::status(cache).permissions(), fs::perms::owner_all);
  const auto entries = std::distance(fs::directory_iterator(cache), fs::directory_iterator());
  EXPECT_GE(entries, 2);  // the key and the guest
  const Ended uncached =
      nacre({"run", "--no-cache", "--cache-dir", dir / "none", guest("stdio.wasm"), "args", "x"});
  EXPECT_EQ(uncached.exit_code, 0);
  EXPECT_FALSE(fs::exists(dir / "none"));
}

}  // namespace
}  // namespace nacre::test

#include "suite.h"

namespace nacre::test {
namespace {

Result<std::shared_ptr<Graph>> load_echo(const std::string& lines) {
  return load_bytes({"nacre-echo v1\n" + lines}, GraphEncoding::kAutodetect);
}

const Plain kFloats = noise(TensorType::kF32, {2, 3}, 1);
const Plain kNumbers = noise(TensorType::kU64, {4}, 2);
const Plain kWords = strings({2}, {"one", ""});

const bool kRegistered =
    add_case({.name = "echo_f32",
              .backend = "echo",
              .load = [] { return load_echo("input x f32 ?,3\n"); },
              .inputs = {kFloats},
              .outputs = {kFloats}}) &&
    add_case(
        {.name = "echo_three",
         .backend = "echo",
         .load = [] { return load_echo("input a f32 2,3\ninput b u64 4\ninput c string ?\n"); },
         .inputs = {kFloats, kNumbers, kWords},
         .outputs = {kFloats, kNumbers, kWords}}) &&
    add_case({.name = "echo_async",
              .backend = "echo",
              .load = [] { return load_echo("input x f32 ?,3\nasync\n"); },
              .inputs = {kFloats},
              .outputs = {kFloats}});

}  // namespace
}  // namespace nacre::test

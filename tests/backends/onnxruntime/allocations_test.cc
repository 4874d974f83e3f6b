// In the steady state Nacre with ONNX Runtime allocates no more than ONNX Runtime called directly,
// and memory does not grow.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fixture.h"

// Counts what this thread asks of malloc, from whichever library.
namespace {
thread_local bool t_counting = false;
thread_local std::size_t t_count = 0;
void* counted(void* block) noexcept {
  if (t_counting) ++t_count;
  return block;
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) {
  return counted(__libc_malloc(size));
}
void* calloc(std::size_t n, std::size_t size) {
  return counted(__libc_calloc(n, size));
}
void* realloc(void* block, std::size_t size) {
  return counted(__libc_realloc(block, size));
}
void* memalign(std::size_t align, std::size_t size) {
  return counted(__libc_memalign(align, size));
}
void* aligned_alloc(std::size_t align, std::size_t size) {
  return memalign(align, size);
}
int posix_memalign(void** out, std::size_t align, std::size_t size) {
  *out = memalign(align, size);
  return *out == nullptr ? ENOMEM : 0;
}
}

namespace nacre::test {
namespace {

constexpr int kRounds = 61;

/// The median over rounds: now and then the vendor itself allocates once more, at its own time.
template <typename F>
std::size_t allocations(F&& action) {
  for (int i = 0; i < 20; ++i)
    action();
  std::array<std::size_t, kRounds> counts{};
  for (std::size_t& count : counts) {
    t_count = 0;
    t_counting = true;
    action();
    t_counting = false;
    count = t_count;
  }
  std::ranges::nth_element(counts, counts.begin() + kRounds / 2);
  return counts[kRounds / 2];
}

struct Case {
  std::string path;
  Plain input;
};

// What a careful C program does: values made once, outputs of a fixed shape bound once.
std::size_t direct_allocations(const Case& tested, bool static_output, const Plain& output) {
  const auto session = direct_session(tested.path, 1);
  OrtAllocator* allocator = nullptr;
  OrtMemoryInfo* cpu = nullptr;
  OrtRunOptions* options = nullptr;
  char* input_name = nullptr;
  char* output_name = nullptr;
  OrtValue* x = nullptr;
  OrtValue* y = nullptr;
  std::string room = output.bytes;
  must(ort().GetAllocatorWithDefaultOptions(&allocator));
  must(ort().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &cpu));
  must(ort().CreateRunOptions(&options));
  must(ort().SessionGetInputName(session.get(), 0, allocator, &input_name));
  must(ort().SessionGetOutputName(session.get(), 0, allocator, &output_name));
  const auto over = [&](const Plain& tensor, std::string& bytes) {
    OrtValue* value = nullptr;
    must(ort().CreateTensorWithDataAsOrtValue(cpu, bytes.data(), bytes.size(), tensor.dims.data(),
                                              tensor.dims.size(),
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
    return value;
  };
  std::string input = tested.input.bytes;
  x = over(tested.input, input);
  if (static_output) y = over(output, room);
  const std::size_t count = allocations([&] {
    const OrtValue* in = x;
    must(ort().Run(session.get(), options, &input_name, &in, 1, &output_name, 1, &y));
    if (static_output) return;
    void* data = nullptr;
    must(ort().GetTensorMutableData(y, &data));
    ort().ReleaseValue(y);
    y = nullptr;
  });
  ort().ReleaseValue(x);
  ort().ReleaseValue(y);
  allocator->Free(allocator, input_name);
  allocator->Free(allocator, output_name);
  ort().ReleaseRunOptions(options);
  ort().ReleaseMemoryInfo(cpu);
  return count;
}

void compare(const Case& tested, bool static_output) {
  auto graph = load_path(tested.path, "threads=1");
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph);
  ASSERT_TRUE(context);
  const auto output = compute(**context, {tested.input});
  ASSERT_TRUE(output) << output.error().message;

  bool fine = true;
  const std::size_t ours = allocations([&] {
    fine = fine && (*context)->set_input(0, tested.input.view());
    fine = fine && (*context)->compute();
    fine = fine && (*context)->output(0);
  });
  const std::size_t theirs = direct_allocations(tested, static_output, (*output)[0]);
  EXPECT_TRUE(fine);
  EXPECT_LE(ours, theirs);
  EXPECT_GT(theirs, 0U) << "nothing was counted";
  std::printf("allocations per computation: %zu through Nacre, %zu directly\n", ours, theirs);
}

TEST(OnnxruntimeAllocations, OutputOfFixedShape) {
  compare({onnx_path("add_static"), noise(TensorType::kF32, {2, 3}, 1)}, true);
}

TEST(OnnxruntimeAllocations, OutputOfDynamicShape) {
  compare({onnx_path("layer"), noise(TensorType::kF32, {5, 64}, 1)}, false);
}

TEST(OnnxruntimeAllocations, RealNetwork) {
  compare({efficientnet_path(), noise(TensorType::kF32, {1, 3, 224, 224}, 1)}, true);
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(OnnxruntimeAllocations, MemoryDoesNotGrow) {
  for (const char* name : {"layer", "identity_string", "nonzero"}) {
    auto graph = load_path(onnx_path(name));
    ASSERT_TRUE(graph) << graph.error().message;
    auto context = ExecutionContext::create(*graph);
    ASSERT_TRUE(context);
    const auto rounds = [&](int count) {
      for (int i = 0; i < count; ++i) {
        const auto n = static_cast<std::int64_t>(1 + i % 50);
        const Plain input = name == std::string_view("layer") ? noise(TensorType::kF32, {n, 64}, 1)
                            : name == std::string_view("nonzero")
                                ? noise(TensorType::kF32, {n}, 1)
                                : noise(TensorType::kString, {n, 2}, 1);
        ASSERT_TRUE(compute(**context, {input}));
      }
    };
    rounds(100);
    const std::size_t before = resident_bytes();
    rounds(10'000);
    EXPECT_LT(resident_bytes(), before + (std::size_t{1} << 20)) << name;
  }
}

}  // namespace
}  // namespace nacre::test

# Everything third-party: what the system offers, or a path given with -D, comes first; the rest is
# fetched at configure time by deps/fetch.py, pinned and checked, into a cache outside the tree.
#
# Including this file gives
#   nacre::engine_archive       Wasmtime as one static archive; only src/engine links it
#   the Debian libraries        CLI11::CLI11 nlohmann_json::nlohmann_json fmt::fmt, and
#                               NACRE_STB_INCLUDE_DIR
# and these functions, called by whoever needs the thing, so that a preset fetches nothing else:
#   nacre_find_openvino()       target openvino::runtime          -DOpenVINO_DIR=
#   nacre_find_onnxruntime()    target onnxruntime::onnxruntime   -DNACRE_ONNXRUNTIME_ROOT=
#   nacre_find_tflite()         NACRE_TFLITE_DIR, where libtensorflowlite_c.so is, empty when
#                               the loader finds it by itself     -DNACRE_TFLITE_LIBRARY=
#   nacre_find_torch()          target nacre::torch               -DTorch_DIR=
#   nacre_find_zig()            NACRE_ZIG, NACRE_ZIG_CACHE_DIR    -DNACRE_ZIG=
#   nacre_find_wasm_tools()     NACRE_WASM_TOOLS, NACRE_WASI_ADAPTER (a file)   -D the same
#   nacre_prepare_photos()      <bindir>/photos/*.png *.jpg       NACRE_PHOTOS_DIR
#   nacre_prepare_labels()      <bindir>/labels/imagenet_labels.txt   NACRE_LABELS_FILE
#   nacre_prepare_basic_pitch() NACRE_BASIC_PITCH_DIR: nmp.onnx, nmp.tflite, nmp/ (SavedModel)
#   nacre_prepare_model()       <bindir>/models/efficientnet-lite0.onnx, with IR also .xml and .bin,
#                               with TORCH .pt, with SILERO silero_vad.jit
#                               NACRE_MODELS_DIR
#   nacre_prepare_examples()    <bindir>/models/ of the guests magika, vad and notes, and
#                               <bindir>/speech/, <bindir>/music/   NACRE_MODELS_DIR,
#                               NACRE_SPEECH_DIR, NACRE_MUSIC_DIR
# The variables are internal cache entries, so every directory sees them.

find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
# Every package must define the target that our rooms name in LINKS.
foreach(nacre_target IN ITEMS fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
  if(NOT TARGET ${nacre_target})
    message(FATAL_ERROR "The installed package does not define the CMake target ${nacre_target}.")
  endif()
endforeach()

if(PROJECT_IS_TOP_LEVEL)
  # Faster tools where the system has them; an embedder's build is left as it is.
  find_program(NACRE_CCACHE ccache)
  if(NACRE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${NACRE_CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${NACRE_CCACHE}")
  endif()
  find_program(NACRE_MOLD mold)
  if(NACRE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
     AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

# nacre_fetch(NAME): after it, NACRE_DEP_<NAME>_<KEY> are set as deps/fetch.py prints them.
# nacre_fetch(NAME LATER): nothing is fetched, and NACRE_LATER_<NAME>_<KEY> say where it will be.
function(nacre_fetch name)
  set(later)
  if("LATER" IN_LIST ARGN)
    set(later --later)
  endif()
  get_property(known GLOBAL PROPERTY NACRE_FETCHED)
  if(name IN_LIST known)
    return()
  endif()
  set(deps "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../deps")
  file(GLOB_RECURSE inputs
       "${deps}/*.py" "${deps}/*.txt" "${deps}/*.json" "${deps}/*.toml" "${deps}/*.lock")
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
  # Standard error is left alone: progress is seen while it happens.
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${deps}/fetch.py" --cmake ${later} ${name}
    OUTPUT_VARIABLE facts RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "Could not provide ${name}; the reason is printed above.")
  endif()
  cmake_language(EVAL CODE "${facts}")
  set_property(GLOBAL APPEND PROPERTY NACRE_FETCHED ${name})
endfunction()

# --- the Wasm engine

set(NACRE_ENGINE_ARCHIVE "" CACHE FILEPATH "A libnacre_engine.a of yours, instead of a built one")
set(NACRE_ENGINE_INCLUDE_DIR "" CACHE PATH "The headers of that archive, with wasmtime/conf.h")
if(NOT TARGET nacre::engine_archive)
  add_library(nacre::engine_archive STATIC IMPORTED GLOBAL)
  if(NACRE_ENGINE_ARCHIVE AND NACRE_ENGINE_INCLUDE_DIR)
    set(nacre_engine_archive "${NACRE_ENGINE_ARCHIVE}")
    set(nacre_engine_include "${NACRE_ENGINE_INCLUDE_DIR}")
  else()
    file(GLOB_RECURSE nacre_shim_files
      "${PROJECT_SOURCE_DIR}/src/engine/component_shim/src/*.rs")
    set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
      ${nacre_shim_files}
      "${PROJECT_SOURCE_DIR}/src/engine/component_shim/Cargo.toml"
      "${PROJECT_SOURCE_DIR}/src/engine/component_shim/Cargo.lock")
    nacre_fetch(engine)
    set(nacre_engine_archive "${NACRE_DEP_ENGINE_ARCHIVE}")
    set(nacre_engine_include "${NACRE_DEP_ENGINE_INCLUDE_DIR}")
  endif()
  set_target_properties(nacre::engine_archive PROPERTIES
    IMPORTED_LOCATION "${nacre_engine_archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${nacre_engine_include}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
endif()

# --- backends

function(nacre_find_openvino)
  if(TARGET openvino::runtime)
    return()
  endif()
  # What we fetched for an older lock must not pass for the user's own.
  if(OpenVINO_DIR AND OpenVINO_DIR STREQUAL "$CACHE{NACRE_DEP_OPENVINO_DIR}")
    unset(OpenVINO_DIR CACHE)
  endif()
  find_package(OpenVINO 2024.0 QUIET CONFIG GLOBAL COMPONENTS Runtime)
  if(NOT OpenVINO_FOUND)
    nacre_fetch(openvino)
    find_package(OpenVINO REQUIRED CONFIG GLOBAL COMPONENTS Runtime
                 PATHS "${NACRE_DEP_OPENVINO_DIR}" NO_DEFAULT_PATH)
  endif()
  message(STATUS "OpenVINO ${OpenVINO_VERSION}: ${OpenVINO_DIR}")
endfunction()

set(NACRE_ONNXRUNTIME_ROOT "" CACHE PATH
    "A folder of yours with ONNX Runtime's include/ and lib/, instead of a fetched one")
function(nacre_find_onnxruntime)
  if(TARGET onnxruntime::onnxruntime)
    return()
  endif()
  if(NOT NACRE_ONNXRUNTIME_ROOT)
    find_package(onnxruntime 1.24 QUIET CONFIG GLOBAL)
    if(TARGET onnxruntime::onnxruntime)
      message(STATUS "ONNX Runtime ${onnxruntime_VERSION}: ${onnxruntime_DIR}")
      return()
    endif()
  endif()
  set(root "${NACRE_ONNXRUNTIME_ROOT}")
  if(NOT root)
    nacre_fetch(onnxruntime)
    set(root "${NACRE_DEP_ONNXRUNTIME_ROOT}")
  endif()
  # Looked for anew each time: no stale path can survive in the cache.
  find_path(include_dir onnxruntime_c_api.h PATHS "${root}/include"
            PATH_SUFFIXES onnxruntime onnxruntime/core/session NO_CACHE NO_DEFAULT_PATH)
  find_library(library onnxruntime PATHS "${root}/lib" "${root}/lib64" NO_CACHE NO_DEFAULT_PATH)
  if(NOT include_dir OR NOT library)
    message(FATAL_ERROR "${root} was to hold ONNX Runtime: include/onnxruntime_c_api.h and "
                        "lib/libonnxruntime.so. Give another folder with -DNACRE_ONNXRUNTIME_ROOT, "
                        "or none, and it is fetched.")
  endif()
  add_library(onnxruntime::onnxruntime SHARED IMPORTED GLOBAL)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${include_dir}")
  message(STATUS "ONNX Runtime: ${root}")
endfunction()

set(NACRE_TFLITE_LIBRARY "" CACHE FILEPATH
    "A libtensorflowlite_c.so of yours, instead of the system's or a fetched one")
function(nacre_find_tflite)
  get_property(found GLOBAL PROPERTY NACRE_TFLITE_FOUND)
  if(found)
    return()
  endif()
  set_property(GLOBAL PROPERTY NACRE_TFLITE_FOUND TRUE)
  set(library "${NACRE_TFLITE_LIBRARY}")
  if(NOT library)
    find_library(library tensorflowlite_c NO_CACHE)
    if(library)
      message(STATUS "TensorFlow Lite: ${library}")
      set(NACRE_TFLITE_DIR "" CACHE INTERNAL "")
      return()
    endif()
    nacre_fetch(tflite)
    set(library "${NACRE_DEP_TFLITE_LIBRARY}")
  endif()
  if(NOT EXISTS "${library}")
    message(FATAL_ERROR "${library} was to be TensorFlow Lite's C library. Give another file with "
                        "-DNACRE_TFLITE_LIBRARY, or none, and it is fetched.")
  endif()
  cmake_path(GET library PARENT_PATH dir)
  set(NACRE_TFLITE_DIR "${dir}" CACHE INTERNAL "")
  message(STATUS "TensorFlow Lite: ${library}")
endfunction()

set(NACRE_LLAMA_ROOT "" CACHE PATH
    "A folder of yours with llama.cpp's include/, lib/ and common/, instead of a fetched one")
function(nacre_find_llama)
  if(TARGET llama::llama)
    return()
  endif()
  set(names ggml-base ggml llama)
  list(TRANSFORM names REPLACE "(.+)" "lib\\1.so" OUTPUT_VARIABLE libraries)
  if(NACRE_LLAMA_ROOT)
    set(include_dir "${NACRE_LLAMA_ROOT}/include")
    set(common_dir "${NACRE_LLAMA_ROOT}/common")
    set(lib_dir "${NACRE_LLAMA_ROOT}/lib")
    list(TRANSFORM libraries PREPEND lib/ OUTPUT_VARIABLE files)
    foreach(file IN ITEMS include/llama.h common/json-schema-to-grammar.cpp ${files})
      if(NOT EXISTS "${NACRE_LLAMA_ROOT}/${file}")
        message(FATAL_ERROR "${NACRE_LLAMA_ROOT} was to hold llama.cpp, and has no ${file}. Give "
                            "another folder with -DNACRE_LLAMA_ROOT, or none, and it is fetched.")
      endif()
    endforeach()
  else()
    # The libraries take minutes to build, so that is done when something that needs them is. Copied,
    # since ninja makes the folders of what a command will make, and the cache would take that for
    # an entry.
    nacre_fetch(llama-headers)
    nacre_fetch(llama LATER)
    set(include_dir "${NACRE_DEP_LLAMA_HEADERS_INCLUDE_DIR}")
    set(common_dir "${NACRE_DEP_LLAMA_HEADERS_COMMON_DIR}")
    set(lib_dir "${PROJECT_BINARY_DIR}/third_party/llama/lib")
    list(TRANSFORM libraries PREPEND "${lib_dir}/" OUTPUT_VARIABLE files)
    add_custom_command(OUTPUT ${files}
      COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/deps/fetch.py" llama
      COMMAND "${CMAKE_COMMAND}" -E rm -rf "${PROJECT_BINARY_DIR}/third_party/llama"
      COMMAND cp -dR "${NACRE_LATER_LLAMA_ROOT}" "${PROJECT_BINARY_DIR}/third_party/llama"
      DEPENDS "${PROJECT_SOURCE_DIR}/deps/cargo/llama/Cargo.lock"
              "${PROJECT_SOURCE_DIR}/deps/builds.py"
      COMMENT "llama.cpp's libraries" USES_TERMINAL VERBATIM)
    add_custom_target(nacre_llama_libraries DEPENDS ${files})
  endif()
  foreach(name IN LISTS names)
    add_library(llama::${name} SHARED IMPORTED GLOBAL)
    set_target_properties(llama::${name} PROPERTIES
      IMPORTED_LOCATION "${lib_dir}/lib${name}.so"
      INTERFACE_INCLUDE_DIRECTORIES "${include_dir}")
    if(TARGET nacre_llama_libraries)
      add_dependencies(llama::${name} nacre_llama_libraries)
    endif()
  endforeach()
  target_link_libraries(llama::ggml INTERFACE llama::ggml-base)
  target_link_libraries(llama::llama INTERFACE llama::ggml)
  target_compile_definitions(llama::llama INTERFACE
    LLAMA_SHARED GGML_SHARED GGML_BACKEND_SHARED)
  set(NACRE_LLAMA_COMMON_DIR "${common_dir}" CACHE INTERNAL "")
  set(NACRE_LLAMA_LIB_DIR "${lib_dir}" CACHE INTERNAL "")
  message(STATUS "llama.cpp: ${lib_dir}")
endfunction()

# libtorch is not fetched: deps/system.sh installs the distribution's. Its package puts warnings and
# debris of its own into whoever looks for it, so only its include folders and libraries are taken.
function(nacre_find_torch)
  if(TARGET nacre::torch)
    return()
  endif()
  find_package(Torch 1.13 QUIET)
  if(NOT Torch_FOUND)
    message(FATAL_ERROR "The backend torch needs libtorch 1.13 or newer: apt-get install "
                        "libtorch-dev, or give its folder with -DTorch_DIR=…/cmake/Torch, or leave "
                        "torch out of -DNACRE_BACKENDS.")
  endif()
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  find_library(libtorch_cpu torch_cpu HINTS "${TORCH_INSTALL_PREFIX}/lib" NO_CACHE)
  find_library(libc10 c10 HINTS "${TORCH_INSTALL_PREFIX}/lib" NO_CACHE)
  if(NOT libtorch_cpu OR NOT libc10)
    message(FATAL_ERROR "${Torch_DIR} was to name libtorch_cpu and libc10, and one is missing.")
  endif()
  add_library(nacre_torch INTERFACE)
  add_library(nacre::torch ALIAS nacre_torch)
  target_include_directories(nacre_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(nacre_torch INTERFACE
    "${libtorch_cpu}" "${libc10}" OpenMP::OpenMP_CXX)
  message(STATUS "libtorch ${Torch_VERSION}: ${Torch_DIR}")
endfunction()

# --- guests

set(NACRE_ZIG "" CACHE FILEPATH "A zig of yours that compiles the guests, instead of a fetched one")
function(nacre_find_zig)
  if(NACRE_ZIG AND NOT NACRE_ZIG STREQUAL "$CACHE{NACRE_DEP_ZIG_EXECUTABLE}")
    set(NACRE_ZIG_CACHE_DIR "${CMAKE_BINARY_DIR}/zig-cache" CACHE INTERNAL "")
    return()
  endif()
  nacre_fetch(zig)
  set(NACRE_ZIG "${NACRE_DEP_ZIG_EXECUTABLE}" CACHE FILEPATH "" FORCE)
  set(NACRE_ZIG_CACHE_DIR "${NACRE_DEP_ZIG_CACHE_DIR}" CACHE INTERNAL "")
endfunction()

set(NACRE_WASM_TOOLS "" CACHE FILEPATH "A wasm-tools of yours, instead of a fetched one")
set(NACRE_WASI_ADAPTER "" CACHE FILEPATH
    "Your wasi_snapshot_preview1.command.wasm, instead of a fetched one")
function(nacre_find_wasm_tools)
  if(NOT NACRE_WASM_TOOLS OR NACRE_WASM_TOOLS STREQUAL "$CACHE{NACRE_DEP_WASM_TOOLS_EXECUTABLE}")
    nacre_fetch(wasm-tools)
    set(NACRE_WASM_TOOLS "${NACRE_DEP_WASM_TOOLS_EXECUTABLE}" CACHE FILEPATH "" FORCE)
  endif()
  if(NOT NACRE_WASI_ADAPTER OR NACRE_WASI_ADAPTER STREQUAL "$CACHE{NACRE_DEP_WASI_ADAPTER_FILE}")
    nacre_fetch(wasi-adapter)
    set(NACRE_WASI_ADAPTER "${NACRE_DEP_WASI_ADAPTER_FILE}" CACHE FILEPATH "" FORCE)
  endif()
endfunction()

# stb's headers stand alone in a folder of the build tree, since guests may use them and must not
# see the rest of /usr/include.
find_path(nacre_stb stb/stb_image.h NO_CACHE)
if(nacre_stb)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/third_party")
  file(CREATE_LINK "${nacre_stb}/stb" "${PROJECT_BINARY_DIR}/third_party/stb" SYMBOLIC)
  set(NACRE_STB_INCLUDE_DIR "${PROJECT_BINARY_DIR}/third_party" CACHE INTERNAL "")
else()
  set(NACRE_STB_INCLUDE_DIR "" CACHE INTERNAL "")
endif()

# --- what guests are tried on
#
# photos/ and labels/ are links to folders of the cache, so a guest can be given them as folders.
# The files of models/ are copies: a guest that is given the folder could not follow links out of it.

function(nacre_prepare_photos)
  nacre_fetch(photos)
  file(CREATE_LINK "${NACRE_DEP_PHOTOS_DIR}" "${PROJECT_BINARY_DIR}/photos" SYMBOLIC)
  set(NACRE_PHOTOS_DIR "${PROJECT_BINARY_DIR}/photos" CACHE INTERNAL "")
endfunction()

function(nacre_prepare_labels)
  nacre_fetch(labels)
  cmake_path(GET NACRE_DEP_LABELS_FILE PARENT_PATH dir)
  cmake_path(GET NACRE_DEP_LABELS_FILE FILENAME name)
  file(CREATE_LINK "${dir}" "${PROJECT_BINARY_DIR}/labels" SYMBOLIC)
  set(NACRE_LABELS_FILE "${PROJECT_BINARY_DIR}/labels/${name}" CACHE INTERNAL "")
endfunction()

function(nacre_prepare_basic_pitch)
  nacre_fetch(basic-pitch)
  set(NACRE_BASIC_PITCH_DIR "${NACRE_DEP_BASIC_PITCH_DIR}" CACHE INTERNAL "")
endfunction()

function(nacre_prepare_paddle)
  nacre_fetch(paddle-ocr)
  set(NACRE_PADDLE_DIR "${NACRE_DEP_PADDLE_OCR_DIR}" CACHE INTERNAL "")
endfunction()

# nacre_prepare_model([IR] [TORCH] [SILERO]): with IR, the same network is also there in OpenVINO's own
# format, with TORCH as TorchScript; SILERO is another TorchScript model, which keeps state.
function(nacre_prepare_model)
  set(dir "${PROJECT_BINARY_DIR}/models")
  file(MAKE_DIRECTORY "${dir}")
  nacre_fetch(efficientnet-lite0)
  file(COPY_FILE "${NACRE_DEP_EFFICIENTNET_LITE0_ONNX}" "${dir}/efficientnet-lite0.onnx"
       ONLY_IF_DIFFERENT)
  if("IR" IN_LIST ARGN)
    nacre_fetch(efficientnet-lite0-ir)
    foreach(kind IN ITEMS xml bin)
      string(TOUPPER ${kind} upper)
      file(COPY_FILE "${NACRE_DEP_EFFICIENTNET_LITE0_IR_${upper}}"
           "${dir}/efficientnet-lite0.${kind}" ONLY_IF_DIFFERENT)
    endforeach()
  endif()
  if("TORCH" IN_LIST ARGN)
    nacre_fetch(efficientnet-lite0-torchscript)
    file(COPY_FILE "${NACRE_DEP_EFFICIENTNET_LITE0_TORCHSCRIPT_PT}" "${dir}/efficientnet-lite0.pt"
         ONLY_IF_DIFFERENT)
  endif()
  if("SILERO" IN_LIST ARGN)
    nacre_fetch(silero-vad)
    file(COPY_FILE "${NACRE_DEP_SILERO_VAD_JIT}" "${dir}/silero_vad.jit" ONLY_IF_DIFFERENT)
  endif()
  set(NACRE_MODELS_DIR "${dir}" CACHE INTERNAL "")
endfunction()

# nacre_prepare_language_model(): target nacre_language_model, models/smollm2.gguf. Fetched when it
# is built, as it is the largest of all.
function(nacre_prepare_language_model)
  set(dir "${PROJECT_BINARY_DIR}/models")
  set(NACRE_MODELS_DIR "${dir}" CACHE INTERNAL "")
  if(TARGET nacre_language_model)
    return()
  endif()
  nacre_fetch(smollm2 LATER)
  add_custom_command(OUTPUT "${dir}/smollm2.gguf"
    COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/deps/fetch.py" smollm2
    COMMAND "${CMAKE_COMMAND}" -E copy "${NACRE_LATER_SMOLLM2_GGUF}" "${dir}/smollm2.gguf"
    COMMENT "The language model of the examples" USES_TERMINAL VERBATIM)
  add_custom_target(nacre_language_model ALL DEPENDS "${dir}/smollm2.gguf")
endfunction()

function(nacre_prepare_examples)
  set(dir "${PROJECT_BINARY_DIR}/models")
  file(MAKE_DIRECTORY "${dir}")
  nacre_fetch(magika)
  nacre_fetch(silero-vad)
  nacre_fetch(basic-pitch)
  file(COPY_FILE "${NACRE_DEP_MAGIKA_ONNX}" "${dir}/magika.onnx" ONLY_IF_DIFFERENT)
  file(COPY_FILE "${NACRE_DEP_MAGIKA_TYPES}" "${dir}/magika-types.txt" ONLY_IF_DIFFERENT)
  file(COPY_FILE "${NACRE_DEP_SILERO_VAD_ONNX}" "${dir}/silero-vad.onnx" ONLY_IF_DIFFERENT)
  file(COPY_FILE "${NACRE_DEP_SILERO_VAD_ONNX_16K}" "${dir}/silero-vad-16k.onnx" ONLY_IF_DIFFERENT)
  file(COPY_FILE "${NACRE_DEP_BASIC_PITCH_ONNX}" "${dir}/basic-pitch.onnx" ONLY_IF_DIFFERENT)
  set(NACRE_MODELS_DIR "${dir}" CACHE INTERNAL "")
  find_path(recordings goforward.raw PATHS /usr/share/pocketsphinx/test/data NO_DEFAULT_PATH
            NO_CACHE)
  if(NOT recordings)
    message(FATAL_ERROR "The guest `vad` is tried on recorded speech, which is missing: "
                        "apt-get install pocketsphinx-testdata")
  endif()
  file(CREATE_LINK "${recordings}" "${PROJECT_BINARY_DIR}/speech" SYMBOLIC)
  set(NACRE_SPEECH_DIR "${PROJECT_BINARY_DIR}/speech" CACHE INTERNAL "")
  nacre_fetch(music)
  file(CREATE_LINK "${NACRE_DEP_MUSIC_DIR}" "${PROJECT_BINARY_DIR}/music" SYMBOLIC)
  set(NACRE_MUSIC_DIR "${PROJECT_BINARY_DIR}/music" CACHE INTERNAL "")
endfunction()

# What `make run` shows needs these, whether or not the tests are built.
if(PROJECT_IS_TOP_LEVEL AND NACRE_GUESTS AND NACRE_BACKENDS)
  nacre_prepare_photos()
  nacre_prepare_labels()
  nacre_prepare_examples()
  if("openvino" IN_LIST NACRE_BACKENDS)
    nacre_prepare_model(IR)
  else()
    nacre_prepare_model()
  endif()
endif()

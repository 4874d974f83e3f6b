# Guests: WebAssembly programs compiled from this tree's C and C++ by the pinned guest compiler.
#
#   nacre_guest(NAME SOURCES files… [KEEP_NAMES])
#       <bindir>/guests/NAME.wasm. A single language: any .cc among the sources makes it C++23
#       without exceptions or RTTI. KEEP_NAMES keeps function names and DWARF, for backtraces.
#   nacre_guest_wat(FILE)
#       the text as it is, to <bindir>/guests/: the host compiles .wat too.
#
# Target nacre_guests builds them all. NACRE_GUESTS_DIR is <bindir>/guests.
# One set of code generation flags serves every guest, because the compiler builds its C and C++
# libraries once per set (45 s on two cores). No SIMD: it gains classify 0.6 ms and would need
# AVX of the fast compiler.

nacre_find_zig()
set(NACRE_GUESTS_DIR "${PROJECT_BINARY_DIR}/guests" CACHE INTERNAL "")
set(NACRE_GUEST_FLAGS -target wasm32-wasi -O3 -Wall -Wextra -Werror)
# The compiler's own default is a stack of 16 MiB, which every guest's memory would start with.
set(NACRE_GUEST_LINK_FLAGS -Wl,-z,stack-size=1048576)
set(NACRE_GUEST_CXX_FLAGS -std=c++23 -fno-exceptions -fno-rtti)
file(MAKE_DIRECTORY "${NACRE_GUESTS_DIR}")
if(NOT TARGET nacre_guests)
  add_custom_target(nacre_guests ALL)
endif()

# Gives `output` its place in nacre_guests.
function(nacre_guest_target name output)
  add_custom_target(nacre_guest_${name} DEPENDS "${output}")
  add_dependencies(nacre_guests nacre_guest_${name})
endfunction()

function(nacre_guest name)
  cmake_parse_arguments(ARG "KEEP_NAMES" "" "SOURCES" ${ARGN})
  set(output "${NACRE_GUESTS_DIR}/${name}.wasm")
  set(objects_dir "${CMAKE_CURRENT_BINARY_DIR}/${name}.objects")
  file(MAKE_DIRECTORY "${objects_dir}")
  set(zig "${CMAKE_COMMAND}" -E env "ZIG_GLOBAL_CACHE_DIR=${NACRE_ZIG_CACHE_DIR}" "${NACRE_ZIG}")
  set(includes)
  if(NACRE_STB_INCLUDE_DIR)
    set(includes -isystem "${NACRE_STB_INCLUDE_DIR}")
  endif()
  set(strip -Wl,--strip-debug)
  if(ARG_KEEP_NAMES)
    set(strip)
  endif()

  set(linker cc)
  set(objects)
  foreach(source IN LISTS ARG_SOURCES)
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source FILENAME file)
    set(object "${objects_dir}/${file}.o")
    set(compile cc -std=gnu17)
    if(source MATCHES "\\.(cc|cpp)$")
      set(compile c++ ${NACRE_GUEST_CXX_FLAGS})
      set(linker c++)
    endif()
    add_custom_command(
      OUTPUT "${object}"
      COMMAND ${zig} ${compile} ${NACRE_GUEST_FLAGS} ${includes}
              -MD -MT "${object}" -MF "${object}.d" -c "${source}" -o "${object}"
      DEPENDS "${source}"
      DEPFILE "${object}.d"
      COMMENT "Compiling guest ${name}: ${file}"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${zig} ${linker} ${NACRE_GUEST_FLAGS} ${NACRE_GUEST_LINK_FLAGS} ${strip} ${objects}
            -o "${output}"
    DEPENDS ${objects}
    COMMENT "Linking guest ${name}.wasm"
    VERBATIM)
  nacre_guest_target(${name} "${output}")
endfunction()

function(nacre_guest_wat source)
  cmake_path(ABSOLUTE_PATH source)
  cmake_path(GET source FILENAME file)
  cmake_path(GET source STEM name)
  set(output "${NACRE_GUESTS_DIR}/${file}")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${source}" "${output}"
    DEPENDS "${source}"
    COMMENT "Copying guest ${file}"
    VERBATIM)
  nacre_guest_target(${name} "${output}")
endfunction()

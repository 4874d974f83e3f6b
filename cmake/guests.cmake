# Guests: WebAssembly programs compiled from this tree's C and C++ by the pinned guest compiler.
#
#   nacre_guest(NAME [SOURCES files…] [COMMON files…] [COMPONENTS] [ONLY_COMPONENTS] [KEEP_NAMES]
#               [VERSIONS versions…] [STRINGS utf8|utf16])
#       <bindir>/guests/NAME.wasm, a core module. With COMPONENTS the same sources also become
#         NAME.component.wasm               wasi:nn 2024-10-28, the newest
#         NAME.2024-08-19.component.wasm
#         NAME.2024-06-25.component.wasm    or those of VERSIONS
#       and with ONLY_COMPONENTS only these. SOURCES are compiled for each of them, with
#       WASI_NN_COMPONENT and WASI_NN_VERSION defined; COMMON files do not see wasi-nn and are
#       compiled once. A guest without SOURCES is its module and one NAME.component.wasm.
#       Any .cc makes a guest C++23 without exceptions or RTTI. KEEP_NAMES keeps function names and
#       DWARF, for backtraces. STRINGS is how a component's strings are encoded, utf8 unless given.
#   nacre_guest_text(FILE)
#       the WebAssembly text as it is, to <bindir>/guests/: the host compiles .wat too.
#
# Target nacre_guests builds them all. NACRE_GUESTS_DIR is <bindir>/guests.
# One set of code generation flags serves every guest, because the compiler builds its C and C++
# libraries once per set (45 s on two cores). No SIMD: it gains classify 0.6 ms and would need
# AVX of the fast compiler.

nacre_find_zig()
nacre_find_wasm_tools()
set(NACRE_GUESTS_DIR "${PROJECT_BINARY_DIR}/guests" CACHE INTERNAL "")
set(NACRE_GUEST_VERSIONS 2024-10-28 2024-08-19 2024-06-25)  # of wasi:nn, the newest first
set(NACRE_GUEST_WIT_DIR "${PROJECT_SOURCE_DIR}/guests/sdk/wit")
set(NACRE_GUEST_FLAGS -target wasm32-wasi -O3 -Wall -Wextra -Werror)
# The compiler's own default is a stack of 16 MiB, which every guest's memory would start with.
set(NACRE_GUEST_LINK_FLAGS -Wl,-z,stack-size=1048576)
set(NACRE_GUEST_CXX_FLAGS -std=c++23 -fno-exceptions -fno-rtti)
set(NACRE_GUEST_ZIG "${CMAKE_COMMAND}" -E env "ZIG_GLOBAL_CACHE_DIR=${NACRE_ZIG_CACHE_DIR}"
                    "${NACRE_ZIG}")
file(MAKE_DIRECTORY "${NACRE_GUESTS_DIR}")
if(NOT TARGET nacre_guests)
  add_custom_target(nacre_guests ALL)
endif()

# Gives `outputs` their place in nacre_guests.
function(nacre_guest_target name)
  add_custom_target(nacre_guest_${name} DEPENDS ${ARGN})
  add_dependencies(nacre_guests nacre_guest_${name})
endfunction()

# Compiles `sources` into `dir` and appends the objects to the variable that `out` names.
function(nacre_guest_compile out name dir flags sources)
  set(includes)
  if(NACRE_STB_INCLUDE_DIR)
    set(includes -isystem "${NACRE_STB_INCLUDE_DIR}")
  endif()
  file(MAKE_DIRECTORY "${dir}")
  set(objects ${${out}})
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source FILENAME file)
    set(object "${dir}/${file}.o")
    set(compile cc -std=gnu17)
    if(source MATCHES "\\.(cc|cpp)$")
      set(compile c++ ${NACRE_GUEST_CXX_FLAGS})
    endif()
    add_custom_command(
      OUTPUT "${object}"
      COMMAND ${NACRE_GUEST_ZIG} ${compile} ${NACRE_GUEST_FLAGS} ${flags} ${includes}
              -MD -MT "${object}" -MF "${object}.d" -c "${source}" -o "${object}"
      DEPENDS "${source}"
      DEPFILE "${object}.d"
      COMMENT "Compiling guest ${name}: ${file}"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

function(nacre_guest_link output linker strip objects)
  cmake_path(GET output FILENAME file)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${NACRE_GUEST_ZIG} ${linker} ${NACRE_GUEST_FLAGS} ${NACRE_GUEST_LINK_FLAGS} ${strip}
            ${objects} -o "${output}"
    DEPENDS ${objects}
    COMMENT "Linking guest ${file}"
    VERBATIM)
endfunction()

# Makes a component of a core module: its imports of wasi:nn get their types from the WIT of
# `version`, those of WASI preview 1 go through the adapter. `dir` is for what is in between.
function(nacre_guest_component output core version strings dir)
  cmake_path(GET output FILENAME file)
  set(typed "${dir}/${file}.typed")
  file(MAKE_DIRECTORY "${dir}")
  string(REPLACE "-" "" date "${version}")
  # nacre:nn's worlds are wasi:nn's and more; what a guest does not import is not in its component.
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${NACRE_WASM_TOOLS}" component embed "${NACRE_GUEST_WIT_DIR}/nacre-nn" --world ml-rc${date}
            --encoding ${strings} "${core}" -o "${typed}"
    COMMAND "${NACRE_WASM_TOOLS}" component new "${typed}"
            --adapt "wasi_snapshot_preview1=${NACRE_WASI_ADAPTER}" -o "${output}"
    BYPRODUCTS "${typed}"
    DEPENDS "${core}" "${NACRE_GUEST_WIT_DIR}/${version}/wasi-nn.wit"
            "${NACRE_GUEST_WIT_DIR}/${version}/prompt.wit"
            "${NACRE_GUEST_WIT_DIR}/nacre-nn/nacre-nn.wit" "${NACRE_WASI_ADAPTER}"
    COMMENT "Making guest ${file}"
    VERBATIM)
endfunction()

function(nacre_guest name)
  cmake_parse_arguments(ARG "KEEP_NAMES;COMPONENTS;ONLY_COMPONENTS" "STRINGS"
                        "SOURCES;COMMON;VERSIONS" ${ARGN})
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/${name}.objects")
  set(strip -Wl,--strip-debug)
  if(ARG_KEEP_NAMES)
    set(strip)
  endif()
  set(linker cc)
  if("${ARG_SOURCES};${ARG_COMMON}" MATCHES "\\.(cc|cpp)(;|$)")
    set(linker c++)
  endif()
  set(common)
  nacre_guest_compile(common ${name} "${dir}" "" "${ARG_COMMON}")

  set(outputs)
  if(NOT ARG_ONLY_COMPONENTS)
    set(objects ${common})
    nacre_guest_compile(objects ${name} "${dir}" "" "${ARG_SOURCES}")
    set(outputs "${NACRE_GUESTS_DIR}/${name}.wasm")
    nacre_guest_link("${outputs}" ${linker} "${strip}" "${objects}")
    if(ARG_COMPONENTS AND NOT ARG_SOURCES)
      nacre_guest_component("${NACRE_GUESTS_DIR}/${name}.component.wasm"
                            "${NACRE_GUESTS_DIR}/${name}.wasm" 2024-10-28 utf8 "${dir}")
      list(APPEND outputs "${NACRE_GUESTS_DIR}/${name}.component.wasm")
    endif()
  endif()

  if(ARG_SOURCES AND (ARG_COMPONENTS OR ARG_ONLY_COMPONENTS))
    if(NOT ARG_STRINGS)
      set(ARG_STRINGS utf8)
    endif()
    if(NOT ARG_VERSIONS)
      set(ARG_VERSIONS ${NACRE_GUEST_VERSIONS})
    endif()
    foreach(version IN LISTS ARG_VERSIONS)
      set(full_name "${name}.${version}.component")
      if(version STREQUAL "2024-10-28")
        set(full_name "${name}.component")
      endif()
      string(REPLACE "-" "" number "${version}")
      set(objects ${common})
      nacre_guest_compile(objects ${full_name} "${dir}/${version}"
                          "-DWASI_NN_COMPONENT;-DWASI_NN_VERSION=${number}" "${ARG_SOURCES}")
      set(core "${dir}/${version}/${name}.core.wasm")
      nacre_guest_link("${core}" ${linker} "${strip}" "${objects}")
      nacre_guest_component("${NACRE_GUESTS_DIR}/${full_name}.wasm" "${core}" ${version}
                            ${ARG_STRINGS} "${dir}")
      list(APPEND outputs "${NACRE_GUESTS_DIR}/${full_name}.wasm")
    endforeach()
  endif()
  set(target ${name})
  if(ARG_ONLY_COMPONENTS)
    set(target ${name}_component)
  endif()
  nacre_guest_target(${target} ${outputs})
endfunction()

function(nacre_guest_text source)
  cmake_path(ABSOLUTE_PATH source)
  cmake_path(GET source FILENAME file)
  set(output "${NACRE_GUESTS_DIR}/${file}")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${source}" "${output}"
    DEPENDS "${source}"
    COMMENT "Copying guest ${file}"
    VERBATIM)
  nacre_guest_target(${file} "${output}")
endfunction()

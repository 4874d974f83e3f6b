# One CMake target per room of the building (docs/architecture.md), and the tests beside them.
#
# Warnings are errors for Nacre's own code only; nothing here reaches what embedders inherit.

set(NACRE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                   -Wcast-align -Wimplicit-fallthrough -Werror)
set(NACRE_SANITIZE_FLAGS "")
set(NACRE_SANITIZED 0)
if(NACRE_SANITIZE)
  set(NACRE_SANITIZED 1)
  set(NACRE_SANITIZE_FLAGS -fsanitize=${NACRE_SANITIZE} -fno-omit-frame-pointer -g)
endif()

function(nacre_own_code target)
  target_compile_features(${target} PRIVATE cxx_std_23)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:${NACRE_WARNINGS}> ${NACRE_SANITIZE_FLAGS})
  target_link_options(${target} PRIVATE ${NACRE_SANITIZE_FLAGS})
endfunction()

# nacre_room(NAME SOURCES … [USES rooms…] [LINKS libraries…])
#
# An object library nacre_room_NAME. USES names the rooms whose headers it may include, LINKS the
# third-party libraries; tests/layering checks the includes themselves.
function(nacre_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  # Inside the library fmt is header-only: who links Nacre needs no libfmt.
  list(TRANSFORM ARG_LINKS REPLACE "^fmt::fmt$" "fmt::fmt-header-only")
  set(target nacre_room_${name})
  add_library(${target} OBJECT ${ARG_SOURCES})
  nacre_own_code(${target})
  target_include_directories(${target} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  foreach(used IN LISTS ARG_USES)
    # For include directories and third-party usage only; the objects meet in `nacre`.
    target_include_directories(${target} PRIVATE
      $<TARGET_PROPERTY:nacre_room_${used},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_LINKS})
  set_property(GLOBAL APPEND PROPERTY NACRE_ROOMS ${target})
  set_property(GLOBAL APPEND PROPERTY NACRE_ROOM_LINKS ${ARG_LINKS})
endfunction()

# nacre_test(NAME SOURCES … [LINKS …] [LABELS …] [TIMEOUT seconds] [ALONE filter])
#
# A GoogleTest program that links all of Nacre and registers each of its tests with ctest. Those of
# the filter measure how long something takes: they run with no other test beside them.
function(nacre_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;ALONE" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  nacre_own_code(${name})
  # What is tested is optimised; the tests themselves compile in half the time without.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O0;-g1>)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} nacre GTest::gmock GTest::gtest_main)
  include(GoogleTest)
  set(discovery DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
  set(properties TIMEOUT ${ARG_TIMEOUT})
  if(NACRE_SANITIZE MATCHES "address")
    # What is freed is kept for a while; more than this, and tests of memory's growth see it.
    list(APPEND properties ENVIRONMENT ASAN_OPTIONS=quarantine_size_mb=4)
  endif()
  if(ARG_LABELS)  # an empty one would take the next word for its own
    list(APPEND properties LABELS "${ARG_LABELS}")
  endif()
  if(ARG_ALONE)
    gtest_discover_tests(${name} ${discovery} TEST_FILTER "${ARG_ALONE}" TEST_LIST ${name}_ALONE
      PROPERTIES ${properties} RUN_SERIAL TRUE)
    set(others TEST_FILTER "-${ARG_ALONE}")
  endif()
  gtest_discover_tests(${name} ${discovery} ${others} PROPERTIES ${properties})
endfunction()

# nacre_backend_module(NAME SOURCES … LINKS …): <build>/backends/libnacre_backend_NAME.so, which
# finds its vendor's library by RUNPATH. Includes include/nacre and src/base only.
function(nacre_backend_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  set(target nacre_backend_${name})
  add_library(${target} MODULE ${ARG_SOURCES})
  nacre_own_code(${target})
  # GCC 12 at -O3 sees "a" + std::string overlap itself (its bug 105651).
  target_compile_options(${target} PRIVATE
    $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
  set_target_properties(${target} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/backends
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    INSTALL_RPATH_USE_LINK_PATH ON)
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE ${ARG_LINKS})
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/nacre)
endfunction()

# nacre_install_vendor(NAME FOLDER TARGETS targets…): with an install tree goes a copy of the
# libraries in FOLDER, if they are those that Nacre fetched as NAME, and the targets look there.
# What the system has or the user named stays where it is, and is looked for there.
function(nacre_install_vendor name folder)
  cmake_parse_arguments(ARG "" "" "TARGETS" ${ARGN})
  get_property(fetched GLOBAL PROPERTY NACRE_FETCHED)
  if(NOT NACRE_INSTALL OR NOT NACRE_INSTALL_VENDOR OR NOT name IN_LIST fetched)
    return()
  endif()
  set(copy ${CMAKE_INSTALL_LIBDIR}/nacre/${name})
  install(DIRECTORY ${folder}/ DESTINATION ${copy} USE_SOURCE_PERMISSIONS
          FILES_MATCHING PATTERN "*.so" PATTERN "*.so.*")
  # Beside the libraries, or where their package has it; what is built later has it there.
  file(GLOB licenses ${folder}/../LICENSE* ${folder}/../../*.dist-info/licenses/*)
  if(NOT EXISTS ${folder})
    set(licenses ${folder}/../LICENSE)
  endif()
  foreach(license IN LISTS licenses)
    if(IS_DIRECTORY ${license})
      install(DIRECTORY ${license} DESTINATION ${copy})
    else()
      install(FILES ${license} DESTINATION ${copy})
    endif()
  endforeach()
  set_target_properties(${ARG_TARGETS} PROPERTIES
    INSTALL_RPATH "$ORIGIN/${name}" INSTALL_RPATH_USE_LINK_PATH OFF)
endfunction()

# The modules of an install tree find their vendors' libraries inside it, and open. Run with -P.
cmake_minimum_required(VERSION 3.25)

file(GLOB binaries ${PREFIX}/${LIBDIR}/nacre/libnacre_backend_*.so ${PREFIX}/${LIBDIR}/nacre/nacre_*)
list(LENGTH binaries found)
list(LENGTH BACKENDS wanted)
if(found LESS wanted)
  message(FATAL_ERROR "${found} modules are installed for the backends ${BACKENDS}")
endif()
foreach(binary IN LISTS binaries)
  execute_process(COMMAND ${READELF} -d ${binary} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
  if(VENDOR AND dynamic MATCHES "R(UN)?PATH[^\n]*\\[([^\n]*)\\]")
    set(path "${CMAKE_MATCH_2}")
    if(NOT path MATCHES "^[$]ORIGIN/")
      message(FATAL_ERROR "${binary} looks for libraries in ${path}")
    endif()
  endif()
endforeach()
foreach(backend IN LISTS BACKENDS)
  # From the tree alone: exits with 1 if the backend cannot be opened.
  execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=NACRE_BACKEND_PATH --unset=LD_LIBRARY_PATH
                          ${PREFIX}/bin/nacre backends ${backend}
                  COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endforeach()

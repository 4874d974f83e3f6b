# The install tree: headers, the library with the engine's archive, the program, and what
# find_package(nacre) reads. Backend modules install themselves to lib/nacre.

include(CMakePackageConfigHelpers)

set(nacre_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nacre)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nacre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(TARGETS nacre EXPORT nacreTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT nacreTargets NAMESPACE nacre:: DESTINATION ${nacre_package_dir})
if(TARGET nacre_cli)
  install(TARGETS nacre_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

get_target_property(nacre_engine_file nacre::engine_archive IMPORTED_LOCATION)
get_filename_component(nacre_engine_name ${nacre_engine_file} NAME)
install(FILES ${nacre_engine_file} DESTINATION ${CMAKE_INSTALL_LIBDIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/nacreConfig.cmake.in ${PROJECT_BINARY_DIR}/nacreConfig.cmake
  INSTALL_DESTINATION ${nacre_package_dir}
  PATH_VARS CMAKE_INSTALL_LIBDIR)
# 0.x: a minor version may change the interface.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/nacreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nacreConfig.cmake ${PROJECT_BINARY_DIR}/nacreConfigVersion.cmake
        DESTINATION ${nacre_package_dir})

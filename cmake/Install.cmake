# What goes where, beside the program: GNUInstallDirs, and `make install` and packages alike.
include(GNUInstallDirs)
set(CTGATE_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd units go, below the prefix")

install(TARGETS ctgate RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The units name the program and the configuration, and both are known when they are installed.
install(CODE "
  set(SOURCE \"${CMAKE_SOURCE_DIR}/packaging\")
  set(SBINDIR \"${CMAKE_INSTALL_SBINDIR}\")
  set(UNIT_DIR \"${CTGATE_UNIT_DIR}\")
  set(SCRATCH \"${CMAKE_BINARY_DIR}/units\")")
install(SCRIPT cmake/InstallUnits.cmake)

# Completions, made by the program.
set(completions ${CMAKE_BINARY_DIR}/completions)
add_custom_command(OUTPUT ${completions}/ctgate ${completions}/_ctgate
  COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
  COMMAND ctgate completion bash > ${completions}/ctgate
  COMMAND ctgate completion zsh > ${completions}/_ctgate
  DEPENDS ctgate COMMENT "Completions" VERBATIM)
add_custom_target(completions ALL DEPENDS ${completions}/ctgate ${completions}/_ctgate)
install(FILES ${completions}/ctgate DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completions}/_ctgate DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

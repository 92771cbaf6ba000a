# The man page, where scdoc is there to make it. The program itself completes its section of options.
find_program(SCDOC scdoc)
if(SCDOC)
  set(man_page ${CMAKE_BINARY_DIR}/ctgate.8)
  set(man_source ${CMAKE_SOURCE_DIR}/docs/ctgate.8.scd)
  add_custom_command(OUTPUT ${man_page}
    COMMAND ctgate man-page < ${man_source} > ${man_page}.scd
    COMMAND ${SCDOC} < ${man_page}.scd > ${man_page}
    DEPENDS ${man_source} ctgate COMMENT "Man page ctgate.8" VERBATIM)
  add_custom_target(man ALL DEPENDS ${man_page})
  install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
else()
  message(NOTICE "scdoc is missing: no man page")
  add_custom_target(man)
endif()

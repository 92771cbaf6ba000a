# Run by `cmake --install`: systemd units and the configuration file, for the prefix that it was given.
# Expects SOURCE, SBINDIR, UNIT_DIR, SCRATCH.
set(UNIT_PROGRAM ${CMAKE_INSTALL_PREFIX}/${SBINDIR}/ctgate)
if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
  set(configuration /etc/ctgate)
else()
  set(configuration ${CMAKE_INSTALL_PREFIX}/etc/ctgate)
endif()

function(install_unit name UNIT_DESCRIPTION UNIT_CONFIG)
  configure_file(${SOURCE}/systemd/ctgate.service.in ${SCRATCH}/${name} @ONLY)
  file(INSTALL ${SCRATCH}/${name} DESTINATION ${CMAKE_INSTALL_PREFIX}/${UNIT_DIR})
endfunction()
install_unit(ctgate.service "ctgate NAT gateway" ${configuration}/ctgate.conf)
install_unit(ctgate@.service "ctgate NAT gateway %i" ${configuration}/%i.conf)

# Somebody's own stays.
if(NOT EXISTS $ENV{DESTDIR}${configuration}/ctgate.conf)
  file(INSTALL ${SOURCE}/ctgate.conf DESTINATION ${configuration})
endif()

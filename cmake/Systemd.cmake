# The units: one text, for the host's own network namespace and for instances, each of which has a
# configuration file of its name.
set(CTGATE_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd units go, below the prefix")
set(CTGATE_CONFIG_DIR ${CMAKE_INSTALL_FULL_SYSCONFDIR}/ctgate)

function(systemd_unit name UNIT_DESCRIPTION UNIT_CONFIG)
  configure_file(packaging/systemd/ctgate.service.in ${name} @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name} DESTINATION ${CTGATE_UNIT_DIR})
endfunction()

systemd_unit(ctgate.service "ctgate NAT gateway" ${CTGATE_CONFIG_DIR}/ctgate.conf)
systemd_unit(ctgate@.service "ctgate NAT gateway %i" ${CTGATE_CONFIG_DIR}/%i.conf)

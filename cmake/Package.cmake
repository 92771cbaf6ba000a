# The Debian package, by CPack: `make deb`.
find_program(DPKG_DEB dpkg-deb)
if(NOT DPKG_DEB)
  return()
endif()
execute_process(COMMAND dpkg --print-architecture
  OUTPUT_VARIABLE architecture OUTPUT_STRIP_TRAILING_WHITESPACE)
file(READ packaging/debian/changelog changelog LIMIT 100)
if(NOT changelog MATCHES "^ctgate \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR "packaging/debian/changelog does not begin with version ${PROJECT_VERSION}")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ctgate)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "ctgate maintainers <maintainers@ctgate.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "stateful NAT gateway with an eBPF dataplane")
set(CPACK_PACKAGE_DESCRIPTION
"Turns a machine into the NAT gateway of a home or a lab. eBPF programs at TC
and XDP make the entry of each session in the kernel's own connection tracking
table, choose its external address and port by policy (endpoint-independent
mapping, filtering, port ranges, blocks and quotas, port forwards,
hairpinning), and forward what is established past the stack.
.
The package starts nothing before /etc/ctgate/ctgate.conf has been filled in
and the service enabled. It needs Linux 6.1.55 or newer.")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/DebianFiles.cmake)

set(CPACK_DEBIAN_FILE_NAME ctgate_${PROJECT_VERSION}_${architecture}.deb)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "conntrack, kmod, nftables")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
  "bind9-dnsutils, curl, dnsmasq-base, iproute2, iputils-ping, python3, tcpdump")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_CTGATE_DEBIAN ${debian})
include(CPack)

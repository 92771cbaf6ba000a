# Run by CPack when the files of the package are in place: what Debian's policy asks of them.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(documents ${root}/usr/share/doc/ctgate)

# gzip(FILE): in its place, and the same in every build (-n).
function(gzip file)
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Not file(INSTALL), which would prepend DESTDIR once more.
file(COPY ${CPACK_CTGATE_DEBIAN}/changelog ${CPACK_CTGATE_DEBIAN}/copyright DESTINATION ${documents}
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
file(REMOVE ${documents}/LICENSE) # copyright says where Debian has it
gzip(${documents}/changelog)
file(GLOB pages ${root}/usr/share/man/*/*)
foreach(page ${pages})
  gzip(${page})
endforeach()

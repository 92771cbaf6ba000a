# bpf_skeletons(TARGET source.bpf.c...): compile each source with clang for the BPF target and
# generate its skeleton; TARGET is an interface library with the directory of the *.skel.h files.
# The target "generated" is all skeletons: what the sources need to be read.
add_custom_target(generated)
find_program(BPF_CLANG NAMES clang clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)
find_program(LLVM_STRIP NAMES llvm-strip llvm-strip-14 REQUIRED)

set(BPF_INCLUDES -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/dataplane
                 -isystem /usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE})
set(BPF_FLAGS -target bpf -mcpu=v3 -g -O2 -std=gnu11 -D__TARGET_ARCH_x86
  -Wall -Wextra -Wshadow -Wswitch -Wassign-enum -Wenum-conversion -Werror
  -Wno-unused-parameter -Wno-missing-declarations)

function(bpf_skeletons target)
  set(headers)
  foreach(source ${ARGN})
    get_filename_component(name ${source} NAME)
    string(REGEX REPLACE "\\.bpf\\.c$" "" name ${name})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
    add_custom_command(OUTPUT ${object}
      COMMAND ${BPF_CLANG} ${BPF_FLAGS} ${BPF_INCLUDES} -MD -MF ${object}.d -MT ${object}
              -c ${source} -o ${object}
      COMMAND ${LLVM_STRIP} -g ${object}
      DEPENDS ${source} DEPFILE ${object}.d
      COMMENT "BPF object ${name}.bpf.o" VERBATIM)
    add_custom_command(OUTPUT ${header}
      COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${header}
      DEPENDS ${object} COMMENT "BPF skeleton ${name}.skel.h" VERBATIM)
    list(APPEND headers ${header})
  endforeach()
  add_custom_target(${target}_generate DEPENDS ${headers})
  add_dependencies(generated ${target}_generate)
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

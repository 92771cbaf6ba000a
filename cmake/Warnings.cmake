# Warnings are errors, in our own code only; and the sanitizer build.
add_library(ctgate_warnings INTERFACE)
target_compile_options(ctgate_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wswitch -Werror
  # A name of one source is no shadow in another of its group.
  $<IF:$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<BOOL:${CTGATE_UNITY}>>,-Wshadow=local,-Wshadow>
  $<$<CXX_COMPILER_ID:Clang>:-Wassign-enum -Wenum-conversion>
  $<$<AND:$<COMPILE_LANGUAGE:C>,$<CXX_COMPILER_ID:GNU>>:-Wenum-conversion>)

if(CTGATE_SANITIZE)
  # Optimized, it takes three times as long to compile; and what is optimized away is not checked.
  add_compile_options(-O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

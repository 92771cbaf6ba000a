# embed_text(SOURCE NAME OUTPUT): a C++ file that defines ctgate::NAME, a std::string_view with what is
# in SOURCE. Run as a script, it writes that file.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${SOURCE}" text)
  file(WRITE "${OUTPUT}"
    "#include <string_view>\nnamespace ctgate {\n"
    "extern const std::string_view ${NAME};\n"
    "const std::string_view ${NAME} = R\"embedded(${text})embedded\";\n}\n")
  return()
endif()

set(EMBED_TEXT_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(embed_text source name output)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DNAME=${name} -DOUTPUT=${output}
            -P ${EMBED_TEXT_SCRIPT}
    DEPENDS ${source} ${EMBED_TEXT_SCRIPT} COMMENT "Text ${name}" VERBATIM)
endfunction()

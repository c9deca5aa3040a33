# pet_add_plugin: builds one class into one binary that can be shipped.
#
#   pet_add_plugin(MyFilter SOURCES MyFilter.cpp [more.cpp…]   C++17 or C
#                  [LIBRARIES target…]                         static ones are linked in; shared
#                                                              ones are needed where it runs
#                  [VERSION 1.2.0])                            what PET_PLUGIN writes into the notes
#
# Leaves MyFilter.so in the current binary directory. The binary's hash is the class's version, so
# it depends on what the code means and on nothing else: not on the directory, the user, the time,
# comments or CMAKE_BUILD_TYPE. That is what most flags below are for; they stand after the
# inherited ones and win. What is not overridden counts: another compiler, -march, or defines of
# your own make another binary.
#
# The target is an ordinary one: target_compile_definitions and
# set_target_properties(… CXX_STANDARD 20) work, and the like.
include_guard(GLOBAL)

set(PET_PLUGIN_FILES ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "Where pet_leave.cpp is")

function(pet_add_plugin name)
  cmake_parse_arguments(arg "" "VERSION" "SOURCES;LIBRARIES" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pet_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "pet_add_plugin(${name}): SOURCES is missing: "
                        "pet_add_plugin(${name} SOURCES ${name}.cpp)")
  endif()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "pet_add_plugin(${name}): the name is a class's: "
                        "letters, digits and _ only")
  endif()

  list(SORT arg_SOURCES)  # the order of the objects is part of the bytes
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE PetFactory::sdk ${arg_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} DEBUG_POSTFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF
    SKIP_BUILD_RPATH ON BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "" INSTALL_RPATH_USE_LINK_PATH OFF)
  if(arg_VERSION)
    target_compile_definitions(${name} PRIVATE PET_PLUGIN_VERSION="${arg_VERSION}")
  endif()
  if(NOT WIN32)
    set_target_properties(${name} PROPERTIES SUFFIX .so)
    _pet_plugin_compile_flags(${name})
    _pet_plugin_link_flags(${name})
  endif()
endfunction()

function(_pet_plugin_compile_flags name)
  target_compile_options(${name} PRIVATE
    -O2 -g0 -UNDEBUG -DNDEBUG
    -fPIC -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
    -ffunction-sections -fdata-sections
    # The last match wins: the source directory first, as the binary directory is often inside it.
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_CURRENT_BINARY_DIR}=.
    -Werror=date-time -ffp-contract=off
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-frandom-seed=${name}>
    $<$<COMPILE_LANG_AND_ID:C,GNU>:-frandom-seed=${name}>)
endfunction()

function(_pet_plugin_link_flags name)
  set(script ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.map)
  file(CONFIGURE OUTPUT ${script} CONTENT "{ global: pet_entry_v1; local: *; };\n")
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${script})
  target_link_options(${name} PRIVATE LINKER:--version-script=${script}
    LINKER:--gc-sections LINKER:--build-id=none LINKER:--as-needed
    LINKER:-z,now LINKER:-z,relro LINKER:-z,noexecstack)

  # A sanitizer's runtime lives in the program that loads the plugin: its symbols stay undefined
  # here, libstdc++ has to be the shared one that it watches, and names in a report are worth more
  # than a small file.
  get_directory_property(options COMPILE_OPTIONS)
  if("${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS} ${options}" MATCHES "-fsanitize")
    return()
  endif()
  target_link_options(${name} PRIVATE LINKER:-s LINKER:--no-undefined LINKER:--exclude-libs,ALL
    LINKER:--require-defined=pet_entry_v1)  # PET_PLUGIN(Class) was forgotten

  get_target_property(sources ${name} SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.(c|h|hpp)$")
  if(sources)  # not a plugin in C
    target_link_options(${name} PRIVATE -static-libstdc++)
    target_sources(${name} PRIVATE ${PET_PLUGIN_FILES}/pet_leave.cpp)
  endif()

  # The compiler's full version string says nothing that the notes do not, and differs between patch
  # levels.
  if(CMAKE_OBJCOPY)
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_OBJCOPY} -R .comment $<TARGET_FILE:${name}>)
  endif()
endfunction()

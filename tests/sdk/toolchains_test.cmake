# What holds for a plugin of every compiler and C++ library that is here.
#
#   Same source, same bytes: another directory, comments, white space, names of locals and build
#   type do not count; what the code means does. One exported symbol. Nothing stays after unloading, though it threw.
#
# Given beside package.cmake's: UNLOADER, unload_driver.cpp's program; HAVE_LIBCXX.
include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
install_sdk()

file(READ ${EXAMPLE}/MyFilter.cpp source)
file(READ ${EXAMPLE}/CMakeLists.txt lists)

# hash(RESULT DIRECTORY SOURCE options…): the SHA-256 of MyFilter.so built there from that text.
function(hash result directory text)
  file(WRITE ${WORK_DIR}/${directory}/MyFilter.cpp "${text}")
  file(WRITE ${WORK_DIR}/${directory}/CMakeLists.txt "${lists}")
  build(${WORK_DIR}/${directory} ${WORK_DIR}/${directory}/build ${ARGN})
  file(SHA256 ${WORK_DIR}/${directory}/build/MyFilter.so value)
  set(${result} ${value} PARENT_SCOPE)
endfunction()

string(REPLACE "  pet::XYData y" "  // a comment,\n\n\n      /* and more lines */ pet::XYData   y"
               commented "${source}")
string(REPLACE "XYData   y " "XYData renamed " renamed "${commented}")
string(REPLACE "y.data" "renamed.data" renamed "${renamed}")
string(REPLACE "return y" "return renamed" renamed "${renamed}")
string(REPLACE "-limit, limit" "0.0, limit" other "${source}")
string(REPLACE "2.5," "2.0," other_default "${source}")
foreach(text IN ITEMS renamed other other_default)
  expect("a difference between the example and '${text}'" NOT ${text} STREQUAL source)
endforeach()

# "name|compiler|flags"; those whose compiler is not here are left out, loudly.
foreach(toolchain IN ITEMS "ours|${CXX}|" "clang|clang++|" "libc++|clang++|-stdlib=libc++"
                           "debug|${CXX}|-D_GLIBCXX_DEBUG")
  string(REPLACE "|" ";" toolchain "${toolchain};")
  list(POP_FRONT toolchain name CXX flags)
  find_program(compiler_${name} ${CXX})
  if(NOT compiler_${name} OR (name STREQUAL "libc++" AND NOT HAVE_LIBCXX))
    message(STATUS "SKIPPED ${name}: no ${CXX} ${flags} on this machine")
    continue()
  endif()
  set(options "-DCMAKE_CXX_FLAGS=${flags}")
  hash(first ${name}/here "${source}" ${options})
  hash(again ${name}/some/where/else "${renamed}" ${options} -DCMAKE_BUILD_TYPE=Debug)
  expect("${name}: one hash in two places, got ${first} and ${again}" first STREQUAL again)
  if(name STREQUAL "ours")
    hash(changed ${name}/changed "${other}" ${options})
    expect("another hash for other code" NOT first STREQUAL changed)
    hash(changed ${name}/default "${other_default}" ${options})
    expect("another hash for another default" NOT first STREQUAL changed)
  endif()
  run(${UNLOADER} ${WORK_DIR}/${name}/here/build/MyFilter.so)

  # An exception that leaves a noexcept function ends the process: not without its last words.
  string(REGEX REPLACE "const {.*PET_PLUGIN"
         "const noexcept { throw std::runtime_error(\"last words\"); }\n};\nPET_PLUGIN"
         terminating "${source}")
  hash(unused ${name}/terminating "${terminating}"
       "-DCMAKE_CXX_FLAGS=${flags} -Wno-terminate -Wno-exceptions")
  execute_process(COMMAND ${UNLOADER} ${WORK_DIR}/${name}/terminating/build/MyFilter.so
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE words)
  expect("${name}: an end with last words, got ${status}: ${words}"
         words MATCHES "terminat.*last words")
  exports(${WORK_DIR}/${name}/here/build/MyFilter.so names)
  expect("${name}: pet_entry_v1 and no other symbol, got '${names}'" names STREQUAL "pet_entry_v1")
endforeach()

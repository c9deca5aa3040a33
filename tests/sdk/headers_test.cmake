# Every header stands by itself, and all of them compile without a warning in C++17 and C++20, with
# every compiler and C++ library that is here.
#
# Given: CXX, INCLUDE of the SDK, HAVE_LIBCXX, WORK_DIR.
cmake_policy(VERSION 3.22)
file(MAKE_DIRECTORY ${WORK_DIR})
file(GLOB headers RELATIVE ${INCLUDE} ${INCLUDE}/pet/*.hpp)
list(FILTER headers EXCLUDE REGEX "_inl\\.hpp$")  # parts of another

# compile(NAME SOURCE COMPILER flags…)
function(compile name source)
  file(WRITE ${WORK_DIR}/${name}.cpp "${source}")
  execute_process(COMMAND ${ARGN} -fsyntax-only -Wall -Wextra -Wshadow -pedantic -Werror -I${INCLUDE}
                          ${WORK_DIR}/${name}.cpp
                  RESULT_VARIABLE status ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(SEND_ERROR "${command}: ${name}\n${output}")
  endif()
endfunction()

set(all "")
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER ${header} name)
  compile(${name} "#include <${header}>\n" ${CXX} -std=c++17)
  string(APPEND all "#include <${header}>\n")
endforeach()

foreach(toolchain IN ITEMS "${CXX}" "clang++" "clang++;-stdlib=libc++")
  list(GET toolchain 0 compiler)
  string(MAKE_C_IDENTIFIER "found_${compiler}" found)
  find_program(${found} ${compiler})
  if(NOT ${found} OR (toolchain MATCHES "libc" AND NOT HAVE_LIBCXX))
    message(STATUS "SKIPPED: no ${toolchain} on this machine")
    continue()
  endif()
  foreach(standard IN ITEMS 17 20)
    compile(all "${all}" ${toolchain} -std=c++${standard})
  endforeach()
endforeach()

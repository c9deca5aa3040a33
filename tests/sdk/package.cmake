# What the scripts beside this one share: the SDK installed into a prefix, and foreign projects
# built against it.
#
# Given: BUILD_DIR of ours, WORK_DIR to work in, CXX and CC, GENERATOR, MAKE_PROGRAM.
cmake_policy(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

# An empty WORK_DIR with the SDK, and nothing else, under prefix/.
function(install_sdk)
  file(REMOVE_RECURSE ${WORK_DIR})
  file(MAKE_DIRECTORY ${WORK_DIR})
  run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix --component sdk)
endfunction()

# build(SOURCE_DIR BINARY_DIR options…)
function(build source binary)
  run(${CMAKE_COMMAND} -S ${source} -B ${binary} -G ${GENERATOR} -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}
      -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${CC} ${ARGN})
  run(${CMAKE_COMMAND} --build ${binary})
endfunction()

function(expect condition_text)
  if(NOT (${ARGN}))
    message(FATAL_ERROR "expected: ${condition_text}")
  endif()
endfunction()

# The names that a binary defines for others, as one line.
function(exports file result)
  execute_process(COMMAND nm -D --defined-only ${file} OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[0-9a-f]+ . ([^\n]*)\n" "\\1 " names "${lines}")
  string(STRIP "${names}" names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

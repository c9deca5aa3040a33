# core with Boost, OpenSSL and RapidJSON only: it builds while Eigen, nanoflann, CLI11, Catch2 and the
# benchmark library cannot be found.
#
# Given: SOURCE_DIR, WORK_DIR, CXX, CC, GENERATOR, SANITIZE.
cmake_policy(VERSION 3.22)
file(REMOVE_RECURSE ${WORK_DIR})
set(hidden)
foreach(package IN ITEMS Eigen3 nanoflann CLI11 Catch2 benchmark)
  list(APPEND hidden -DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
endforeach()
# As the presets compile, so that ccache knows what they compiled.
set(flags -DCMAKE_BUILD_TYPE=Release)
if(SANITIZE)
  set(flags -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O1 -DPET_SANITIZE=${SANITIZE})
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${WORK_DIR} -G ${GENERATOR}
                        -DPET_BUILD_PLUGINS=OFF -DPET_WERROR=ON ${flags}
                        -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${CC} ${hidden} --no-warn-unused-cli
                COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
if(NOT EXISTS ${WORK_DIR}/core/libpet_core.a)
  message(FATAL_ERROR "no libpet_core.a in ${WORK_DIR}")
endif()

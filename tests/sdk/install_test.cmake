# A foreign project with only the installed SDK builds the example and every template of petctl new.
include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
install_sdk()

# Small, since every version of every class is stored, fetched and kept; and one symbol for others.
function(check_plugin plugin)
  expect("${plugin} in the build directory" EXISTS ${plugin})
  file(SIZE ${plugin} size)
  message(STATUS "${plugin}: ${size} bytes")
  expect("${plugin}: at most 120000 bytes, got ${size}" size LESS_EQUAL 120000)
  exports(${plugin} names)
  expect("${plugin}: pet_entry_v1 and no other symbol, got '${names}'" names STREQUAL "pet_entry_v1")
endfunction()

# Nothing of ours, and nothing of core's dependencies, is needed: the example is copied away.
file(COPY ${EXAMPLE}/ DESTINATION ${WORK_DIR}/example)
build(${WORK_DIR}/example ${WORK_DIR}/example/build)
check_plugin(${WORK_DIR}/example/build/MyFilter.so)

file(READ ${WORK_DIR}/example/MyFilter.cpp source)
string(REGEX MATCHALL "\n" lines "${source}")
list(LENGTH lines count)
expect("an example of at most 15 lines, got ${count}" count LESS_EQUAL 15)
file(STRINGS ${WORK_DIR}/example/CMakeLists.txt lines)
list(LENGTH lines count)
expect("a CMakeLists.txt of four lines, got ${count}" count EQUAL 4)

foreach(kind IN ITEMS filter metric pipeline)
  set(NAME New_${kind})
  set(project ${WORK_DIR}/${NAME})
  configure_file(${TEMPLATES}/${kind}.cpp.in ${project}/${NAME}.cpp @ONLY)
  configure_file(${TEMPLATES}/CMakeLists.txt.in ${project}/CMakeLists.txt @ONLY)
  build(${project} ${project}/build -DCMAKE_CXX_FLAGS=-Wall\ -Wextra\ -Wshadow\ -pedantic\ -Werror)
  check_plugin(${project}/build/${NAME}.so)
endforeach()

# What ends without PET_PLUGIN does not link.
file(WRITE ${WORK_DIR}/forgotten/A.cpp "#include <pet/filter.hpp>
struct A : pet::Filter<A> { pet::XYData predict(const pet::XYData& x) const { return x.clone(); } };\n")
file(WRITE ${WORK_DIR}/forgotten/CMakeLists.txt "cmake_minimum_required(VERSION 3.22)
project(forgotten CXX)
find_package(PetFactory REQUIRED)
pet_add_plugin(A SOURCES A.cpp)\n")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK_DIR}/forgotten -B ${WORK_DIR}/forgotten/build -G ${GENERATOR}
                        -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM} -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix
                        -DCMAKE_CXX_COMPILER=${CXX}
                COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/forgotten/build
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
expect("a link that fails" NOT status EQUAL 0)
expect("the linker's word about pet_entry_v1, got ${output}" output MATCHES "required symbol .?pet_entry_v1. not defined")

# A component that is not installed is not found, in words; the SDK is.
file(WRITE ${WORK_DIR}/asks/CMakeLists.txt "cmake_minimum_required(VERSION 3.22)
project(asks CXX)
find_package(PetFactory COMPONENTS sdk REQUIRED)
find_package(PetFactory COMPONENTS core)
if(PetFactory_FOUND OR NOT PetFactory_NOT_FOUND_MESSAGE MATCHES \"the SDK alone\")
  message(FATAL_ERROR \"core was found: \${PetFactory_NOT_FOUND_MESSAGE}\")
endif()\n")
build(${WORK_DIR}/asks ${WORK_DIR}/asks/build)

# The libraries of ClassifierSVMPlugin and of the logistic regressions, which bring no CMake packages:
# PetFactory::libsvm and PetFactory::liblinear, and in PetSolvers_MISSING what was not found and the
# package that has it. Included by this project and, where it is installed, by its package.
#
# Shared, also for a class that is a binary of its own: the static ones of Debian are not
# position-independent.
set(PetSolvers_MISSING "")
foreach(_pet_solver IN ITEMS "libsvm svm libsvm/svm.h" "liblinear linear linear.h")
  separate_arguments(_pet_solver UNIX_COMMAND "${_pet_solver}")
  list(POP_FRONT _pet_solver _pet_name _pet_file _pet_header)
  string(TOUPPER PET_${_pet_name} _pet_variable)
  find_library(${_pet_variable} ${_pet_file})
  find_path(${_pet_variable}_INCLUDE ${_pet_header})
  mark_as_advanced(${_pet_variable} ${_pet_variable}_INCLUDE)
  if(NOT ${_pet_variable} OR NOT ${_pet_variable}_INCLUDE)
    list(APPEND PetSolvers_MISSING "${_pet_name} (Debian's package ${_pet_name}-dev)")
  elseif(NOT TARGET PetFactory::${_pet_name})
    add_library(PetFactory::${_pet_name} UNKNOWN IMPORTED)
    set_target_properties(PetFactory::${_pet_name} PROPERTIES
      IMPORTED_LOCATION ${${_pet_variable}} INTERFACE_INCLUDE_DIRECTORIES ${${_pet_variable}_INCLUDE})
  endif()
endforeach()

/* abi.h compiles alone as C99 and C11, twice included, without a warning. */
#include "pet/abi.h"
#include "pet/abi.h"

uint64_t pet_abi_size_of_entry(void);
uint64_t pet_abi_size_of_entry(void) { return sizeof(pet_entry); }

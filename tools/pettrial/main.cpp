// pet-trial: where candidate versions of pipelines are tried before a service uses them.
#include "core/live/trial_main.hpp"
#include "plugins/builtins.hpp"

int main() { return pet::trial_main(pet::builtins(), pet::builtin_aliases()); }

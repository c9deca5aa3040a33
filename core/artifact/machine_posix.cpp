// Finding out what this machine offers: the processor by its own instructions, libraries by what is mapped already.
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "core/artifact/machine.hpp"

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace pet {
namespace {

std::string this_platform() {
#if defined(__x86_64__)
  std::string platform = "linux-x86_64";
#elif defined(__aarch64__)
  std::string platform = "linux-aarch64";
#else
#error "PetFactory knows no name for this platform yet"
#endif
#if defined(__GLIBC__)
  return platform + "-gnu";
#else
  return platform + "-musl";
#endif
}

std::string this_glibc() {
#if defined(__GLIBC__)
  return gnu_get_libc_version();
#else
  return {};
#endif
}

#if defined(__x86_64__)

bool all(unsigned value, unsigned wanted) noexcept { return (value & wanted) == wanted; }

// Whether the system saves the registers of AVX (mask 6) or AVX-512 (mask 0xe6) for each thread.
bool system_saves(unsigned mask) noexcept {
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return all(low, mask);
}

// The levels of the x86-64 psABI, each of which includes those before it.
std::vector<std::string> this_isa() {
  std::vector<std::string> levels{"x86-64"};
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return levels;
  unsigned a7 = 0, b7 = 0, c7 = 0, d7 = 0, ax = 0, bx = 0, cx = 0, dx = 0;
  __get_cpuid_count(7, 0, &a7, &b7, &c7, &d7);
  __get_cpuid(0x80000001, &ax, &bx, &cx, &dx);
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF
  constexpr unsigned kV2 = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23;
  if (!all(c, kV2) || !all(cx, 1u << 0)) return levels;
  levels.emplace_back("x86-64-v2");
  // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI, AVX2, BMI2; LZCNT
  constexpr unsigned kV3 = 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29;
  constexpr unsigned kV3Extended = 1u << 3 | 1u << 5 | 1u << 8;
  if (!all(c, kV3) || !all(b7, kV3Extended) || !all(cx, 1u << 5) || !system_saves(0x6))
    return levels;
  levels.emplace_back("x86-64-v3");
  // AVX512 F, DQ, CD, BW, VL
  constexpr unsigned kV4 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
  if (all(b7, kV4) && system_saves(0xe6)) levels.emplace_back("x86-64-v4");
  return levels;
}

#else

std::vector<std::string> this_isa() { return {"aarch64"}; }

#endif

std::string_view base_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// glibc turns some of the dynamic section's addresses into pointers and leaves others, differently from release to release.
const char* pointer_of(ElfW(Addr) base, ElfW(Addr) address) noexcept {
  return reinterpret_cast<const char*>(address < base ? base + address : address);
}

// The versions that a mapped library defines. Its memory is the loader's own and has been checked by it.
std::vector<std::string> defined_versions(ElfW(Addr) base, const ElfW(Dyn) * dynamic) {
  const char* names = nullptr;
  const char* definitions = nullptr;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_STRTAB) names = pointer_of(base, dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_VERDEF) definitions = pointer_of(base, dynamic->d_un.d_ptr);
  }
  std::vector<std::string> versions;
  while (names != nullptr && definitions != nullptr) {
    ElfW(Verdef) definition;
    ElfW(Verdaux) name;
    std::memcpy(&definition, definitions, sizeof definition);
    std::memcpy(&name, definitions + definition.vd_aux, sizeof name);
    versions.emplace_back(names + name.vda_name);
    if (definition.vd_next == 0) break;
    definitions += definition.vd_next;
  }
  return versions;
}

// Only the compilers' own libraries: a plugin that was linked without pet_add_plugin needs them.
int add_library(dl_phdr_info* info, std::size_t, void* out) {
  const std::string_view name = base_name(info->dlpi_name);
  if (name != "libstdc++.so.6" && name != "libgcc_s.so.1") return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    const auto* dynamic = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + segment.p_vaddr);
    static_cast<Machine*>(out)->library_versions.emplace(
        name, defined_versions(info->dlpi_addr, dynamic));
  }
  return 0;
}

Machine find_out() {
  Machine machine;
  machine.platform = this_platform();
  machine.glibc = this_glibc();
  machine.isa_levels = this_isa();
  dl_iterate_phdr(add_library, &machine);
  return machine;
}

}  // namespace

const Machine& Machine::current() {
  static const Machine* const machine =
      new Machine(find_out());  // never destroyed: exit handlers may load
  return *machine;
}

}  // namespace pet

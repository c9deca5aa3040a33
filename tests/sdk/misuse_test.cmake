# What an author gets wrong is an error of the compiler's that says what is right.
#
# Given: CXX, INCLUDE of the SDK, WORK_DIR.
cmake_policy(VERSION 3.22)
file(MAKE_DIRECTORY ${WORK_DIR})
set(predict "pet::XYData predict(const pet::XYData& x) const { return x.view(); }")

# refused(NAME EXPECTED_MESSAGE SOURCE): the source does not compile, and the compiler says so.
function(refused name expected source)
  file(WRITE ${WORK_DIR}/${name}.cpp "${source}")
  execute_process(COMMAND ${CXX} -std=c++17 -fsyntax-only -I${INCLUDE} ${WORK_DIR}/${name}.cpp
                  RESULT_VARIABLE status ERROR_VARIABLE output)
  if(status EQUAL 0)
    message(SEND_ERROR "${name}: it compiled")
  endif()
  string(FIND "${output}" "${expected}" found)
  if(found EQUAL -1)
    message(SEND_ERROR "${name}: expected '${expected}' in\n${output}")
  endif()
endfunction()

function(refused_filter name expected body)
  refused(${name} "${expected}" "#include <pet/filter.hpp>\nclass A : public pet::Filter<A> {\n public:\n${body}\n};\nPET_PLUGIN(A)\n")
endfunction()

refused_filter(no_predict "a filter has: public: pet::XYData predict(const pet::XYData& x) const" "")
refused_filter(predict_not_const "a filter has: public: pet::XYData predict(const pet::XYData& x) const"
  "pet::XYData predict(const pet::XYData& x) { return x.view(); }")
refused_filter(predict_returns_void "a filter has: public: pet::XYData predict(const pet::XYData& x) const"
  "void predict(const pet::XYData&) const {}")
refused_filter(fit_writes "fit is: public: void fit(const pet::XYData& x[, const pet::XYData& y])"
  "${predict} void fit(pet::XYData&, pet::XYData&) {}")
refused_filter(save_without_load "a class has both or neither: void save(pet::StateWriter&) const"
  "${predict} void save(pet::StateWriter&) const {}")
refused_filter(two_states "a class has PET_STATE, or save() and load(), but not both"
  "${predict} PET_STATE(double, a, \"\"); void save(pet::StateWriter&) const {} void load(pet::StateReader&) {}")
refused_filter(clusters_of_an_instance "kClusters is: public: static constexpr bool kClusters = true"
  "${predict} bool kClusters = true;")
refused_filter(int_param "a parameter is bool, std::int64_t, double, std::string" "${predict} PET_PARAM(int, a, 1, \"\");")
refused_filter(float_for_int "pet::Default<" "${predict} PET_PARAM(std::int64_t, a, 1.5, \"\");")
refused_filter(text_for_bool "pet::Default<bool>" "${predict} PET_PARAM(bool, a, \"yes\", \"\");")
refused_filter(default_not_constant "f()" "${predict} static double f(); PET_PARAM(double, a, f(), \"\");")
refused_filter(state_of_other_type "a state holds bool, std::int64_t" "${predict} PET_STATE(float, a, \"\");")
refused(metric_without_direction "a metric has: public: static constexpr bool kHigherBetter = true (or false)"
  "#include <pet/metric.hpp>\nstruct A : pet::Metric<A> {\n  double measure(const pet::XYData&, const pet::XYData&) const { return 0; }\n};\nPET_PLUGIN(A)\n")
refused(another_class_in_the_base "a base names the class itself: class A : public pet::Filter<A>"
  "#include <pet/filter.hpp>\nstruct A : pet::Filter<A> { ${predict} };\nstruct B : A {};\nPET_PLUGIN(B)\n")
refused(view_of_a_temporary "deleted"
  "#include <pet/xydata.hpp>\npet::XYData f() { return pet::XYData::mock({1.0}).rows(0, 1); }\n")

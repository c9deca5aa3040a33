// A trained support vector classifier as plain numbers, and libsvm's view of it for predictions.
//
// What libsvm's svm_train leaves is copied out at once, so that a model that was just trained and one
// that came back from a state answer by the same code from the same numbers.
//
// Threads: train_svm() from any, also at once; predict() from any thread.
#pragma once

#include <libsvm/svm.h>

#include <cstdint>
#include <pet/xydata.hpp>
#include <vector>

namespace pet::plugins {

// Classes are 0 to k - 1 here.
struct SvmNumbers {
  std::int64_t columns = 0;
  double gamma = 0;                      // of the kernel
  std::vector<double> vectors;           // support vectors, row-major, class by class
  std::vector<double> coefficients;      // [k - 1, vectors], as libsvm's sv_coef
  std::vector<double> offsets;           // rho of each pair of classes
  std::vector<std::int64_t> of_classes;  // support vectors of each class
};

// `points` row-major, one row for each class in `classes`; these in [0, class_count), every one of
// them present. `parameters` says kernel, C and gamma.
//
// Throws: pet::Failure(PET_BAD_INPUT) for numbers so large that the result is not finite.
SvmNumbers train_svm(const double* points, std::int64_t columns,
                     const std::vector<std::size_t>& classes, std::size_t class_count,
                     const svm_parameter& parameters);

class SvmModel {
 public:
  // Throws: pet::Failure(PET_BAD_STATE) for numbers that do not fit together.
  SvmModel(SvmNumbers numbers, const svm_parameter& parameters);
  SvmModel(const SvmModel&) = delete;
  SvmModel& operator=(const SvmModel&) = delete;

  const SvmNumbers& numbers() const { return numbers_; }
  // The class of one row of `columns` numbers.
  std::size_t predict(const double* row) const;

 private:
  SvmNumbers numbers_;
  std::vector<svm_node> nodes_;
  std::vector<svm_node*> vectors_;
  std::vector<double*> coefficients_;
  std::vector<int> labels_;
  std::vector<int> of_classes_;
  svm_model view_{};  // looks at all of these
};

}  // namespace pet::plugins

// Counting right and wrong predictions per class, and averaging a score over the classes: what F1,
// Precission and Recall share.
//
// Formulas and edge cases follow scikit-learn's precision_recall_fscore_support with
// zero_division=0. With tp true positives, `predicted` rows predicted as the class and `actual`
// rows of it:
//
//   precision = tp / predicted     recall = tp / actual
//   f1 = 2 precision recall / (precision + recall)
//
// each 0 where its denominator is. The classes are those that occur in y_true or in y_pred.
//
//   micro      the score of the sums over all classes
//   macro      the mean of the classes' scores
//   weighted   the mean weighted by `actual`
//   binary     the score of class 1; at most two classes may occur, and two must include 1
//
// Threads: any. Throws: pet::Failure, PET_BAD_INPUT for labels, PET_BAD_PARAMS for an average.
#pragma once

#include <cstdint>
#include <pet/xydata.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pet::plugins {

enum class Average { kMicro, kMacro, kWeighted, kBinary };

Average parse_average(std::string_view text);

struct ClassCounts {
  std::int64_t label = 0;
  double true_positives = 0;
  double predicted = 0;
  double actual = 0;
};

double precision_of(const ClassCounts& counts);
double recall_of(const ClassCounts& counts);
double f1_of(const ClassCounts& counts);

// One entry per class that occurs, ascending by label. Both of shape [n] or [n, 1], n at least 1.
std::vector<ClassCounts> count_classes(const XYData& y_true, const XYData& y_pred);

// The score of all classes as one number.
double average_score(const std::vector<ClassCounts>& classes, Average average,
                     double (*score)(const ClassCounts&));

}  // namespace pet::plugins

// How two labellings of the same rows agree: what ARI, NMI, V, Homogeneity and Completeness share.
//
// A class is a label of y_true, a cluster one of y_pred. Only pairs that occur are stored, so many
// clusters cost no more than rows: O(n log n) time, O(n) memory.
//
// With n rows, a_i of class i, b_j of cluster j and n_ij of both, natural logarithms:
//
//   entropy             H = -sum a_i/n log(a_i/n)              0 for a single class
//   mutual information  I = sum n_ij/n log(n n_ij / (a_i b_j)) 0 when either has a single label
//
// as scikit-learn's entropy and mutual_info_score have them.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT) for labels, as read_label_pairs.
#pragma once

#include <cstdint>
#include <pet/xydata.hpp>
#include <vector>

namespace pet::plugins {

struct Contingency {
  struct Cell {
    std::size_t actual;     // place in `actual` of the class
    std::size_t predicted;  // place in `predicted` of the cluster
    std::int64_t rows;
  };
  std::int64_t rows = 0;
  std::vector<std::int64_t> actual;     // rows of each class
  std::vector<std::int64_t> predicted;  // rows of each cluster
  std::vector<Cell> cells;              // the pairs that occur
};

Contingency contingency_of(const XYData& y_true, const XYData& y_pred);

// Of a labelling whose labels have so many rows.
double entropy(const std::vector<std::int64_t>& rows_of_labels);

double mutual_information(const Contingency& table);

// Rosenberg & Hirschberg 2007: homogeneity I / H(classes), 1 when there is one class; completeness
// I / H(clusters), 1 when there is one cluster; v their harmonic mean.
struct VMeasure {
  double homogeneity;
  double completeness;
  double v;
};
VMeasure v_measure(const Contingency& table);

}  // namespace pet::plugins

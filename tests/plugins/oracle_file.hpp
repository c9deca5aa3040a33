// Reads tests/data/plugins/*.txt, which make_oracles.py writes and describes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <pet/xydata.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace pet::test {

struct OracleMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;

  XYData data() const { return XYData::mock(values, {rows, columns}); }
  XYData labels() const {
    const XYData column = XYData::mock(values);
    return XYData::mock(column.converted<std::int64_t>());
  }
};

struct OracleCase {
  std::string name;
  std::map<std::string, std::string> texts;
  std::map<std::string, double> numbers;
  std::map<std::string, OracleMatrix> matrices;
};

inline double read_number(std::ifstream& in) {
  std::string word;
  in >> word;
  return std::strtod(word.c_str(), nullptr);  // reads nan too, which >> does not
}

inline OracleMatrix read_matrix(std::ifstream& in) {
  OracleMatrix matrix;
  in >> matrix.rows >> matrix.columns;
  for (std::int64_t i = 0; i < matrix.rows * matrix.columns; ++i)
    matrix.values.push_back(read_number(in));
  return matrix;
}

inline std::vector<OracleCase> read_oracles(const std::string& file) {
  std::ifstream in(std::string(PET_TEST_DATA) + "/plugins/" + file);
  if (!in) throw std::runtime_error("no oracle file " + file);
  std::vector<OracleCase> cases;
  for (std::string word, key; in >> word >> key;) {
    if (word == "case") {
      cases.emplace_back();
      cases.back().name = key;
    } else if (word == "text") {
      in >> cases.back().texts[key];
    } else if (word == "number") {
      cases.back().numbers[key] = read_number(in);
    } else if (word == "matrix") {
      cases.back().matrices[key] = read_matrix(in);
    } else {
      throw std::runtime_error(file + ": unknown word " + word);
    }
  }
  return cases;
}

}  // namespace pet::test

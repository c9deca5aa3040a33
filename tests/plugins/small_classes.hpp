// Small classes to put into pipelines: what a test can see through.
#pragma once

#include <pet/filter.hpp>
#include <pet/metric.hpp>
#include <string>
#include <vector>

namespace pet::test {

// x * factor; learns nothing.
class Times : public Filter<Times> {
 public:
  PET_PARAM(double, factor, 2.0, "");

  XYData predict(const XYData& x) const {
    XYData out = make<double>(x.shape());
    const std::vector<double> in = x.converted<double>();
    for (std::size_t i = 0; i < in.size(); ++i) out.data<double>()[i] = factor * in[i];
    return out;
  }
};
PET_CLASS(Times, "1")

// The sum of what it was fitted on, in every row, as one integer a row; counts its fits.
class Sum : public Filter<Sum> {
 public:
  inline static int fits = 0;
  PET_PARAM(std::int64_t, plus, 0, "");

  void fit(const XYData& x) {
    ++fits;
    sum = plus;
    for (const double value : x.converted<double>()) sum += static_cast<std::int64_t>(value);
    fitted = true;
  }
  XYData predict(const XYData& x) const {
    if (!fitted) throw Failure::not_fitted("Sum was not fitted");
    XYData out = make<std::int64_t>({x.rows()});
    for (std::int64_t i = 0; i < x.rows(); ++i) out.data<std::int64_t>()[i] = sum;
    return out;
  }

  PET_STATE(std::int64_t, sum, "");
  PET_STATE(bool, fitted, "");
};
PET_CLASS(Sum, "1")

// Learns the first label, and cannot save it.
class Stateless : public Filter<Stateless> {
 public:
  inline static int predictions = 0;

  void fit(const XYData&, const XYData& y) { label_ = y.at<std::int64_t>(0); }
  XYData predict(const XYData& x) const {
    ++predictions;
    XYData out = make<std::int64_t>({x.rows()});
    for (std::int64_t i = 0; i < x.rows(); ++i) out.data<std::int64_t>()[i] = label_;
    return out;
  }

 private:
  std::int64_t label_ = 0;
};
PET_CLASS(Stateless, "1")

// One row less than it is given.
class DropsARow : public Filter<DropsARow> {
 public:
  XYData predict(const XYData& x) const { return x.rows(1, x.rows()).clone(); }
};
PET_CLASS(DropsARow)

// How far the first prediction is from the first truth: lower is better.
class Distance : public Metric<Distance> {
 public:
  static constexpr bool kHigherBetter = false;
  PET_PARAM(double, times, 1.0, "");

  double measure(const XYData& y_true, const XYData& y_pred) const {
    const double gap = y_pred.converted<double>()[0] - y_true.converted<double>()[0];
    return times * (gap < 0 ? -gap : gap);
  }
};
PET_CLASS(Distance, "1")

}  // namespace pet::test

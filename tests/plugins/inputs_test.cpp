// Every built-in class takes numbers of every type, in every layout, where they lie, and answers as
// for row-major float64.
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <pet/filter.hpp>
#include <pet/metric.hpp>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "tests/plugins/every_built_in.hpp"

namespace pet::test {

// Remembers where its inputs lie.
struct Seen {
  const char* first;
  Shape strides;
  bool is_read_only;

  friend bool operator==(const Seen&, const Seen&) = default;
};
static std::vector<Seen> seen;

static void look(const XYData& data) {
  seen.push_back({data.raw_data(), data.strides(), data.is_read_only()});
}

class LookingFilter : public Filter<LookingFilter> {
 public:
  void fit(const XYData& x, const XYData& y) {
    look(x);
    look(y);
  }
  XYData predict(const XYData& x) const {
    look(x);
    return x.clone();
  }
};
PET_CLASS(LookingFilter)

class LookingMetric : public Metric<LookingMetric> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const XYData& x, const XYData& y_true, const XYData& y_pred) const {
    look(x);
    look(y_true);
    look(y_pred);
    return 0;
  }
};
PET_CLASS(LookingMetric)

namespace {

constexpr std::int64_t kRows = 24;
constexpr std::int64_t kColumns = 3;

// Where the element at row i, column j lies: offset + i * row + j * column.
struct Layout {
  const char* name;
  std::int64_t offset, row, column;
};

std::vector<Layout> layouts(std::int64_t rows, std::int64_t columns) {
  return {{"row-major", 0, columns, 1},
          {"columns of a wider matrix", 2, columns + 5, 1},
          {"every second row", 0, 2 * columns, 1},
          {"every second column", 0, 2 * columns, 2},
          {"column-major", 0, 1, rows},
          {"rows backwards", (rows - 1) * columns, -columns, 1}};
}

// Numbers in memory that nobody can write to, with others in the gaps that would spoil any answer.
template <class T>
class LaidOut {
 public:
  LaidOut(const std::vector<double>& values, const Shape& shape, const Layout& layout)
      : memory_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
    const std::int64_t columns = shape.size() == 1 ? 1 : shape[1];
    T* const elements = static_cast<T*>(memory_);
    std::fill_n(elements, kBytes / sizeof(T), spoiler());
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        elements[layout.offset + i * layout.row + j * layout.column] =
            static_cast<T>(values[static_cast<std::size_t>(i * columns + j)]);
      }
    }
    mprotect(memory_, kBytes, PROT_READ);

    pet_tensor* tensor =
        detail::new_tensor(dtype_of<T>(), static_cast<std::int32_t>(shape.size()), shape.data(), 0);
    tensor->flags |= PET_TENSOR_READ_ONLY;
    tensor->array.data = memory_;
    tensor->array.byte_offset = static_cast<std::uint64_t>(layout.offset) * sizeof(T);
    tensor->array.strides[0] = layout.row;
    if (shape.size() == 2) tensor->array.strides[1] = layout.column;
    data_ = XYData::adopt(tensor);
  }
  LaidOut(const LaidOut&) = delete;
  ~LaidOut() { munmap(memory_, kBytes); }

  const XYData& data() const { return data_; }

 private:
  static constexpr std::size_t kBytes = 1 << 14;

  static T spoiler() {
    using Limits = std::numeric_limits<T>;
    return Limits::has_quiet_NaN ? Limits::quiet_NaN() : Limits::max();
  }

  void* memory_;
  XYData data_;
};

// Small whole numbers, which every type but bool holds; for bool, zeros and ones.
template <class T>
std::vector<double> numbers() {
  std::vector<double> out;
  for (std::int64_t i = 0; i < kRows * kColumns; ++i)
    out.push_back(static_cast<double>(i * i * 7 % 11 % (std::is_same_v<T, bool> ? 2 : 11)));
  return out;
}

std::vector<double> classes() {
  std::vector<double> out;
  for (std::int64_t i = 0; i < kRows; ++i) out.push_back(static_cast<double>(i * 5 % 7 % 2));
  return out;
}

// Everything that an instance says about x and y.
std::vector<double> answers_of(const std::string& name, const XYData& x, const XYData& y) {
  BasePlugin subject = new_subject(name);
  if (subject.get_class().kind() == "metric") {
    std::vector<std::int64_t> order;
    for (std::int64_t i = 0; i < kRows; ++i) order.push_back(i * 7 % kRows);
    return {subject.measure(&x, &y, y.take_rows(order.data(), order.size()))};
  }
  subject.fit(x, y);
  const XYData predicted = subject.predict(x);
  std::vector<double> out = predicted.converted<double>();
  if (subject.has("evaluate")) {
    for (const auto& score : subject.evaluate(x, y, predicted)) out.push_back(score.second);
  }
  if (subject.has("split")) {
    for (const BasePlugin::Fold& fold : subject.split(x, &y))
      out.insert(out.end(), fold.test.begin(), fold.test.end());
  }
  if (subject.has("optimize")) {
    for (const BasePlugin::Trial& trial : subject.optimize(x, &y)) out.push_back(trial.score);
  }
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("every built-in takes x of every type, strided and read-only", "[plugins]",
                   double, float, std::int32_t, std::int64_t, bool) {
  const std::vector<double> values = numbers<TestType>();
  const Shape shape{kRows, kColumns};
  const XYData x = XYData::mock(values, shape);
  const XYData y = XYData::mock(XYData::mock(classes()).converted<std::int64_t>());
  for (const std::string& name : built_in_names()) {
    const std::vector<double> expected = answers_of(name, x, y);
    for (const Layout& layout : layouts(kRows, kColumns)) {
      INFO(name << ", " << dtype_name(dtype_of<TestType>()) << ", " << layout.name);
      const LaidOut<TestType> laid_out(values, shape, layout);
      const std::vector<double> actual = answers_of(name, laid_out.data(), y);
      if (std::is_same_v<TestType, float>) {  // float32 stays float32 where answers are numbers
        CHECK_THAT(actual, Catch::Matchers::Approx(expected).epsilon(1e-6).margin(1e-6));
      } else {
        CHECK(actual == expected);
      }
    }
  }
}

TEMPLATE_TEST_CASE("every built-in takes labels of every type, strided and read-only", "[plugins]",
                   double, float, std::int32_t, std::int64_t, bool) {
  const XYData x = XYData::mock(numbers<double>(), {kRows, kColumns});
  const XYData y = XYData::mock(XYData::mock(classes()).converted<std::int64_t>());
  for (const std::string& name : built_in_names()) {
    const std::vector<double> expected = answers_of(name, x, y);
    for (const Shape& shape : {Shape{kRows}, Shape{kRows, 1}}) {
      for (const Layout& layout : layouts(kRows, 1)) {
        INFO(name << ", " << dtype_name(dtype_of<TestType>()) << " "
                  << shape_text(shape.data(), static_cast<std::int32_t>(shape.size())) << ", "
                  << layout.name);
        const LaidOut<TestType> labels(classes(), shape, layout);
        CHECK(answers_of(name, x, labels.data()) == expected);
      }
    }
  }
}

TEST_CASE("pipelines give their filters and metrics x and y where these lie", "[plugins]") {
  const LaidOut<double> table(numbers<double>(), {kRows, kColumns}, layouts(kRows, kColumns)[1]);
  const LaidOut<double> column(classes(), {kRows}, layouts(kRows, 1)[2]);
  const XYData& x = table.data();
  const XYData& y = column.data();
  const Seen seen_x{x.raw_data(), x.strides(), true};
  const Seen seen_y{y.raw_data(), y.strides(), true};
  const auto new_filter = [] { return PetClass::compiled_in(entry_of<LookingFilter>()).create(); };
  const auto new_metric = [] { return PetClass::compiled_in(entry_of<LookingMetric>()).create(); };
  const auto made = [](std::string_view name, ParamObject params) {
    const Container container({.cache = BinaryCache::in_memory(), .builtins = builtins()});
    return container.ppif[std::string(name)].create(std::move(params));
  };
  BasePlugin pipelines[] = {
      new_filter(),
      made("F3Pipeline", {{"filters", ParamList{new_filter()}}}),
      made("MonoPipeline", {{"filters", ParamList{new_filter()}}}),
      made("LocalThreadPipeline", {{"filters", ParamList{new_filter()}}}),
      made("Cached", {{"filter", new_filter()}}),
  };
  for (BasePlugin& pipeline : pipelines) {
    INFO(pipeline.get_class().name());
    seen.clear();
    pipeline.fit(x, y);
    pipeline.predict(x);
    CHECK(seen == std::vector<Seen>{seen_x, seen_y, seen_x});
  }
  for (const char* name : {"F3Pipeline", "MonoPipeline"}) {
    const BasePlugin pipeline =
        made(name, {{"filters", ParamList{new_filter()}}, {"metrics", ParamList{new_metric()}}});
    seen.clear();
    pipeline.evaluate(x, y, y);
    CHECK(seen == std::vector<Seen>{seen_x, seen_y, seen_y});
  }
}

}  // namespace pet::test

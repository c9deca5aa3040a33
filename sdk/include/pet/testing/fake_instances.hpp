// Instance, and pet.instances/1 of a FakeHost over compiled-in classes. Included by
// pet/testing/fake_host.hpp.
#pragma once

#include "pet/testing/fake_host.hpp"

namespace pet::testing {

// ---- creation ----

// The table of pet.instances/1: a pet_child is a Ticket of an Instance::Body, a pet_class is a
// pet_entry.
class FakeInstances {
 public:
  using Body = Instance::Body;

  static const pet_host_instances_v1& table();

  static std::shared_ptr<Body> create(FakeHost& host, const pet_entry& entry,
                                      const Object& params) {
    auto body = std::make_shared<Body>(host, entry);
    body->notes = NotesReader::read(detail::view_of(entry.notes));
    for (const ParamNote& param : body->notes.params) {
      if (const Value* given = params.find(param.name)) {
        body->params[param.name] = *given;
      } else if (param.default_value) {
        body->params[param.name] = *param.default_value;
      }
    }
    for (const Field& field : params) body->params[field.key] = field.value;
    for (const Field& field : body->params) body->keep_children(field.value);
    const ValueView view(body->params);
    Instance::checked([&](pet_failure* failure) {
      return entry.create(host.get(), view.get(), &body->object, failure);
    });
    return body;
  }

 private:
  using HostPtr = const pet_host*;
  using Kid = const pet_child*;
  using In = const pet_tensor*;

  // The table, part by part: what a child is, calls with one answer, calls with many, state and
  // ownership.
  static void add_descriptions(pet_host_instances_v1& t);
  static void add_calls(pet_host_instances_v1& t);
  static void add_streams(pet_host_instances_v1& t);
  static void add_lifetimes(pet_host_instances_v1& t);

  static Body& body(const pet_child* child) { return Body::of(child); }
  static Instance instance(const pet_child* child) {
    return Instance(body(child).shared_from_this());
  }

  // ---- {path: value} applied to a tree ----

  // What of `overrides` lies below `key`; the path of what replaces it as a whole is empty.
  static Object below(const Object& overrides, const std::string& key) {
    Object out;
    for (const Field& field : overrides) {
      if (field.key == key) out[""] = field.value;
      if (field.key.compare(0, key.size() + 1, key + "/") == 0)
        out[field.key.substr(key.size() + 1)] = field.value;
    }
    return out;
  }
  static Object changed_fields(const Object& fields, const Object& overrides, Body& parent) {
    Object out;
    for (const Field& field : fields)
      out[field.key] = changed(field.value, below(overrides, field.key), parent);
    for (const Field& override : overrides) {
      const std::string first = override.key.substr(0, override.key.find('/'));
      if (!fields.contains(first)) throw Failure::bad_params("no parameter '" + override.key + "'");
    }
    return out;
  }
  // Copies `value`, with new instances in it; `parent` keeps those alive until somebody else does.
  static Value changed(const Value& value, const Object& overrides, Body& parent) {
    if (const Value* whole = overrides.find("")) return *whole;
    if (value.type() == PET_TYPE_INSTANCE) {
      parent.children.push_back(cloned(body(value.as_instance()), overrides));
      return parent.children.back()->value();
    }
    if (value.type() == PET_TYPE_LIST) {
      Value::List out;
      for (const Value& item : value.as_list()) {
        out.push_back(changed(item, below(overrides, std::to_string(out.size())), parent));
      }
      return out;
    }
    if (value.type() == PET_TYPE_OBJECT)
      return changed_fields(value.as_object(), overrides, parent);
    return value;
  }
  static std::shared_ptr<Body> cloned(Body& original, const Object& overrides) {
    Body keeper(original.host, original.entry);
    std::shared_ptr<Body> out =
        create(original.host, original.entry, changed_fields(original.params, overrides, keeper));
    out->grid = original.grid;
    return out;
  }

  // ---- descriptions ----

  static const pet_value* keep(Body& body, Value value) {
    auto kept =
        std::make_unique<std::pair<Value, std::unique_ptr<ValueView>>>(std::move(value), nullptr);
    kept->second = std::make_unique<ValueView>(kept->first);
    body.kept.push_back(std::move(kept));
    return body.kept.back()->second->get();
  }
  static Value described(const Value& value) {
    if (value.type() == PET_TYPE_INSTANCE) return described(body(value.as_instance()));
    if (value.type() == PET_TYPE_CLASS) {
      const auto* entry = reinterpret_cast<const pet_entry*>(value.as_class());
      return node_of(NotesReader::read(detail::view_of(entry->notes)));
    }
    if (value.type() == PET_TYPE_LIST) {
      Value::List out;
      for (const Value& item : value.as_list()) out.push_back(described(item));
      return out;
    }
    if (value.type() == PET_TYPE_OBJECT) return described(value.as_object());
    return value;
  }
  static Value described(const Object& fields) {
    Object out;
    for (const Field& field : fields) out[field.key] = described(field.value);
    return out;
  }
  static Value described(const Body& of) {
    Object out = node_of(of.notes);
    out["params"] = described(of.params);
    return out;
  }
  // All classes are compiled in here: a version is all that tells two of a name apart.
  static Object node_of(const Notes& notes) {
    Object out{{"clazz", notes.class_name}, {"version_hash", null}};
    if (!notes.version.empty()) out["builtin"] = notes.version;
    return out;
  }
  static void collect_grid(const Value& value, const std::string& path, Object& out) {
    const std::string prefix = path.empty() ? "" : path + "/";
    if (value.type() == PET_TYPE_INSTANCE) {
      const Body& of = body(value.as_instance());
      for (const Field& field : of.grid) {
        const bool is_list = field.value.type() == PET_TYPE_LIST;
        out[prefix + field.key] = is_list ? field.value : Value(Value::List{field.value});
      }
      for (const Field& field : of.params) collect_grid(field.value, prefix + field.key, out);
    } else if (value.type() == PET_TYPE_LIST) {
      const Value::List& list = value.as_list();
      for (std::size_t i = 0; i < list.size(); ++i)
        collect_grid(list[i], prefix + std::to_string(i), out);
    } else if (value.type() == PET_TYPE_OBJECT) {
      for (const Field& field : value.as_object())
        collect_grid(field.value, prefix + field.key, out);
    }
  }

  static pet_status clone(const pet_child* child, const pet_value* overrides, pet_child** out,
                          pet_failure* failure) {
    return detail::guarded(failure, [&] {
      const Object changes =
          overrides == nullptr ? Object() : Value::copy_of(*overrides).as_object();
      *out = give(cloned(body(child), changes));
    });
  }
  // A child that release() ends: the pointer it hands out keeps itself alive until then.
  static pet_child* give(std::shared_ptr<Body> owned) {
    pet_child* child = owned->value().as_instance();
    const std::lock_guard<std::mutex> lock(owners_mutex());
    owners()[child] = std::move(owned);
    return child;
  }
  static void release(pet_child* child) {
    std::shared_ptr<Body> last;  // dies after the lock: an instance may release children of its own
    const std::lock_guard<std::mutex> lock(owners_mutex());
    const auto found = owners().find(child);
    if (found == owners().end()) std::abort();  // released twice, or a child that is only borrowed
    last = std::move(found->second);
    owners().erase(found);
  }
  static std::map<pet_child*, std::shared_ptr<Body>>& owners() {
    static auto& map = *new std::map<pet_child*, std::shared_ptr<Body>>;
    return map;
  }
  static std::mutex& owners_mutex() {
    static auto& mutex = *new std::mutex;
    return mutex;
  }
};

inline void Instance::Body::keep_children(const Value& value) {
  if (value.type() == PET_TYPE_INSTANCE) {
    children.push_back(of(value.as_instance()).shared_from_this());
  } else if (value.type() == PET_TYPE_LIST) {
    for (const Value& item : value.as_list()) keep_children(item);
  } else if (value.type() == PET_TYPE_OBJECT) {
    for (const Field& field : value.as_object()) keep_children(field.value);
  }
}

inline const pet_host_instances_v1& FakeInstances::table() {
  static const pet_host_instances_v1 kTable = [] {
    pet_host_instances_v1 t{};
    t.size = sizeof t;
    add_descriptions(t);
    add_calls(t);
    add_streams(t);
    add_lifetimes(t);
    return t;
  }();
  return kTable;
}

inline void FakeInstances::add_descriptions(pet_host_instances_v1& t) {
  t.class_name = [](HostPtr, Kid child) { return body(child).entry.class_name; };
  t.kind = [](HostPtr, Kid child) { return detail::text_of(body(child).notes.kind); };
  t.has = [](HostPtr, Kid child, const char* id) -> std::int32_t {
    return body(child).find(id) != nullptr ? 1 : 0;
  };
  t.describe = [](HostPtr, Kid child) { return keep(body(child), described(body(child))); };
  t.grid = [](HostPtr, Kid child) {
    Object grid;
    collect_grid(Value::instance(const_cast<pet_child*>(child)), "", grid);
    return keep(body(child), std::move(grid));
  };
}

inline void FakeInstances::add_calls(pet_host_instances_v1& t) {
  t.predict = [](HostPtr, Kid child, In x, pet_tensor** out, pet_failure* failure) {
    return detail::guarded(failure,
                           [&] { *out = instance(child).predict(XYData::borrow(x)).release(); });
  };
  t.fit = [](HostPtr, pet_child* child, In x, In y, pet_failure* failure) {
    return detail::guarded(failure,
                           [&] { instance(child).fit(XYData::borrow(x), XYData::borrow(y)); });
  };
  t.measure = [](HostPtr, Kid child, In x, In y_true, In y_pred, double* out,
                 pet_failure* failure) {
    return detail::guarded(failure, [&] {
      *out = instance(child).measure(XYData::borrow(x), XYData::borrow(y_true),
                                     XYData::borrow(y_pred));
    });
  };
  t.higher_better = [](HostPtr, Kid child) -> std::int32_t {
    const void* metric = body(child).find(PET_METRIC_1);
    return metric != nullptr && static_cast<const pet_metric_v1*>(metric)->higher_better != 0 ? 1
                                                                                              : 0;
  };
}

inline void FakeInstances::add_streams(pet_host_instances_v1& t) {
  t.evaluate = [](HostPtr, Kid child, In x, In y_true, In y_pred, const pet_scores* scores,
                  pet_failure* failure) {
    return detail::guarded(failure, [&] {
      Scores sink(scores);
      const auto found = instance(child).evaluate(XYData::borrow(x), XYData::borrow(y_true),
                                                  XYData::borrow(y_pred));
      for (const Score& score : found) sink.add(score.name, score.value);
    });
  };
  t.split = [](HostPtr, Kid child, In x, In y, const pet_folds* folds, pet_failure* failure) {
    return detail::guarded(failure, [&] {
      Folds sink(folds);
      for (const Fold& fold : instance(child).split(XYData::borrow(x), XYData::borrow(y))) {
        sink.add(fold.train, fold.test);
      }
    });
  };
}

inline void FakeInstances::add_lifetimes(pet_host_instances_v1& t) {
  t.save_state = [](HostPtr, Kid child, const pet_sink* sink, pet_failure* failure) {
    return detail::guarded(failure, [&] {
      const std::string bytes = instance(child).save();
      sink->write(sink->context, bytes.data(), bytes.size());
    });
  };
  t.load_state = [](HostPtr, pet_child* child, pet_text bytes, pet_failure* failure) {
    return detail::guarded(failure, [&] { instance(child).load(detail::view_of(bytes)); });
  };
  t.clone = [](HostPtr, Kid child, const pet_value* overrides, pet_child** out,
               pet_failure* failure) { return clone(child, overrides, out, failure); };
  t.instantiate = [](HostPtr host, pet_class* clazz, const pet_value* params, pet_child** out,
                     pet_failure* failure) {
    return detail::guarded(failure, [&] {
      const Object given = params == nullptr ? Object() : Value::copy_of(*params).as_object();
      const auto& entry = *reinterpret_cast<const pet_entry*>(clazz);
      *out = give(create(*static_cast<FakeHost*>(host->context), entry, given));
    });
  };
  t.release = [](HostPtr, pet_child* child) { release(child); };
}

// ---- calls through the class's tables ----

inline Instance Instance::create(FakeHost& host, const pet_entry& entry, const Object& params) {
  return Instance(FakeInstances::create(host, entry, params));
}

inline XYData Instance::predict(const XYData& x) const {
  pet_tensor* out = nullptr;
  const auto& table = body_->need<pet_filter_v1>(PET_FILTER_1);
  checked(
      [&](pet_failure* failure) { return table.predict(body_->object, x.get(), &out, failure); });
  return XYData::adopt(out);
}

inline void Instance::fit(const XYData& x, const XYData& y) {
  const auto& table = body_->need<pet_filter_v1>(PET_FILTER_1);
  if (table.fit == nullptr)
    throw Failure::not_trainable(body_->notes.class_name + " learns nothing");
  checked(
      [&](pet_failure* failure) { return table.fit(body_->object, x.get(), y.get(), failure); });
}

inline double Instance::measure(const XYData& x, const XYData& y_true, const XYData& y_pred) const {
  double out = 0;
  const auto& table = body_->need<pet_metric_v1>(PET_METRIC_1);
  checked([&](pet_failure* failure) {
    return table.measure(body_->object, x.get(), y_true.get(), y_pred.get(), &out, failure);
  });
  return out;
}

inline bool Instance::higher_better() const {
  return body_->need<pet_metric_v1>(PET_METRIC_1).higher_better != 0;
}

inline std::vector<Score> Instance::evaluate(const XYData& x, const XYData& y_true,
                                             const XYData& y_pred) const {
  std::vector<Score> scores;
  const pet_scores sink{sizeof(pet_scores), 0, &scores,
                        [](void* context, pet_text name, double value) {
                          static_cast<std::vector<Score>*>(context)->push_back(
                              {std::string(detail::view_of(name)), value});
                        }};
  const auto& table = body_->need<pet_pipeline_v1>(PET_PIPELINE_1);
  checked([&](pet_failure* failure) {
    return table.evaluate(body_->object, x.get(), y_true.get(), y_pred.get(), &sink, failure);
  });
  return scores;
}

inline std::vector<Fold> Instance::split(const XYData& x, const XYData& y) const {
  std::vector<Fold> folds;
  const auto add = [](void* context, const std::int64_t* train, std::uint64_t train_count,
                      const std::int64_t* test, std::uint64_t test_count) -> pet_status {
    static_cast<std::vector<Fold>*>(context)->push_back(
        {{train, train + train_count}, {test, test + test_count}});
    return PET_OK;
  };
  const pet_folds sink{sizeof(pet_folds), 0, &folds, add};
  const auto& table = body_->need<pet_splitter_v1>(PET_SPLITTER_1);
  checked([&](pet_failure* failure) {
    return table.split(body_->object, x.get(), y.get(), &sink, failure);
  });
  return folds;
}

inline std::vector<Trial> Instance::optimize(const XYData& x, const XYData& y) {
  std::vector<Trial> trials;
  const pet_trials sink{sizeof(pet_trials), 0, &trials,
                        [](void* context, const pet_value* overrides, double score) {
                          static_cast<std::vector<Trial>*>(context)->push_back(
                              {Value::copy_of(*overrides).as_object(), score});
                        }};
  const auto& table = body_->need<pet_optimizer_v1>(PET_OPTIMIZER_1);
  checked([&](pet_failure* failure) {
    return table.optimize(body_->object, x.get(), y.get(), &sink, failure);
  });
  return trials;
}

inline std::string Instance::save() const {
  std::string bytes;
  const pet_sink sink{sizeof(pet_sink), 0, &bytes, Host::append};
  const auto& table = body_->need<pet_state_v1>(PET_STATE_1);
  checked([&](pet_failure* failure) { return table.save(body_->object, &sink, failure); });
  return bytes;
}

inline void Instance::load(std::string_view state) {
  const auto& table = body_->need<pet_state_v1>(PET_STATE_1);
  checked([&](pet_failure* failure) {
    return table.load(body_->object, detail::text_of(state), failure);
  });
}

inline void Instance::set(std::string_view name, const Value& value) {
  const ValueView view(value);
  const auto& table = body_->need<pet_params_v1>(PET_PARAMS_1);
  checked([&](pet_failure* failure) {
    return table.set(body_->object, detail::text_of(name), view.get(), failure);
  });
  body_->params[name] = value;
}

}  // namespace pet::testing

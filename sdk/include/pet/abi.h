/* abi.h: the boundary between a host and a plugin binary. C99, and the same layout in C11 and C++.
 *
 * A plugin binary exports one data symbol, `pet_entry_v1`, of type pet_entry. Only what stands in
 * this file crosses the boundary: no C++ class, no exception, no allocation that the other side
 * would have to free by itself. Authors rarely read this file; pet/filter.hpp and its neighbours
 * are C++17 sugar over it, and a plugin in plain C includes just this.
 *
 * Growth: every table begins with its size in bytes. Within a major version tables grow at the end
 * only, and new abilities are new interfaces found by id, so that a reader checks `size` before it
 * uses a slot that came later. Values, tensors and texts are fixed for the major version.
 *
 * Threads, the tag of each function:
 *   [any]        from any thread, also while other calls run on the same object
 *   [exclusive]  the host makes no other call on the same instance meanwhile
 *
 * Ownership: pointers passed to a call are borrowed for that call, unless said otherwise. A host
 * table and everything that its query() returned live longer than the instance created with it.
 *
 * Failure: a fallible function returns a pet_status; on anything but PET_OK it writes a text into
 * the pet_failure given with the call. Nothing is thrown across, nothing is kept in thread-locals.
 */
#ifndef PET_ABI_H
#define PET_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PET_ABI_MAJOR 1
#define PET_ABI_MINOR 0
#define PET_ENTRY_SYMBOL "pet_entry_v1"

/* ---- texts, failures ------------------------------------------------------------------------ */

/* UTF-8, not terminated. data may be NULL when size is 0. */
typedef struct pet_text {
  const char* data;
  uint64_t size;
} pet_text;

typedef int32_t pet_status;
enum {
  PET_OK = 0,
  PET_FAILED = 1,        /* anything the class reports without a better code */
  PET_BAD_PARAMS = 2,    /* a parameter's value is outside what the class accepts */
  PET_BAD_INPUT = 3,     /* data of the wrong shape, type or content */
  PET_NOT_TRAINABLE = 4, /* fit on a class that learns nothing */
  PET_NOT_FITTED = 5,    /* predict before fit */
  PET_UNSUPPORTED = 6,   /* the host or the class lacks the ability asked for */
  PET_OUT_OF_MEMORY = 7,
  PET_CANCELLED = 8,
  PET_BAD_STATE = 9, /* saved state that is damaged, too new or another class's */
  PET_ABSENT = 10    /* a blob that is not there */
};

/* Where a failing call writes its reason. The caller owns `text`; the callee writes at most
 * `capacity` bytes of UTF-8 and sets `length` to what it wrote. */
typedef struct pet_failure {
  uint32_t size; /* of this struct */
  uint32_t reserved;
  char* text;
  uint64_t capacity;
  uint64_t length;
} pet_failure;

/* ---- values --------------------------------------------------------------------------------- */

typedef struct pet_child pet_child; /* an instance that the host holds for a parent */
typedef struct pet_class pet_class; /* a class, by itself, as a value */

enum {
  PET_TYPE_NULL = 0,
  PET_TYPE_BOOL = 1,
  PET_TYPE_INT64 = 2,
  PET_TYPE_FLOAT64 = 3,
  PET_TYPE_TEXT = 4,
  PET_TYPE_LIST = 5,
  PET_TYPE_OBJECT = 6,
  PET_TYPE_INSTANCE = 7,
  PET_TYPE_CLASS = 8,
  PET_TYPE_ANY = 255 /* in the type of a parameter only */
};

typedef struct pet_value pet_value;
typedef struct pet_field pet_field;

struct pet_value {
  uint32_t type;
  uint32_t reserved;
  union {
    uint64_t boolean; /* 0 or 1 */
    int64_t int64;
    double float64;
    pet_text text;
    struct {
      const pet_value* items;
      uint64_t count;
    } list;
    struct {
      const pet_field* fields; /* in the order of the document; keys are unique */
      uint64_t count;
    } object;
    pet_child* instance; /* borrowed: the host keeps it alive for as long as the parent lives */
    pet_class* clazz;    /* likewise */
  } as;
};

struct pet_field {
  pet_text key;
  pet_value value;
};

/* ---- tensors: the layout of DLPack 1.x ------------------------------------------------------- */

/* pet_tensor is DLManagedTensorVersioned of DLPack 1.0 (https://dmlc.github.io/dlpack), declared
 * here because a plugin needs no third-party header. Data is on the CPU (device_type 1). `strides`
 * counts elements; writers always fill it in, readers take NULL as row-major and contiguous.
 * Alignment beyond the element's own is not promised. */
typedef struct pet_dtype {
  uint8_t code; /* PET_DTYPE_* */
  uint8_t bits;
  uint16_t lanes; /* 1 */
} pet_dtype;

enum { PET_DTYPE_INT = 0, PET_DTYPE_UINT = 1, PET_DTYPE_FLOAT = 2, PET_DTYPE_BOOL = 6 };
enum { PET_DEVICE_CPU = 1 };
#define PET_TENSOR_READ_ONLY ((uint64_t)1)

typedef struct pet_array {
  void* data;
  struct {
    int32_t device_type;
    int32_t device_id;
  } device;
  int32_t ndim;
  pet_dtype dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} pet_array;

typedef struct pet_tensor pet_tensor;
struct pet_tensor {
  struct {
    uint32_t major;
    uint32_t minor;
  } version; /* of DLPack: 1.0 */
  void* manager;
  void (*deleter)(pet_tensor* self); /* NULL: borrowed */
  uint64_t flags;
  pet_array array;
};

/* ---- the host, as a plugin sees it ----------------------------------------------------------- */

typedef struct pet_host pet_host;
struct pet_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* context; /* the host's own */
  /* The table of a service, or NULL when this host has none. [any] */
  const void* (*query)(const pet_host* self, const char* id);
};

/* Outputs come from here, so that they outlive the plugin: the deleter is the host's. */
#define PET_HOST_MEMORY_1 "pet.memory/1"
typedef struct pet_host_memory_v1 {
  uint32_t size;
  uint32_t reserved;
  /* A new row-major tensor, uninitialised; NULL when there is no memory or the shape overflows.
   * [any] */
  pet_tensor* (*tensor_new)(const pet_host* host, pet_dtype dtype, int32_t ndim,
                            const int64_t* shape);
} pet_host_memory_v1;

#define PET_HOST_LOG_1 "pet.log/1"
enum { PET_LOG_DEBUG = 0, PET_LOG_INFO = 1, PET_LOG_WARNING = 2, PET_LOG_ERROR = 3 };
typedef struct pet_host_log_v1 {
  uint32_t size;
  uint32_t reserved;
  void (*write)(const pet_host* host, int32_t level, pet_text message); /* [any] */
} pet_host_log_v1;

/* A plugin starts no threads of its own: a thread of a plugin's cannot outlive its library. */
#define PET_HOST_PARALLEL_1 "pet.parallel/1"
typedef struct pet_host_parallel_v1 {
  uint32_t size;
  uint32_t reserved;
  /* Threads that for_each may use, at least 1. [any] */
  uint32_t (*concurrency)(const pet_host* host);
  /* Calls body(context, i, failure) for every i < count, on the host's threads and the caller's;
   * returns when all are done: the status of the lowest failing index, with its text. [any] */
  pet_status (*for_each)(const pet_host* host, uint64_t count,
                         pet_status (*body)(void* context, uint64_t index, pet_failure* failure),
                         void* context, pet_failure* failure);
} pet_host_parallel_v1;

/* Long work asks now and then whether its caller still wants the answer. */
#define PET_HOST_CANCEL_1 "pet.cancel/1"
typedef struct pet_host_cancel_v1 {
  uint32_t size;
  uint32_t reserved;
  int32_t (*requested)(const pet_host* host); /* 1 or 0. [any] */
} pet_host_cancel_v1;

/* Takes bytes from the callee; called any number of times during one call. */
typedef struct pet_sink {
  uint32_t size;
  uint32_t reserved;
  void* context;
  pet_status (*write)(void* context, const void* data, uint64_t size);
} pet_sink;

/* Content-hashed storage, for results and models that a wrapper keeps. */
#define PET_HOST_BLOBS_1 "pet.blobs/1"
typedef struct pet_host_blobs_v1 {
  uint32_t size;
  uint32_t reserved;
  /* SHA-256 over the parts in order, as 64 lower-case hex digits. [any] */
  pet_status (*digest)(const pet_host* host, const pet_text* parts, uint64_t count, char hex[64],
                       pet_failure* failure);
  /* The bytes under a key ([A-Za-z0-9._-], 1 to 128 characters, no '.' first); PET_ABSENT when
   * there are none. [any] */
  pet_status (*get)(const pet_host* host, pet_text key, const pet_sink* sink, pet_failure* failure);
  pet_status (*put)(const pet_host* host, pet_text key, pet_text bytes, pet_failure* failure);
} pet_host_blobs_v1;

/* Receives the named results of an evaluation. */
typedef struct pet_scores {
  uint32_t size;
  uint32_t reserved;
  void* context;
  void (*add)(void* context, pet_text name, double value);
} pet_scores;

/* Receives the folds of a splitter: row indices, borrowed for the call. */
typedef struct pet_folds {
  uint32_t size;
  uint32_t reserved;
  void* context;
  pet_status (*add)(void* context, const int64_t* train, uint64_t train_count, const int64_t* test,
                    uint64_t test_count);
} pet_folds;

/* Receives the trials of an optimizer: what was changed (an object) and how it scored. */
typedef struct pet_trials {
  uint32_t size;
  uint32_t reserved;
  void* context;
  void (*add)(void* context, const pet_value* overrides, double score);
} pet_trials;

/* Child instances. A child that came as a parameter is borrowed, for the parent's life; one from
 * clone() or instantiate() is owned by whoever asked, until release(). The host destroys a parent
 * before its children. Calls on a child obey the tags of the interface that they reach. */
#define PET_HOST_INSTANCES_1 "pet.instances/1"
typedef struct pet_host_instances_v1 {
  uint32_t size;
  uint32_t reserved;
  pet_text (*class_name)(const pet_host* host, const pet_child* child); /* [any] */
  pet_text (*kind)(const pet_host* host, const pet_child* child); /* "filter", "metric"… [any] */
  /* 1 when the child's class has the interface ("pet.filter/1"); PET_FILTER_FIT asks for fit.
   * [any] */
  int32_t (*has)(const pet_host* host, const pet_child* child, const char* id);
  /* The child's dump {clazz, version_hash, params}; valid for the child's life. The node of a class
   * without a hash (version_hash is null) has "builtin", its version, if it has one. [any] */
  const pet_value* (*describe)(const pet_host* host, const pet_child* child);
  /* {path: [values]} of every `_grid` in the child's tree, valid for the child's life. A path names
   * a parameter from the child down: "n_neighbors", "filters/1/n_neighbors". [any] */
  const pet_value* (*grid)(const pet_host* host, const pet_child* child);
  pet_status (*predict)(const pet_host* host, const pet_child* child, const pet_tensor* x,
                        pet_tensor** out, pet_failure* failure); /* [any] */
  pet_status (*fit)(const pet_host* host, pet_child* child, const pet_tensor* x,
                    const pet_tensor* y, pet_failure* failure); /* [exclusive] y may be NULL */
  pet_status (*measure)(const pet_host* host, const pet_child* metric, const pet_tensor* x,
                        const pet_tensor* y_true, const pet_tensor* y_pred, double* out,
                        pet_failure* failure); /* [any] */
  int32_t (*higher_better)(const pet_host* host, const pet_child* metric); /* [any] */
  pet_status (*evaluate)(const pet_host* host, const pet_child* pipeline, const pet_tensor* x,
                         const pet_tensor* y_true, const pet_tensor* y_pred,
                         const pet_scores* scores, pet_failure* failure); /* [any] */
  pet_status (*split)(const pet_host* host, const pet_child* splitter, const pet_tensor* x,
                      const pet_tensor* y, const pet_folds* folds,
                      pet_failure* failure); /* [any] */
  pet_status (*save_state)(const pet_host* host, const pet_child* child, const pet_sink* sink,
                           pet_failure* failure); /* [any] */
  pet_status (*load_state)(const pet_host* host, pet_child* child, pet_text bytes,
                           pet_failure* failure); /* [exclusive] */
  /* A new, unfitted instance like `child`, with `overrides` (an object of path: value, or NULL)
   * applied anywhere in its tree. [any] */
  pet_status (*clone)(const pet_host* host, const pet_child* child, const pet_value* overrides,
                      pet_child** out, pet_failure* failure);
  /* A new instance of a class that came as a parameter. `params` is an object or NULL. [any] */
  pet_status (*instantiate)(const pet_host* host, pet_class* clazz, const pet_value* params,
                            pet_child** out, pet_failure* failure);
  void (*release)(const pet_host* host, pet_child* child); /* of clone() and instantiate() only */
} pet_host_instances_v1;
#define PET_FILTER_FIT "pet.filter.fit/1"

/* ---- the plugin, as the host sees it --------------------------------------------------------- */

typedef struct pet_instance pet_instance; /* the class's own */

/* Describes itself by the same notes that stand in the binary's PT_NOTE segment, so that
 * compiled-in classes are described too and a binary whose entry and notes disagree is noticed. */
typedef struct pet_entry {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  pet_text class_name;
  pet_text notes;
  /* `params` is an object with every declared parameter, defaults filled in, in declared order;
   * extra fields follow when the class declares open parameters. The values are borrowed for the
   * call; `host`, and instances and classes among the values, for the instance's life. [any] */
  pet_status (*create)(const pet_host* host, const pet_value* params, pet_instance** out,
                       pet_failure* failure);
  void (*destroy)(pet_instance* self); /* [exclusive] */
  /* The table of an interface of this class, or NULL. The same pointer for the library's life.
   * [any] */
  const void* (*query)(const char* id);
} pet_entry;

#define PET_FILTER_1 "pet.filter/1"
typedef struct pet_filter_v1 {
  uint32_t size;
  uint32_t reserved;
  /* *out: a tensor from tensor_new. One with another deleter is copied and released by the host
   * before the call returns to its user. [any] */
  pet_status (*predict)(const pet_instance* self, const pet_tensor* x, pet_tensor** out,
                        pet_failure* failure);
  /* NULL when the class learns nothing. y may be NULL. [exclusive] */
  pet_status (*fit)(pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                    pet_failure* failure);
} pet_filter_v1;

#define PET_METRIC_1 "pet.metric/1"
typedef struct pet_metric_v1 {
  uint32_t size;
  uint32_t higher_better; /* 1 or 0 */
  /* x and y_true may be NULL for metrics that do not look at them. [any] */
  pet_status (*measure)(const pet_instance* self, const pet_tensor* x, const pet_tensor* y_true,
                        const pet_tensor* y_pred, double* out, pet_failure* failure);
} pet_metric_v1;

/* A pipeline is a filter that also scores itself, by metrics of its own or by name. */
#define PET_PIPELINE_1 "pet.pipeline/1"
typedef struct pet_pipeline_v1 {
  uint32_t size;
  uint32_t reserved;
  pet_status (*evaluate)(const pet_instance* self, const pet_tensor* x, const pet_tensor* y_true,
                         const pet_tensor* y_pred, const pet_scores* scores,
                         pet_failure* failure); /* [any] */
} pet_pipeline_v1;

#define PET_SPLITTER_1 "pet.splitter/1"
typedef struct pet_splitter_v1 {
  uint32_t size;
  uint32_t reserved;
  /* y may be NULL for splitters that do not stratify. [any] */
  pet_status (*split)(const pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                      const pet_folds* folds, pet_failure* failure);
} pet_splitter_v1;

/* Searches parameters of a pipeline; afterwards the instance predicts as the best one found. */
#define PET_OPTIMIZER_1 "pet.optimizer/1"
typedef struct pet_optimizer_v1 {
  uint32_t size;
  uint32_t reserved;
  pet_status (*optimize)(pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                         const pet_trials* trials, pet_failure* failure); /* [exclusive] */
} pet_optimizer_v1;

/* What fit learned, as bytes that travel between machines. */
#define PET_STATE_1 "pet.state/1"
typedef struct pet_state_v1 {
  uint32_t size;
  uint32_t schema; /* grows when older readers could not understand the bytes */
  pet_status (*save)(const pet_instance* self, const pet_sink* sink,
                     pet_failure* failure); /* [any] */
  pet_status (*load)(pet_instance* self, pet_text bytes, pet_failure* failure); /* [exclusive] */
} pet_state_v1;

/* Changes a parameter after creation; only those noted as PET_PARAM_TUNABLE. */
#define PET_PARAMS_1 "pet.params/1"
typedef struct pet_params_v1 {
  uint32_t size;
  uint32_t reserved;
  pet_status (*set)(pet_instance* self, pet_text name, const pet_value* value,
                    pet_failure* failure); /* [exclusive] */
} pet_params_v1;

/* The class's predictions are numbers of clusters, its own: no labels of y, even where both are
 * integers. Has no functions: that query() knows it is all it says. */
#define PET_CLUSTERS_1 "pet.clusters/1"
typedef struct pet_clusters_v1 {
  uint32_t size;
  uint32_t reserved;
} pet_clusters_v1;

/* ---- notes: the facts of a class, readable without running anything -------------------------- */

/* An ELF note section, `.note.pet`, of consecutive notes: 4-byte namesz, descsz, type, then the
 * name "PetFactory" with its NUL, padded to 4 bytes, then the description padded to 4 bytes.
 * Little-endian, packed; no reader needs ELF to parse it, so other formats can carry the same
 * bytes.
 *
 *   u8 u16 u32 i64 f64   as they are           text   u32 length, bytes (UTF-8)
 *   value   u8 PET_TYPE_*, then: NULL nothing; BOOL u8; INT64 i64; FLOAT64 f64; TEXT text;
 *           LIST u32 count, values; OBJECT u32 count, (text, value)…       (at most 8 deep)
 *   type    u8 PET_TYPE_* of the value (of an element, in a list; ANY: anything), u8 flags
 */
#define PET_NOTE_NAME "PetFactory"
enum {
  PET_NOTE_ABI = 1,          /* u16 major, u16 minor                     once, required */
  PET_NOTE_CLASS = 2,        /* text: the class's name                   once, required */
  PET_NOTE_KIND = 3,         /* text: filter, metric, pipeline…          once, required */
  PET_NOTE_VERSION = 4,      /* text: the author's or the built-in's     once */
  PET_NOTE_DOC = 5,          /* text: one sentence on the class          once */
  PET_NOTE_INTERFACE = 6,    /* text: an id that query() knows           any number */
  PET_NOTE_STATE_SCHEMA = 7, /* u32                                      once, with pet.state/1 */
  PET_NOTE_ISA = 8,          /* text: "x86-64", "x86-64-v3", "aarch64"   once, required */
  PET_NOTE_COMPILER = 9,     /* text                                     once */
  PET_NOTE_OPEN_PARAMS = 10, /* nothing: the class takes undeclared ones once */
  /* u32 index, text name, type, u8 has default, value default if so, text doc */
  PET_NOTE_PARAM = 11
};
enum {
  PET_PARAM_NULLABLE = 1, /* null is accepted too */
  PET_PARAM_LIST = 2,     /* a list of the type */
  PET_PARAM_TUNABLE = 4   /* may be changed after creation, by pet.params/1 */
};

/* ---- the layout is frozen -------------------------------------------------------------------- */

#if defined(__cplusplus) && __cplusplus >= 201103L
#define PET_ASSERT_LAYOUT(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define PET_ASSERT_LAYOUT(condition, name) _Static_assert(condition, #name)
#else
#define PET_ASSERT_LAYOUT(condition, name) typedef char pet_layout_##name[(condition) ? 1 : -1]
#endif

#if UINTPTR_MAX == 0xffffffffffffffffu
PET_ASSERT_LAYOUT(sizeof(pet_text) == 16, text);
PET_ASSERT_LAYOUT(sizeof(pet_failure) == 32, failure);
PET_ASSERT_LAYOUT(sizeof(pet_value) == 24 && offsetof(pet_value, as) == 8, value);
PET_ASSERT_LAYOUT(sizeof(pet_field) == 40 && offsetof(pet_field, value) == 16, field);
PET_ASSERT_LAYOUT(sizeof(pet_array) == 48 && offsetof(pet_array, shape) == 24, array);
PET_ASSERT_LAYOUT(sizeof(pet_tensor) == 80 && offsetof(pet_tensor, array) == 32, tensor);
PET_ASSERT_LAYOUT(sizeof(pet_host) == 24 && offsetof(pet_host, query) == 16, host);
PET_ASSERT_LAYOUT(offsetof(pet_host_memory_v1, tensor_new) == 8, memory);
PET_ASSERT_LAYOUT(offsetof(pet_host_parallel_v1, for_each) == 16, parallel);
PET_ASSERT_LAYOUT(offsetof(pet_host_blobs_v1, put) == 24, blobs);
PET_ASSERT_LAYOUT(sizeof(pet_sink) == 24 && offsetof(pet_sink, write) == 16, sink);
PET_ASSERT_LAYOUT(offsetof(pet_host_instances_v1, describe) == 32, instances_describe);
PET_ASSERT_LAYOUT(offsetof(pet_host_instances_v1, predict) == 48, instances_predict);
PET_ASSERT_LAYOUT(offsetof(pet_host_instances_v1, clone) == 112, instances_clone);
PET_ASSERT_LAYOUT(sizeof(pet_host_instances_v1) == 136, instances);
PET_ASSERT_LAYOUT(sizeof(pet_entry) == 64 && offsetof(pet_entry, create) == 40, entry);
PET_ASSERT_LAYOUT(offsetof(pet_filter_v1, fit) == 16, filter);
PET_ASSERT_LAYOUT(offsetof(pet_metric_v1, measure) == 8, metric);
PET_ASSERT_LAYOUT(offsetof(pet_state_v1, load) == 16, state);
PET_ASSERT_LAYOUT(sizeof(pet_clusters_v1) == 8, clusters);
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PET_ABI_H */

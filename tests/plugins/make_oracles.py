#!/usr/bin/python3
"""Writes tests/data/plugins/*.txt: what scikit-learn answers to inputs that the data sets do not hold.

    apt-get install python3-sklearn
    /usr/bin/python3 tests/plugins/make_oracles.py

Made with scikit-learn 1.2.1 and numpy 1.24. The format is words between white space, read by
tests/plugins/oracle_file.hpp: `case NAME`, then named values: `text KEY WORD`, `number KEY VALUE`,
`matrix KEY ROWS COLUMNS VALUES…`. A column of labels is a matrix of one column.
"""
import pathlib
import warnings

import numpy as np
from sklearn.datasets import load_iris
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    completeness_score,
    f1_score,
    homogeneity_score,
    normalized_mutual_info_score,
    precision_score,
    recall_score,
    silhouette_score,
    v_measure_score,
)
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

warnings.simplefilter("ignore")  # zero divisions: the value is the oracle
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "plugins"
random = np.random.default_rng(7)


class OracleFile:
    def __init__(self, name):
        self.path = FOLDER / name
        self.lines = []

    def case(self, name):
        self.lines.append(f"case {name}")

    def text(self, key, value):
        self.lines.append(f"text {key} {value}")

    def number(self, key, value):
        self.lines.append(f"number {key} {float(value)!r}")

    def matrix(self, key, values):
        values = np.asarray(values)
        if values.ndim == 1:
            values = values[:, None]
        numbers = " ".join(repr(float(v)) for v in values.ravel())
        self.lines.append(f"matrix {key} {values.shape[0]} {values.shape[1]} {numbers}")

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def write_metrics():
    out = OracleFile("metrics.txt")
    inputs = {
        "two_classes": (random.integers(0, 2, 40), random.integers(0, 2, 40)),
        "three_classes": (random.integers(0, 3, 60), random.integers(0, 3, 60)),
        "all_right": (np.array([0, 1, 1, 0]), np.array([0, 1, 1, 0])),
        "all_wrong": (np.array([0, 1, 1, 0]), np.array([1, 0, 0, 1])),
        "class_never_predicted": (np.array([0, 1, 2, 2]), np.array([0, 1, 1, 1])),
        "class_only_predicted": (np.array([0, 1, 1, 1]), np.array([0, 1, 2, 3])),
        "one_class": (np.array([1, 1]), np.array([1, 1])),
        "one_class_not_positive": (np.array([5, 5]), np.array([5, 5])),
        "no_true_positive_class": (np.array([0, 0, 0]), np.array([0, 1, 0])),
        "negative_labels": (np.array([-1, 1, 1, -1]), np.array([1, 1, 1, -1])),
        "many_classes": (random.integers(-400, 400, 900), random.integers(-400, 400, 900)),
    }
    for name, (y_true, y_pred) in inputs.items():
        for average in ("micro", "macro", "weighted", "binary"):
            try:
                scores = [f(y_true, y_pred, average=average) for f in (f1_score, precision_score, recall_score)]
            except ValueError:
                continue  # binary with labels that it refuses: a test of its own
            out.case(f"{name}_{average}")
            out.text("average", average)
            out.matrix("y_true", y_true)
            out.matrix("y_pred", y_pred)
            for key, score in zip(("F1", "Precission", "Recall"), scores):
                out.number(key, score)
    out.write()


def write_clusters():
    out = OracleFile("clusters.txt")
    blobs = np.vstack([random.normal(size=(15, 3)) + 4 * i for i in range(3)])
    inputs = {
        "random": (random.integers(0, 3, 45), random.integers(0, 4, 45)),
        "same_but_renamed": (np.repeat([0, 1, 2], 15), np.repeat([7, -3, 5], 15)),
        "independent": (np.tile([0, 1, 2], 15), np.repeat([0, 1, 2], 15)),
        "one_class": (np.zeros(45, int), random.integers(0, 5, 45)),
        "nearly_all_alone": (np.repeat([0, 1, 2], 15), np.minimum(np.arange(45), 43)),
        "finer": (np.repeat([0, 1, 2], 15), np.repeat(np.arange(9), 5)),
    }
    for name, (y_true, y_pred) in inputs.items():
        out.case(name)
        out.matrix("x", blobs)
        out.matrix("y_true", y_true)
        out.matrix("y_pred", y_pred)
        out.number("ARI", adjusted_rand_score(y_true, y_pred))
        out.number("NMI", normalized_mutual_info_score(y_true, y_pred))
        out.number("V", v_measure_score(y_true, y_pred))
        out.number("Homogeneity", homogeneity_score(y_true, y_pred))
        out.number("Completeness", completeness_score(y_true, y_pred))
        out.number("CalinskiHarabasz", calinski_harabasz_score(blobs, y_pred))
        out.number("Silhouette", silhouette_score(blobs, y_pred))
    out.write()


def write_scaler():
    out = OracleFile("scaler.txt")
    nan = float("nan")
    inputs = {
        "plain": random.normal(size=(20, 3)) * [1, 1e3, 1e-3] + [0, 5e5, 7],
        "one_row": np.array([[3.0, -4.0]]),
        "constant_column": np.column_stack([np.full(6, 0.1), np.arange(6.0)]),
        "nearly_constant_column": np.column_stack([1e9 + np.array([0, 1e-7, 0, 1e-7]), np.arange(4.0)]),
        "missing_values": np.array([[1, nan, 5], [3, nan, nan], [nan, nan, 9], [8, nan, 2.5]]),
        "large_mean": 1e8 + random.normal(size=(50, 2)),
        "many_columns": random.normal(size=(3, 70)),
    }
    for name, x in inputs.items():
        scaler = StandardScaler().fit(x)
        out.case(name)
        out.matrix("x", x)
        out.matrix("mean", scaler.mean_)
        out.matrix("scale", scaler.scale_)
        out.matrix("y", scaler.transform(x))
    out.write()


def write_pca():
    out = OracleFile("pca.txt")
    inputs = {
        "tall": (random.normal(size=(40, 5)) * [5, 1, 3, 0.1, 2] + 7, 3),
        "wide": (random.normal(size=(6, 20)), 4),
        "square": (random.normal(size=(8, 8)), 8),
        "one_column": (random.normal(size=(9, 1)), 1),
        "constant_column": (np.column_stack([np.full(12, 3.0), random.normal(size=(12, 2))]), 2),
        "large_mean": (1e6 + random.normal(size=(30, 4)) * [4, 3, 2, 1], 2),
    }
    for name, (x, count) in inputs.items():
        pca = PCA(n_components=count, svd_solver="full").fit(x)
        out.case(name)
        out.number("n_components", count)
        out.matrix("x", x)
        out.matrix("y", pca.transform(x))
    out.write()


def write_svm():
    out = OracleFile("svm.txt")
    random = np.random.default_rng(8)
    x, q = (random.normal(size=(rows, 3)).round(3) * [1, 2, 0.5] for rows in (60, 30))
    three_classes = np.array([7, -2, 3])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 1)]
    two_classes = np.where(x[:, 0] * x[:, 1] > 0, 1, -1)
    for name, y in (("three", three_classes), ("two", two_classes)):
        for kernel in ("linear", "poly", "rbf", "sigmoid"):
            for gamma in ("scale", "auto", 0.3):
                for C in (0.5, 10.0):
                    model = SVC(kernel=kernel, gamma=gamma, C=C).fit(x, y)
                    out.case(f"{name}_classes_{kernel}_{gamma}_{C}")
                    out.text("kernel", kernel)
                    out.text("gamma", gamma)
                    out.number("C", C)
                    out.matrix("x", x)
                    out.matrix("y", y)
                    out.matrix("q", q)
                    out.matrix("labels", model.predict(q))
    out.write()


def write_logistic():
    out = OracleFile("logistic.txt")
    random = np.random.default_rng(9)

    def add(name, x, y, q, C):
        out.case(name)
        out.number("C", C)
        out.matrix("x", x)
        out.matrix("y", y)
        out.matrix("q", q)
        # To the minimum, so that it does not matter where each solver would stop.
        models = {
            "liblinear": LogisticRegression(C=C, solver="liblinear", tol=1e-12, max_iter=1000),
            "softmax": LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=1000),
        }
        for key, model in models.items():
            model.fit(x, y)
            out.matrix(f"{key}_labels", model.predict(q))
            out.matrix(f"{key}_weights", model.coef_)
            out.matrix(f"{key}_offsets", model.intercept_)
        # As the original calls it, up to how long it may take.
        out.matrix("original_labels", LogisticRegression(C=C, max_iter=10000, tol=1e-6).fit(x, y).predict(q))

    for classes in (2, 3, 5):
        x, q = (random.normal(size=(rows, 3)).round(3) for rows in (80, 40))
        y = (x @ [1.5, -1, 0.5] + random.normal(size=80)).round().astype(int) % classes * 3 - 4
        for C in (1.0, 0.05, 50.0):
            add(f"{classes}_classes_C_{C}", x, y, q, C)
        scales = np.array([1, 10, 0.1])
        add(f"{classes}_classes_of_different_scales", x * scales + scales, y, q * scales + scales, 1.0)
    centres = np.repeat([[0, 0], [8, 0], [0, 8]], 20, axis=0)
    x, q = (centres + random.normal(size=(60, 2)).round(3) for _ in range(2))
    add("well_separated", x, np.repeat([5, 1, 3], 20), q, 1.0)
    constant = np.column_stack([np.full(60, 2.0), x])
    add("constant_column", constant, np.repeat([5, 1, 3], 20), constant, 1.0)
    iris = [np.load(FOLDER.parent / "iris" / f"{name}.npy") for name in ("x_train", "y_train", "x_test")]
    add("iris", *iris, 1.0)
    out.write()


def write_k_means():
    out = OracleFile("k_means.txt")
    random = np.random.default_rng(10)

    def add(name, x, **params):
        params = {"n_clusters": 3, "init": "k-means++", "n_init": 1, "max_iter": 300, "tol": 1e-4, "random_state": 0} | params
        model = KMeans(**params).fit(x)
        out.case(name)
        for key, value in params.items():
            (out.text if key == "init" else out.number)(key, value)
        out.number("inertia", model.inertia_)
        out.number("iterations", model.n_iter_)
        out.matrix("x", x)
        out.matrix("labels", model.labels_)
        out.matrix("centers", model.cluster_centers_)
        q = x[::3] + 0.01
        out.matrix("q", q)
        out.matrix("predicted", model.predict(q))

    centres = np.repeat([[0, 0], [20, 0], [0, 20]], 20, axis=0)
    blobs = centres + random.normal(size=(60, 2)).round(3)
    cloud = random.normal(size=(700, 4)).round(3) * [1, 3, 1, 2] + [100, 0, 0, -5]
    for init in ("k-means++", "random"):
        for seed in (0, 1, 42, 4294967295):
            add(f"blobs_{init}_{seed}", blobs, init=init, random_state=seed)
        add(f"cloud_{init}", cloud, init=init, n_clusters=7, random_state=5)
        add(f"cloud_{init}_best_of_10", cloud[:150], init=init, n_clusters=5, n_init=10)
        add(f"cloud_{init}_3_steps", cloud[:100], init=init, n_clusters=6, max_iter=3)
        add(f"cloud_{init}_tol_0", cloud[:100], init=init, n_clusters=6, tol=0.0)
        add(f"cloud_{init}_large_tol", cloud[:100], init=init, n_clusters=6, tol=0.5)
        for seed in (1, 2, 3):  # centres that begin on equal rows: some clusters are empty at first
            x = np.concatenate([np.zeros(12), [1, 2.5, 10, 11.25, 50]])[:, None]
            add(f"equal_rows_{init}_{seed}", x, init=init, n_clusters=4, random_state=seed)
    add("one_cluster", blobs, n_clusters=1)
    add("as_many_clusters_as_rows", blobs[:5], n_clusters=5)
    add("all_rows_equal", np.full((6, 2), 3.0), n_clusters=2)
    add("constant_column", np.column_stack([blobs, np.full(60, 7.0)]))
    iris = np.load(FOLDER.parent / "iris" / "x_train.npy")
    for seed in (0, 7):
        add(f"iris_{seed}", iris, n_init=10, random_state=seed)
    out.write()


def write_knn():
    out = OracleFile("knn.txt")

    def add(name, x, y, q, **params):
        model = KNeighborsClassifier(**params).fit(x, y)
        out.case(name)
        for key in ("weights", "metric", "algorithm"):
            out.text(key, params.get(key, {"weights": "uniform", "metric": "minkowski", "algorithm": "auto"}[key]))
        out.number("n_neighbors", params.get("n_neighbors", 5))
        out.number("p", params.get("p", 2))
        out.matrix("x", x)
        out.matrix("y", y)
        out.matrix("q", q)
        out.matrix("labels", model.predict(q))

    # No two distances are equal here: scikit-learn does not promise an order among equal ones.
    for columns in (1, 4, 15, 16, 40):
        x, q = random.normal(size=(40, columns)).round(3), random.normal(size=(12, columns)).round(3)
        y = random.integers(-1, 3, 40)
        for weights in ("uniform", "distance"):
            add(f"{columns}_columns_{weights}", x, y, q, weights=weights)
        add(f"{columns}_columns_manhattan", x, y, q, p=1)
        add(f"{columns}_columns_p3", x, y, q, p=3, n_neighbors=7)
        add(f"{columns}_columns_chebyshev", x, y, q, metric="chebyshev")
        add(f"{columns}_columns_brute", x, y, q, algorithm="brute", n_neighbors=4)
        add(f"{columns}_columns_all_points", x, y, q, n_neighbors=40, weights="distance")
    x = random.normal(size=(30, 3)).round(3)
    add("queries_on_training_points_distance", x, random.integers(0, 3, 30), x, weights="distance")
    add("equal_votes", np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([9, 4, 4, 9]), np.array([[0.1], [6.0]]),
        n_neighbors=4)
    out.write()


def write_splitters():
    out = OracleFile("splitters.txt")
    own = np.random.default_rng(11)

    def add(name, splitter, y):
        test_folds = np.full(len(y), -1)
        for number, (train, test) in enumerate(splitter.split(np.zeros((len(y), 1)), y)):
            assert (np.diff(train) > 0).all() and (np.diff(test) > 0).all() and (test_folds[test] == -1).all()
            test_folds[test] = number
            assert np.array_equal(np.union1d(train, test), np.arange(len(y)))
        seed = splitter.random_state
        out.case(f"{name}_{splitter.n_splits}_folds_{'in_order' if seed is None else f'seed_{seed}'}")
        out.text("class", type(splitter).__name__ + "Splitter")
        out.number("n_splits", splitter.n_splits)
        if seed is not None:
            out.number("random_state", seed)
        out.matrix("y", y)
        out.matrix("test_folds", test_folds)

    def orders(cls, n_splits):
        yield cls(n_splits)
        for seed in (0, 42, 2**32 - 1):
            yield cls(n_splits, shuffle=True, random_state=seed)

    for rows, n_splits in ((2, 2), (5, 2), (10, 3), (10, 10), (64, 5), (65, 5), (103, 7), (300, 4)):
        for splitter in orders(KFold, n_splits):
            add(f"{rows}_rows", splitter, np.arange(rows))
    labels = {
        "sorted": np.repeat([0, 1, 2], 50),
        "mixed": own.integers(0, 3, 97),
        "last_class_first": own.choice([7, -2, 3], 41),
        "small_class": own.permutation(np.repeat([0, 1, 2], [12, 3, 16])),
        "one_class": np.zeros(23, int),
        "many_classes": own.permutation(np.concatenate([np.arange(40), np.zeros(10, int)])),
        "bool": own.integers(0, 2, 30),
    }
    for name, y in labels.items():
        for n_splits in (2, 5, 10):
            for splitter in orders(StratifiedKFold, n_splits):
                add(name, splitter, y)
    out.write()


def write_grid_search():
    out = OracleFile("grid_search.txt")
    own = np.random.default_rng(12)
    x, y = load_iris(return_X_y=True)
    # No two distances are equal so: scikit-learn does not promise an order among equal ones.
    x = (x + own.normal(scale=1e-3, size=x.shape)).round(9)
    searched = {
        "KnnFilter": (KNeighborsClassifier(), "n_neighbors", [51, 1, 3, 5, 7, 9, 11, 15, 21]),
        "ClassifierSVMPlugin": (SVC(), "C", [0.01, 0.1, 1.0, 10.0]),
    }
    for name, (model, parameter, values) in searched.items():
        for splitter in (KFold, StratifiedKFold):
            for average in ("weighted", "macro"):
                search = GridSearchCV(
                    make_pipeline(StandardScaler(), model),
                    {f"{type(model).__name__.lower()}__{parameter}": values},
                    cv=splitter(5, shuffle=True, random_state=42),
                    scoring=f"f1_{average}",
                ).fit(x, y)
                out.case(f"{name}_{splitter.__name__}_{average}")
                out.text("filter", name)
                out.text("parameter", parameter)
                out.text("splitter", splitter.__name__ + "Splitter")
                out.text("average", average)
                out.matrix("x", x)
                out.matrix("y", y)
                out.matrix("values", values)
                out.matrix("means", search.cv_results_["mean_test_score"])
                out.matrix("deviations", search.cv_results_["std_test_score"])
                best = [search.cv_results_[f"split{fold}_test_score"][search.best_index_] for fold in range(5)]
                out.matrix("best_scores", best)
                out.matrix("predicted", search.predict(x))
    out.write()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_metrics()
    write_scaler()
    write_knn()
    write_svm()
    write_logistic()
    write_k_means()
    write_clusters()
    write_pca()
    write_splitters()
    write_grid_search()

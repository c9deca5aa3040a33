"""The bound of pet_bench's knn figures: scikit-learn's KNeighborsClassifier.

    knn_bound.py digits|15 SECONDS DIRECTORY

Writes x.npy, y.npy and predicted.npy into DIRECTORY, repeats predict for SECONDS, and prints the least
time of one in seconds. n_jobs is -1: all cores, as KnnFilter has them; the product of matrices is
that of the BLAS that SciPy was built with. Exit status 3: there is no scikit-learn.
"""
import pathlib
import sys
import time

try:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier
except ImportError:
    sys.exit(3)


def data_of(name):
    if name == "digits":
        return load_digits(return_X_y=True)
    random = np.random.default_rng(7)
    x = random.uniform(size=(10000, int(name)))
    return x, (10 * x[:, 0]).astype(np.int64)


def main(name, seconds, directory):
    x, y = data_of(name)
    classifier = KNeighborsClassifier(n_neighbors=5, n_jobs=-1).fit(x, y)
    least = float("inf")
    begin = time.perf_counter()
    while time.perf_counter() - begin < float(seconds):
        start = time.perf_counter()
        predicted = classifier.predict(x)
        least = min(least, time.perf_counter() - start)
    for key, value in (("x", x), ("y", y), ("predicted", predicted)):
        np.save(pathlib.Path(directory) / f"{key}.npy", value)
    print(least)


main(*sys.argv[1:])

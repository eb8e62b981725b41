"""`tf.test.Benchmark`: classes whose `benchmark...` methods measure and report."""
from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import proto, scopes
from rekindle._src.names import public
from rekindle._src.platform import app

#: the benchmark classes of this program, in the order of their definition
REGISTRY: list[type[Benchmark]] = []


@public("test.benchmark_config")
def benchmark_config() -> Any:
    """A ConfigProto for benchmarks: TensorFlow's dependency optimizer switched off."""
    config = proto.ConfigProto()
    options = config.graph_options.rewrite_options
    options.dependency_optimization = proto.RewriterConfig.OFF
    return config


@public("test.Benchmark")
class Benchmark:
    """Derive from it, and write methods `benchmark...` that call `run_op_benchmark`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        REGISTRY.append(cls)

    @classmethod
    def is_abstract(cls) -> bool:
        """Whether it is the class that others derive from."""
        return cls is Benchmark

    def report_benchmark(
        self, iters: int | None = None, cpu_time: float | None = None,
        wall_time: float | None = None, throughput: float | None = None,
        extras: dict[str, Any] | None = None, name: str | None = None,
        metrics: list[dict[str, Any]] | None = None,
    ) -> None:
        """Print what was measured and log it; times in seconds, throughput in MB/s.

        Raises:
          TypeError: extras is no dict, or metrics no list of dicts with "name" and "value".
        """
        if extras is not None and not isinstance(extras, dict):
            raise TypeError("extras must be a dict")
        _check_metrics(metrics)
        found = {"iters": iters, "wall_time": wall_time, "cpu_time": cpu_time,
                 "throughput": throughput, "extras": extras, "metrics": metrics}
        listed = ", ".join(f"{key}: {value}" for key, value in found.items() if value is not None)
        text = f"Benchmark [{type(self).__name__}.{name or _method_name(self)}] {listed}"
        tf_logging.info(text)
        print(text)

    def run_op_benchmark(
        self, sess: Any, op_or_tensor: Any, feed_dict: Any = None, burn_iters: int = 2,
        min_iters: int = 10, store_trace: bool = False, store_memory_usage: bool = True,
        name: str | None = None, extras: dict[str, Any] | None = None, mbs: float = 0,
    ) -> dict[str, Any]:
        """Run an op repeatedly and report the median time.

        Args:
          sess: the session.
          op_or_tensor: what to run.
          feed_dict: its feeds.
          burn_iters: runs before the measured ones.
          min_iters: measured runs.
          store_trace: put a Chrome trace of one more run into the result's extras.
          store_memory_usage: has no effect; memory is PyTorch's.
          name: the name to report; default: the method's.
          extras: more to report.
          mbs: megabytes that the op moves, for the throughput.

        Returns:
          What was reported.
        """
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict)
        seconds = [_seconds(sess, op_or_tensor, feed_dict) for _ in range(min_iters)]
        median = statistics.median(seconds) if seconds else -1
        values = {"iters": min_iters, "wall_time": median, "extras": dict(extras or {}),
                  "name": name or _method_name(self), "throughput": mbs / median}
        self.report_benchmark(**values)  # type: ignore[arg-type]
        if store_trace:
            options = proto.RunOptions(trace_level=proto.RunOptions.FULL_TRACE)
            metadata = proto.RunMetadata()
            sess.run(op_or_tensor, feed_dict, options, metadata)
            values["extras"]["step_stats"] = str(metadata.step_stats)
        return values

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors in the default session."""
        return scopes.get_default_session().run(tensors)


def benchmarks_main(true_main: Callable[[], None], argv: list[str] | None = None) -> None:
    """Run the benchmarks that --benchmarks=REGEX asks for, or `true_main` without it."""
    argv = sys.argv if argv is None else argv
    found = [one for one in argv if re.match("--?benchmarks=", one)]
    if not found:
        true_main()
        return
    argv.remove(found[0])
    pattern = found[0].partition("=")[2]
    app.run(lambda _: run_benchmarks(pattern), argv=argv)


def run_benchmarks(pattern: str) -> None:
    """Run the methods whose `module.Class.method` matches; "all" matches all."""
    for cls in REGISTRY:
        for name in dir(cls):
            full = f"{cls.__module__}.{cls.__name__}.{name}"
            wanted = pattern == "all" or re.search(pattern, full)
            if name.startswith("benchmark") and callable(getattr(cls, name)) and wanted:
                getattr(cls(), name)()


def _seconds(session: Any, fetch: Any, feeds: Any) -> float:
    start = time.perf_counter()
    session.run(fetch, feeds)
    return time.perf_counter() - start


def _method_name(benchmark: Benchmark) -> str:
    """The name of the outermost method of the benchmark that is running."""
    frame: Any = sys._getframe(1)
    found = "benchmark"
    while frame is not None:
        if frame.f_locals.get("self") is benchmark:
            found = frame.f_code.co_name
        frame = frame.f_back
    return found


def _check_metrics(metrics: Any) -> None:
    if metrics is None:
        return
    if not isinstance(metrics, list):
        raise TypeError("metrics must be a list")
    for metric in metrics:
        for key in ("name", "value"):
            if key not in metric:
                raise TypeError(f"metric must has a '{key}' field")

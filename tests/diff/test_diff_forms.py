"""The forms of the report of pvgen diff: each is parsed, and says what the JSON says."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from cases import MORE, ORACLE, RULES, diff, read
from tool import FINE, ROOT

ALL = (*RULES, *MORE, *ORACLE)
each = pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)


@cache
def schema(path: str) -> jsonschema.Draft7Validator:
    """A schema of the repository, which is one itself."""
    text = json.loads((ROOT / path).read_text())
    jsonschema.Draft7Validator.check_schema(text)
    return jsonschema.Draft7Validator(text)


@each
def test_json(path: Path, tmp_path: Path) -> None:
    """It is what the published schema says."""
    case = read(path)
    result = diff(tmp_path, case.old.text, case.new.text, "--format=json", "--gate=none")
    assert (result.status, result.err) == (FINE, "")
    schema("docs/diff-report.schema.json").validate(json.loads(result.out))

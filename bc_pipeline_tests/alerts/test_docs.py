"""What people may be told of, and every figure, stands in docs, board and code alike."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import yaml

from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.alerts.metrics import PREFIX, SERIES, WRITTEN
from bc_pipeline.cli.main import commands
from bc_pipeline.tenants.alert_settings import AlertKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/alerts.md").read_text("utf-8")
GRAFANA = ROOT / "deploy/grafana"
_SERIES = re.compile(rf"{PREFIX}([a-z0-9_]+)")
_COMMAND = re.compile(r"bc-pipeline ([a-z-]+)")


def test_the_settings_have_the_kinds_that_the_table_has():
    assert set(KINDS) == set(get_args(AlertKind))


def test_every_command_that_is_advised_is_one():
    advised = {name for kind in KINDS.values() for name in _COMMAND.findall(kind.todo)}
    rules = (GRAFANA / "rules.yaml").read_text("utf-8")

    assert advised
    assert advised | set(_COMMAND.findall(PAGE)) | set(_COMMAND.findall(rules)) <= set(
        commands.lazy
    )


def test_every_series_of_the_board_and_the_rules_is_written_and_none_is_left_out():
    board = (GRAFANA / "board.json").read_text("utf-8")
    rules = yaml.safe_load((GRAFANA / "rules.yaml").read_text("utf-8"))
    expressions = " ".join(rule["expr"] for rule in rules["groups"][0]["rules"])

    shown = set(_SERIES.findall(board))
    assert set(_SERIES.findall(expressions)) <= {*SERIES, WRITTEN}
    assert shown <= {*SERIES, WRITTEN}
    assert {*SERIES, WRITTEN} - shown == {"enabled"}  # for joining, not for showing


def test_labels_that_the_board_asks_for_are_those_of_the_series():
    for panel in json.loads((GRAFANA / "board.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            for name, labels in re.findall(rf"{PREFIX}([a-z0-9_]+){{([^}}]*)}}", target["expr"]):
                asked = set(re.findall(r"(\w+)=", labels))
                assert asked <= {"tenant", *SERIES[name].labels}, panel["title"]

"""What people write in YAML, and the values it becomes."""

from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.config.problems import ConfigError, Problem, render
from synthetics.config.schema import json_schema

__all__ = ["Config", "ConfigError", "Problem", "json_schema", "load", "render"]

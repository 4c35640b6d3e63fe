"""Growth: the log of every change, rules that propose, the controller that decides."""

from growgraph.growth.controller import GrowthController
from growgraph.growth.log import GrowthLog
from growgraph.growth.proposal import NewNode, Proposal, Rule, Situation
from growgraph.growth.redo import replay
from growgraph.growth.rehearsed import InsertRehearsed
from growgraph.growth.rules import InsertNode, InsertPath, PruneWeak, SplitEdge

__all__ = [
    "GrowthController",
    "GrowthLog",
    "InsertNode",
    "InsertPath",
    "InsertRehearsed",
    "NewNode",
    "Proposal",
    "PruneWeak",
    "Rule",
    "Situation",
    "SplitEdge",
    "replay",
]

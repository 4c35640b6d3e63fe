"""Asking growth rules: errors in a rule of one's own name the rule and the fix."""

import numpy as np

from growgraph.growth.proposal import Proposal, Rule

_ROUNDING = 1e-3  # gains of float32 activities may be so far above 1


def check_rules(rules):
    """Rules as a list, or TypeError that says how to write them."""
    wanted = "rules must be a list of Rule objects, such as [InsertNode()], got"
    if isinstance(rules, type) and issubclass(rules, Rule):
        raise TypeError(f"{wanted} the class {rules.__name__}: write [{rules.__name__}()]")
    if isinstance(rules, Rule):
        raise TypeError(f"{wanted} a single {rules.name}: put it into a list, [rule]")
    try:
        if isinstance(rules, str):
            raise TypeError
        rules = list(rules)
    except TypeError:
        raise TypeError(f"{wanted} {rules!r}") from None
    for rule in rules:
        if isinstance(rule, type) and issubclass(rule, Rule):
            raise TypeError(f"{wanted} the class {rule.__name__} in it: write {rule.__name__}()")
        if not isinstance(rule, Rule):
            raise TypeError(f"{wanted} {rule!r} in it")
    return rules


def proposals_of(rule, situation):
    """What a rule proposes, checked.

    Parameters
    ----------
    rule : Rule
    situation : Situation

    Returns
    -------
    list of Proposal

    Raises
    ------
    TypeError, ValueError
        That name the rule.
    """
    wanted = f"rule {rule.name}.propose must return a list of Proposal"
    if type(rule).propose is Rule.propose:
        raise TypeError(f"{wanted}, but it is not written")
    found = rule.propose(situation)
    if isinstance(found, Proposal) or not hasattr(found, "__iter__"):
        raise TypeError(f"{wanted}, got {_short(found)}")
    found = list(found)
    for proposal in found:
        if not isinstance(proposal, Proposal):
            raise TypeError(f"{wanted}, got {_short(proposal)} in it")
        _check_gain(rule, proposal.gain)
    return found


def _check_gain(rule, gain):
    real = isinstance(gain, (int, float, np.integer, np.floating)) and not isinstance(gain, bool)
    if not (real and 0 <= gain <= 1 + _ROUNDING):
        error = ValueError if real else TypeError
        raise error(
            f"rule {rule.name}.propose must give each Proposal a gain in [0, 1], the share of the "
            f"tension it takes away, got {gain!r}"
        )


def _short(value):
    """None and numbers as they are, else the type: a long value would hide the message."""
    if value is None or isinstance(value, (int, float)):
        return repr(value)
    return f"a single {type(value).__name__}" if isinstance(value, Proposal) else (
        f"a {type(value).__name__}")  # fmt: skip

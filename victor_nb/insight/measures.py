"""What is measured: the columns of every table of metrics, in the order in which they are shown.

Rates are between 0 and 1, and NaN where there is nothing to divide. Percentiles are exact: every duration is kept,
but those of runs that were removed, which are kept within one per cent (see `history`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class AgentMetrics:
    """What a group of runs did: of an agent, of a workflow, of an hour, or of the whole journal.

    Attributes:
        runs: how many were started.
        finished, failed, stopped: how many stand so now; a stopped run waits to be resumed.
        active: those that somebody executes now.
        interrupted: those that claim to run while nobody executes them; their process died.
        success_rate: finished of finished and failed.
        error_rate: failed of finished and failed.
        mean_s, p50_s, p95_s, p99_s: seconds that finished and failed runs worked, over all of their executions.
        model_calls, model_errors, model_mean_s: requests to models, failed ones among them, their mean seconds.
        tool_calls, tool_errors, tool_mean_s: the same of tools; an error that the model was told of counts.
        steps: every other step that ended: nodes, notebooks, approvals.
        input_tokens, output_tokens: of all requests.
        cost_usd: US dollars, where the price of the model is known.
        cache_hits: steps whose result of earlier was taken.
        cache_misses: nodes of pipelines that ran because the cache had nothing for them.
        transitions: changes of a workflow's state: nodes that ended, and edits.
        saves: snapshots of a state that were written.
        restores: times that a run was resumed, a fork was begun, or a notebook went on inside.
        retries: nodes that failed and were tried again.
        questions: approvals and questions that a person was asked.
        events: that the journal holds of these runs.
    """

    runs: int
    finished: int
    failed: int
    stopped: int
    active: int
    interrupted: int
    success_rate: float
    error_rate: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    model_calls: int
    model_errors: int
    model_mean_s: float
    tool_calls: int
    tool_errors: int
    tool_mean_s: float
    steps: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    cache_hits: int
    cache_misses: int
    transitions: int
    saves: int
    restores: int
    retries: int
    questions: int
    events: int


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """What a group of steps did: of a model, of a tool, of a node or a notebook.

    Attributes:
        calls: how many came to an end.
        errors: those that failed, or whose error was told to the model.
        error_rate: errors of calls.
        mean_s, p50_s, p95_s, p99_s: their seconds.
        runs: how many runs they belong to.
        input_tokens, output_tokens, cost_usd: of requests to models.
        cache_hits: those whose result of earlier was taken.
    """

    calls: int
    errors: int
    error_rate: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    runs: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    cache_hits: int


RUN_COLUMNS = tuple(field.name for field in fields(AgentMetrics))
STEP_COLUMNS = tuple(field.name for field in fields(StepMetrics))

"""The names that spans and their attributes have: OpenTelemetry's conventions for generative AI, pinned, and ours.

The conventions are in development, so a later version may rename what is here. The version is sent with every span as
the scope's schema, and the guide names it.
"""

from __future__ import annotations

from typing import Final

GEN_AI_VERSION: Final = "1.41.0"
"""The release of OpenTelemetry's semantic conventions that everything here follows."""
SCHEMA_URL: Final = f"https://opentelemetry.io/schemas/{GEN_AI_VERSION}"

CHAT: Final = "chat"
EXECUTE_TOOL: Final = "execute_tool"
INVOKE_AGENT: Final = "invoke_agent"
INVOKE_WORKFLOW: Final = "invoke_workflow"

OPERATION: Final = "gen_ai.operation.name"
AGENT: Final = "gen_ai.agent.name"
WORKFLOW: Final = "gen_ai.workflow.name"
CONVERSATION: Final = "gen_ai.conversation.id"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TOOL: Final = "gen_ai.tool.name"
TOOL_TYPE: Final = "gen_ai.tool.type"
TOOL_CALL: Final = "gen_ai.tool.call.id"
ERROR_TYPE: Final = "error.type"

# Content: only where a setting says so.
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_RESULT: Final = "gen_ai.tool.call.result"

PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "google-gla": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "grok": "x_ai",
}
"""The conventions' words for providers that the agent framework calls otherwise."""

# What the conventions have no word for.
RUN: Final = "victor.run.id"
RUN_KIND: Final = "victor.run.kind"
RUN_OUTCOME: Final = "victor.run.outcome"
RUN_REASON: Final = "victor.run.reason"
STEP: Final = "victor.step.id"
STEP_KIND: Final = "victor.step.kind"
STEP_NAME: Final = "victor.step.name"
COST: Final = "victor.cost_usd"
CACHED: Final = "victor.cached"
ATTEMPTS: Final = "victor.attempts"
STATUS: Final = "victor.status"
PAUSED: Final = "victor.paused"
RESUMED: Final = "victor.resumed"

"""A target whose every reply is an action, as in the offices: what comes back is what it then sees."""

from inspect_ai.agent import Agent, AgentState, agent
from inspect_ai.model import ChatMessage, ModelOutput, get_model
from inspect_petri.target import TOOL_RESULT, ExitSignal, TargetContext

from caseback.errors import CasebackError


@agent(name="target")
def acting_target() -> Agent:
    """Petri's target, but for what answers a reply: the result of a tool instead of a user's message.

    Our models call no tools; each of their replies in an office is one action in plain text. So the auditor sends what
    is seen by ``send_tool_call_result``, under the id of the reply.
    """

    async def execute(state: AgentState, context: TargetContext) -> AgentState:
        generate = context.replayable(_act, surface_errors=True)
        try:
            await context.wait_for_resume()
            user = await context.user_message()
            system = await context.system_message(required=False)
            state.messages[:] = [user] if system is None else [system, user]
            while True:
                state.output = await generate(state.messages)
                said = state.output.message
                # What was thought is not part of the office's chat, natively neither.
                state.messages.append(said.model_copy(update={"content": said.text}))
                key = str(said.id)
                context.expect({TOOL_RESULT: {key}})
                await context.send_output(state.output)
                state.messages.append((await context.require(TOOL_RESULT, {key}))[key])
        except ExitSignal:
            return state

    return execute


async def _act(messages: list[ChatMessage]) -> ModelOutput:
    """The target's next action.

    Raises:
        CasebackError: there was no room for one; the auditor is told, and goes on as natively.
    """
    output = await get_model(role="target").generate(input=messages)
    if output.error:
        raise CasebackError(output.error)
    return output

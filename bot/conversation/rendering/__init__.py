"""From references to what people read: neutral blocks in their language, and plain text for channels without cards."""

from bot.conversation.rendering.plain import plain_text
from bot.conversation.rendering.renderer import Renderer

__all__ = ["Renderer", "plain_text"]

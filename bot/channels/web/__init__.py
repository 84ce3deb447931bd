"""Small parts of the phone page. `bot.channels.webchat` is its front; nothing here knows a participant."""

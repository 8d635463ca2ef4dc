"""Pages for people that need no script: services, offices, journeys, the chat as a form, privacy, accessibility."""

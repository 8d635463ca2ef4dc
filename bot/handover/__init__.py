"""When a person has to answer: live chat with a clerk, else a message that becomes a ticket and goes out."""

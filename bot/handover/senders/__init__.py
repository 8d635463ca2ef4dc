"""Ways out for tickets: e-mail, webhook, Zammad. Each module knows one."""

"""The only wiring: settings become a database, services, channels, a worker and a web application (`bot.app.app.App`)."""

"""The only wiring: settings become a database, services, channels, a worker and a web application."""

from __future__ import annotations

from bot.app.app import App

__all__ = ["App"]

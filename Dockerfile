# The bot: one image, one process, no root. PostgreSQL is elsewhere (docker-compose.yml).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --user-group --no-create-home suiyao
WORKDIR /app

# Before the source, so that a change of ours does not install everything again.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md ./
COPY bot ./bot
COPY schedules ./schedules
COPY locales ./locales
RUN pip install --no-index --no-deps --no-build-isolation -e . && python -m compileall -q bot schedules

USER 10001:10001
ENV SUIYAO_HOST=0.0.0.0 SUIYAO_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

ENTRYPOINT ["suiyao"]
CMD ["serve"]

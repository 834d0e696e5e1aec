# The service in a container, from this source. The newsletter's folder is mounted at /newsletter:
#   docker build -t newsroom-digest . && docker run --read-only --tmpfs /tmp -v "$PWD/my-paper:/newsletter" -p 127.0.0.1:8025:8025 newsroom-digest
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/run.txt requirements/build.txt requirements/
RUN python -m venv /opt/digest \
  && /opt/digest/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt \
  && python -m venv /opt/build \
  && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY digest digest
COPY templates templates
COPY packaging packaging
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
  && /opt/digest/bin/pip install --no-cache-dir --no-deps --no-index --find-links /wheels newsroom-digest

FROM python:3.11-slim-bookworm
COPY --from=build /opt/digest /opt/digest
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin digest
ENV PATH=/opt/digest/bin:$PATH PYTHONUNBUFFERED=1 DIGEST_LOG=json
USER 10001:10001
WORKDIR /newsletter
EXPOSE 8025
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8025/health/live', timeout=4)"]
ENTRYPOINT ["digest"]
CMD ["run"]

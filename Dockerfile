FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 HF_HUB_OFFLINE=1
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY platform platform
COPY agents agents
COPY retrieval retrieval
COPY flywheel flywheel
COPY ui ui
COPY migrations migrations
# The CPU build of torch; on a GPU the model runs in vLLM, trainings in an image with CUDA's torch.
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu -c constraints.txt ".[cpu]" \
    && useradd --create-home --uid 10001 whorl && mkdir /data && chown whorl /data
USER whorl
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=2)"
CMD ["whorl", "serve", "--host", "0.0.0.0"]

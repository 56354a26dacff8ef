# CPU images. Built in this folder, one holds the commands, the other serves a model:
#   docker build -t token-classification .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" token-classification check train.conll
#   docker build --target serve -t token-classification-serve .
#   docker run --rm -p 127.0.0.1:8080:8080 -v "$PWD/ner-export:/model:ro" token-classification-serve
# The second one has no torch: it serves what `token_classification export` wrote. For models that were trained:
#   docker build --build-arg EXTRAS=serve -t token-classification .
# `run_ner` is there, too: docker run ... --entrypoint run_ner token-classification --help
FROM python:3.11-slim AS base

# The CPU build of torch; without it pip takes the one for CUDA, which is gigabytes larger.
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

COPY pyproject.toml README.md LICENSE requirements.txt requirements-test.txt requirements-serving.txt run_ner.py /project/
COPY token_classification /project/token_classification
RUN useradd --create-home --uid 1000 user && mkdir /work && chown user /work
# Written to with any --user.
ENV HF_HOME=/tmp/huggingface MPLCONFIGDIR=/tmp/matplotlib


FROM base AS serve
# Without dependencies: those of the package are for training, too.
RUN pip install --no-cache-dir --no-deps --requirement /project/requirements-serving.txt \
    && pip install --no-cache-dir --no-deps /project && rm -r /project
USER user
WORKDIR /work
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8080, timeout=5); c.request('GET', '/ready'); sys.exit(c.getresponse().status != 200)"]
# In a container 127.0.0.1 is reached by nobody: who may ask is decided by `docker run -p` and `--api_key`.
ENTRYPOINT ["token_classification", "serve", "--host", "0.0.0.0", "--port", "8080"]
CMD ["-m", "/model"]


# The last stage is what is built without --target.
FROM base AS commands
# What is wanted beside training and tagging: openvino and onnx come with --build-arg EXTRAS=tao,report,export
ARG EXTRAS=tao,report
# The files of pins are limits here: what only the tests need isn't installed.
RUN pip install --no-cache-dir --constraint /project/requirements-test.txt "/project[$EXTRAS]" && rm -r /project
USER user
WORKDIR /work
ENTRYPOINT ["token_classification"]
CMD ["--help"]

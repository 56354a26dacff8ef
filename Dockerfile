# CPU image of the commands. Build it in this folder, then give it the folder that holds your files:
#   docker build -t token-classification .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" token-classification check train.conll
# `run_ner` is there, too: docker run ... --entrypoint run_ner token-classification --help
FROM python:3.11-slim

# The CPU build of torch; without it pip takes the one for CUDA, which is gigabytes larger.
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
# What is wanted beside training and tagging: openvino and onnx come with --build-arg EXTRAS=tao,report,export
ARG EXTRAS=tao,report

COPY pyproject.toml README.md LICENSE requirements.txt requirements-test.txt run_ner.py /project/
COPY token_classification /project/token_classification
# The files of pins are limits here: what only the tests need isn't installed.
RUN pip install --no-cache-dir --constraint /project/requirements-test.txt "/project[$EXTRAS]" && rm -r /project

RUN useradd --create-home --uid 1000 user && mkdir /work && chown user /work
USER user
WORKDIR /work
# Written to with any --user.
ENV HF_HOME=/tmp/huggingface MPLCONFIGDIR=/tmp/matplotlib
ENTRYPOINT ["token_classification"]
CMD ["--help"]

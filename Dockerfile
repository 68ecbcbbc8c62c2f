# Build:  docker build -t spotvmr .                          (without CUDA: --build-arg TORCH=cpu)
# Run:    docker run --rm --gpus all --shm-size=2g -v "$PWD:/mnt" spotvmr train
# Search: docker run --rm --shm-size=2g -v "$PWD:/mnt" spotvmr search long.mp4 "a dog runs" run=runs/demo
#
# --shm-size: processes that load data hand batches to the training through /dev/shm. Docker gives it 64 MB by default,
# and a larger batch ends the training with "Bus error".
FROM python:3.11-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends git make \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/spotvmr
COPY pyproject.toml constraints.txt Makefile README.md LICENSE ./
COPY src ./src
ARG TORCH=
RUN PIP_NO_CACHE_DIR=1 make setup TORCH="$TORCH"

ENV PATH=/opt/spotvmr/.venv/bin:$PATH
WORKDIR /mnt
ENTRYPOINT ["spotvmr"]
CMD ["--help"]

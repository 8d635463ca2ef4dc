#!/usr/bin/env bash
# What the tests need beside Python: PostgreSQL and Chromium, from Debian's packages when this runs as root.
set -euo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" > /dev/null || missing+=(postgresql)
[[ -x /usr/bin/chromium || -n ${LOTSE_CHROMIUM:-} ]] || missing+=(chromium)
[[ ${#missing[@]} -eq 0 ]] && exit 0

if [[ $(id -u) -ne 0 ]]; then
  echo "Für die Tests fehlt: ${missing[*]}. Bitte als root installieren: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Für die Tests wird installiert: ${missing[*]} …" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null

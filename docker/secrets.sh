#!/bin/sh
# Makes the secrets of docker-compose.yml in secrets/, at random. What is there already stays: run it again at any time.
# The folder is closed to others on this machine; the files in it can be read, for in the containers no process is root.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets
for name in admin_password influx_password influx_token grafana_password; do
  if [ ! -s "secrets/$name" ]; then
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name.new"
    chmod 644 "secrets/$name.new"
    mv "secrets/$name.new" "secrets/$name"
    echo "made secrets/$name"
  fi
done
echo "log in as admin with the password in secrets/admin_password"

#!/bin/sh
# The service "credentials" of docker-compose.yml; runs before the gateway, as the same user on the same data.
# $CREDENTIALS/device: the secret of $FIRST_DEVICE, made while no device has a credential yet.
# $CREDENTIALS/simulator: the password of the user "simulator"; made anew, with the user, where the file is missing.
set -eu
umask 077

keep() { # FILE COMMAND…: the file is there with the secret in it, or not at all
  file=$1
  shift
  "$@" > "$file.new"
  mv "$file.new" "$file"
}

if [ "$(limen device list | wc -l)" -le 1 ]; then
  keep "$CREDENTIALS/device" limen device add "$FIRST_DEVICE"
fi
if [ ! -s "$CREDENTIALS/simulator" ]; then
  limen user revoke simulator 2> /dev/null || true
  keep "$CREDENTIALS/simulator" limen user add simulator --role operator
fi

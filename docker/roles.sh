#!/bin/sh
# Runs once, when the database's volume is new: a login for each role of the program. The service and the tenant
# logins own nothing; the migrations run as wegwijzer_owner.
set -eu
: "${WEGWIJZER_OWNER_PASSWORD:?}" "${WEGWIJZER_SERVICE_PASSWORD:?}" "${WEGWIJZER_TENANT_PASSWORD:?}"
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set owner_password="$WEGWIJZER_OWNER_PASSWORD" \
  --set service_password="$WEGWIJZER_SERVICE_PASSWORD" \
  --set tenant_password="$WEGWIJZER_TENANT_PASSWORD" <<'SQL'
CREATE ROLE wegwijzer_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE wegwijzer_service LOGIN PASSWORD :'service_password';
CREATE ROLE wegwijzer_tenant LOGIN PASSWORD :'tenant_password';
GRANT wegwijzer_service, wegwijzer_tenant TO wegwijzer_owner WITH SET TRUE, INHERIT FALSE;
CREATE DATABASE wegwijzer OWNER wegwijzer_owner;
SQL

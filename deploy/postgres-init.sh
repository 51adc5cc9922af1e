#!/bin/sh
# Makes the application's role with its password; the migration gives it its rights.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set=password="$WHORL_APP_PASSWORD" <<'SQL'
CREATE ROLE whorl_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT PASSWORD :'password';
SQL

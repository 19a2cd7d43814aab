# The lab's PostgreSQL, process 1 of its container: makes the data folder where there is none, under another name until it is
# whole, and becomes the server. The variables are those of the official image.
set -e
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.unfinished"
  printf '%s\n' "${POSTGRES_PASSWORD:?}" > /tmp/password
  initdb --pgdata="$PGDATA.unfinished" --pwfile=/tmp/password --auth-local=trust --encoding=UTF8 --locale=C
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA.unfinished/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA.unfinished" postgres
  mv "$PGDATA.unfinished" "$PGDATA"
fi
exec postgres -c listen_addresses='*'

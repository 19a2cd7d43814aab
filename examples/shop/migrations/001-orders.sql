CREATE TABLE orders (
  id text PRIMARY KEY,
  item text NOT NULL,
  placed timestamptz NOT NULL DEFAULT now(),
  packed timestamptz
);

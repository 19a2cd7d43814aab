/** HAProxy takes no more than 64 words in a line. */
const MOST = 50;

/** The condition `allowed`: the client's address is one of these. */
export function allowedLines(allow: readonly string[]): readonly string[] {
  const rows = Array.from({ length: Math.ceil(allow.length / MOST) }, (_, row) =>
    allow.slice(row * MOST, (row + 1) * MOST),
  );
  return rows.map((row) => `acl allowed src ${row.join(' ')}`);
}

// The shop's migration: runs each file that the database has not had yet, in the order of their names.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase, text } from './postgres.mjs';

const FOLDER = '/migrations';

const { socket, ask } = await openDatabase();
// A migration takes as long as it takes; the job's timeout is its limit.
socket.setTimeout(0);
await ask('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, done timestamptz DEFAULT now())');
const done = (await ask('SELECT name FROM migrations')).flat();
const files = (await readdir(FOLDER)).filter((name) => !done.includes(name)).sort();
for (const name of files) await migrate(name);
console.log(`${String(files.length)} of ${String(files.length + done.length)} migrations were new.`);
process.exit();

/** All of a file or nothing: statements that are sent together are one transaction. @param {string} name */
async function migrate(name) {
  const statements = await readFile(join(FOLDER, name), 'utf8');
  try {
    await ask(`${statements}; INSERT INTO migrations (name) VALUES (${text(name)})`);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

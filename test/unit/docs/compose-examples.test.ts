import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPage } from '../../support/docs.ts';
import { composeExamples, fieldsOf, inExample, rowsOf, type ComposeExample } from '../../support/compose-examples.ts';

/** Of each example the original, the table and the manifests say the same, so that none of them can go its own way. */

const EXAMPLES = composeExamples();
const SERVICE = /^service `([\w-]+)`$/;
const MANIFEST = /^(Service|Job) `([\w-]+)`/;

const namesIn = (maps: readonly object[]): string[] => [...new Set(maps.flatMap((map) => Object.keys(map)))].sort();
const servicesOf = ({ originals }: ComposeExample) => originals.map(({ services }) => services);
/** Each service's row: what it is called in Compose, and what it has become. */
const serviceRows = ({ rows }: ComposeExample) =>
  rows.flatMap(({ compose, fairlead }) => {
    const name = SERVICE.exec(compose)?.[1];
    return name === undefined ? [] : [{ name, becomes: MANIFEST.exec(fairlead)?.slice(1).join(' ') }];
  });

/** Names of fields of services, and of what stands beside them. */
function fieldsIn(example: ComposeExample): string[] {
  const ofServices = servicesOf(example).flatMap((services) => Object.values(services));
  return namesIn([...ofServices, ...example.originals]).filter((name) => name !== 'services');
}

describe.each(EXAMPLES.map((example) => [example.name, example] as const))('%s', (name, example) => {
  const manifests = example.sets.flatMap((set) => set.manifests);
  const workloads = manifests.filter((manifest) => manifest.kind !== 'LoadBalancer');

  test('its manifests have no problem and no warning', () => {
    const found = example.sets.flatMap(({ problems, warnings }) => [...problems, ...warnings]);
    expect(found).toEqual([]);
  });

  test('each service of the original has a row, and each row is of one', () => {
    const rows = serviceRows(example).map((row) => row.name);
    expect(rows.sort()).toEqual(namesIn(servicesOf(example)));
  });

  test('each Service and Job is what the row of a service says, and each row says one that is there', () => {
    const said = serviceRows(example).flatMap(({ becomes }) => becomes ?? []);
    const there = workloads.map(({ kind, name: workload }) => `${kind} ${workload}`);
    expect(said.sort()).toEqual([...new Set(there)].sort());
  });

  test('each field of the original has a row, and each row begins with such fields', () => {
    const rows = example.rows.filter(({ compose }) => !SERVICE.test(compose) && !compose.startsWith('`compose.'));
    const known = rows.flatMap(({ compose }) => fieldsOf(compose));
    const fields = fieldsIn(example).filter((field) => field !== 'image');
    expect(fields.filter((field) => !known.includes(field))).toEqual([]);
    expect(known.filter((field) => ![...fields, 'image'].includes(field))).toEqual([]);
  });

  test('what runs is the image of the original, and its files are there', () => {
    const images = servicesOf(example).flatMap((services) =>
      Object.entries(services).flatMap(([service, { image }]) => (typeof image === 'string' ? [[service, image]] : [])),
    );
    const differing = images.filter(([service, image = '']) =>
      workloads.some(
        (each) => each.name === service && each.container.image !== image.replace(/\$\{\w+:-(\w+)\}/, '$1'),
      ),
    );
    expect(differing).toEqual([]);
    const files = [...example.text.matchAll(/\.\/[\w./-]+/g)].map(([file]) => file);
    expect(files.filter((file) => !existsSync(inExample(name, file)))).toEqual([]);
  });
});

describe('the table of all fields', () => {
  const rows = rowsOf(readPage('docs/from-compose.md')).filter(({ compose }) => !/^(`docker |\[)/.test(compose));

  test('has the fields of all examples', () => {
    const told = rows.flatMap(({ compose }) => fieldsOf(compose));
    const used = EXAMPLES.flatMap(fieldsIn).filter((field) => !field.startsWith('x-'));
    expect(used.filter((field) => !told.includes(field))).toEqual([]);
  });

  test('names fields of Fairlead that are there', () => {
    const named = rows.flatMap(({ fairlead }) => [...fairlead.matchAll(/`([^`]+)`/g)].map(([, field]) => field));
    const there = [...readPage('docs/kinds/service.md').matchAll(/^\| `([\w.]+)` /gm)].map(([, field]) => field);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((field) => !there.includes(field))).toEqual([]);
  });
});

test('a table without its head, and the fields that a cell begins its names with', () => {
  expect(rowsOf('# A\n\n| Compose | Fairlead |\n| ------- | --- |\n| `a: 1`, `b` | c |\n')).toEqual([
    { compose: '`a: 1`, `b`', fairlead: 'c' },
  ]);
  expect(fieldsOf('`ports: 80:80`, `x-app`, text')).toEqual(['ports', 'x-app']);
});

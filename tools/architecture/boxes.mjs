// What the picture shows: rooms gathered in boxes, what each box is for, and which box imports which.
import { FLOORS } from './rooms.mjs';

/** From left to right on the floor of plug-ins and libraries. A folder that holds packages is a box; so is a list of single rooms. */
const COLUMNS = [
  { title: 'to test with', rooms: ['conformance', 'zoo'], says: 'laws, and small trained nets' },
  { title: 'models', plugin: true, says: 'one form for all networks' },
  { title: 'scorers', plugin: true, says: 'which weights matter' },
  { title: 'strategies', plugin: true, says: 'which of them go' },
  { title: 'repairs', plugin: true, says: 'what stays is refitted' },
  { title: 'training', rooms: ['train', 'measure'], says: 'zeros stay zero; worth in numbers' },
  { title: 'files', rooms: ['formats', 'figures'], says: 'read, written and drawn' },
  { title: 'runtimes', plugin: true, says: 'kernels that skip zeros' },
];

const SAYS = {
  'packages/core': 'contracts, exact selection, budgets, plans, prune(): no TensorFlow.js when it runs',
  'packages/data': 'samples, batches',
  'packages/models/kit': 'masks, losses, gradients, moments',
  'packages/runtimes/kit': 'calls, choice',
  'packages/pipeline': 'defaults, names of plug-ins, opening, tuning, trials, recipes: one way for every caller',
  'packages/espalier': 'the umbrella: everything in one import',
  'packages/report': 'the report as components and as files',
  apps: 'the only rooms that print, exit or choose a backend',
};

const WORKSHOP = FLOORS.findIndex(({ name }) => name === 'plug-ins and libraries');

/** The boxes, each with `id`, `title`, `says`, `floor`, `chips` (names of the rooms in it) and, on the middle floor, its `column`. */
export function boxesOf(rooms) {
  const taken = new Set();
  const box = (id, floor, inside, more) => {
    for (const { folder } of inside) taken.add(folder);
    return { id, floor, rooms: inside.map(({ folder }) => folder), says: SAYS[id] ?? '', ...more };
  };
  const last = (folder) => folder.split('/').at(-1);
  const columns = COLUMNS.map(({ title, rooms: named, ...more }, column) => {
    const inside = rooms.filter(
      ({ folder, floor }) =>
        floor === WORKSHOP &&
        (named ? named.some((name) => folder === `packages/${name}`) : folder.startsWith(`packages/${title}/`)),
    );
    return box(title, WORKSHOP, inside, { title, column, chips: inside.map(({ folder }) => last(folder)), ...more });
  });
  const apps = rooms.filter(({ folder }) => folder.startsWith('apps/'));
  const whole = box('apps', FLOORS.length - 1, apps, { title: 'apps', chips: apps.map(({ folder }) => last(folder)) });
  const single = rooms
    .filter(({ folder }) => !taken.has(folder))
    .map((room) => {
      const title = room.folder.replace('packages/', '');
      const column = room.floor === WORKSHOP ? { column: columns.length } : {};
      return box(room.folder, room.floor, [room], { title, chips: [], ...column });
    });
  return [...columns, ...single, whole];
}

/** The imports from box to box, without those that follow from others. */
export function arrowsOf(boxes, rooms) {
  const home = new Map(boxes.flatMap((box) => box.rooms.map((folder) => [folder, box.id])));
  const below = new Map(boxes.map(({ id }) => [id, new Set()]));
  for (const { folder, imports } of rooms) {
    for (const other of imports) {
      const [from, to] = [home.get(folder), home.get(other)];
      if (from !== to) below.get(from).add(to);
    }
  }
  const reaches = (from, to) => [...below.get(from)].some((next) => next === to || reaches(next, to));
  return [...below].flatMap(([from, direct]) =>
    [...direct]
      .filter((to) => ![...direct].some((next) => next !== to && reaches(next, to)))
      .map((to) => ({ from, to })),
  );
}

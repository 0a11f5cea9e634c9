// docs/architecture.svg: floors from the ground up, boxes on them, arrows straight down to what is imported.
import { FLOORS } from './rooms.mjs';

const LEFT = 112;
const COLUMN = 106;
const GAP = 14;
const BETWEEN = 46;
const TOP = 18;
const CHIP = 24;
const LINE = 15;
const PAD = 10;

const STYLE = `
    text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2a37; }
    .title { font-weight: 650; font-size: 14px; }
    .says { fill: #566273; font-size: 11.5px; }
    .floor { fill: #6b7684; font-size: 11px; letter-spacing: .06em; }
    .line { stroke: #d5dae1; stroke-width: 1; }
    .ground { stroke: #98a2ae; stroke-width: 2; }
    .box { fill: #f4f6f8; stroke: #b9c1cb; }
    .plugin { fill: #eaf5ec; stroke: #7fb48b; }
    .core { fill: #e7effb; stroke: #7f9fcf; }
    .chip { fill: #ffffff; stroke: #c9d0d8; }
    .plugin-chip { fill: #ffffff; stroke: #a5cdae; }
    .yours { fill: none; stroke-dasharray: 3 3; }
    .arrow { stroke: #7b8794; stroke-width: 1.4; fill: none; }
    .head { fill: #7b8794; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6eaef; }
      .says { fill: #a9b4c0; }
      .floor { fill: #95a1ae; }
      .line { stroke: #333c47; }
      .ground { stroke: #6b7684; }
      .box { fill: #232a32; stroke: #4d5864; }
      .plugin { fill: #1c3024; stroke: #4c8a5c; }
      .core { fill: #1b2a42; stroke: #4f74ab; }
      .chip { fill: #171c22; stroke: #46515d; }
      .plugin-chip { fill: #14211a; stroke: #3d6d4a; }
      .arrow { stroke: #8b97a4; }
      .head { fill: #8b97a4; }
    }`;

/** Words in lines of at most so many characters. */
function wrapped(text, width) {
  const lines = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const edges = (span) => [LEFT + span[0] * (COLUMN + GAP), LEFT + (span[1] + 1) * (COLUMN + GAP) - GAP];

/** Each box's first and last column: over its users if it stands below them, over what it imports if above, the whole width if alone. */
function spansOf(boxes, arrows) {
  const spans = new Map(
    boxes.filter(({ column }) => column !== undefined).map(({ id, column }) => [id, [column, column]]),
  );
  const middle = boxes.find(({ column }) => column !== undefined).floor;
  const all = [0, Math.max(...[...spans.values()].map(([, last]) => last))];
  const over = (ids) => {
    const known = ids.map((id) => spans.get(id)).filter(Boolean);
    return known.length === 0 ? all : [Math.min(...known.map(([a]) => a)), Math.max(...known.map(([, b]) => b))];
  };
  for (let floor = middle - 1; floor >= 0; floor--) {
    const here = boxes.filter((box) => box.floor === floor);
    for (const { id } of here) {
      const users = arrows.filter(({ to }) => to === id).map(({ from }) => from);
      spans.set(id, here.length === 1 ? all : over(users));
    }
  }
  for (let floor = middle + 1; floor < FLOORS.length; floor++) {
    const here = boxes.filter((box) => box.floor === floor);
    const top = floor === FLOORS.length - 1;
    const below = (id) => arrows.filter(({ from }) => from === id).map(({ to }) => to);
    const [first, last] = top ? all : over(here.flatMap(({ id }) => below(id)));
    const share = (last - first + 1) / here.length;
    here.forEach(({ id }, i) => spans.set(id, [first + i * share, first + (i + 1) * share - 1]));
  }
  return spans;
}

const textLines = (lines, x, y, classes) =>
  lines.map((line, i) => `<text class="${classes}" text-anchor="middle" x="${x}" y="${y + i * LINE}">${line}</text>`);

const rect = (classes, x, y, width, height, round) =>
  `<rect class="${classes}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}"/>`;

/** A box with its text, and its rooms below each other in a column or side by side in a wide box; `lines` is kept free for text. */
function content(box, [x0, x1], lines) {
  const [width, middle] = [x1 - x0, (x0 + x1) / 2];
  const rows =
    box.column === undefined ? [box.chips] : [...box.chips, ...(box.plugin ? [YOURS] : [])].map((name) => [name]);
  const start = PAD + 24 + Math.max(lines, box.says === '' ? 0 : 1) * LINE;
  const draw = (y, tall) => [
    rect(box.floor === 0 ? 'core' : box.plugin ? 'plugin' : 'box', x0, y, width, tall, 7),
    ...textLines([box.title], middle, y + PAD + 13, 'title'),
    ...textLines(saysOf(box, width), middle, y + PAD + 30, 'says'),
    ...rows.flatMap((row, i) => {
      const wide = Math.min(180, (width - PAD * (row.length + 1)) / row.length);
      const left = middle - (row.length * (wide + PAD) - PAD) / 2;
      return row.flatMap((name, k) => chip(box, name, left + k * (wide + PAD), y + start + i * (CHIP + 5), wide));
    }),
  ];
  const tall = rows.flat().length > 0 ? rows.length * (CHIP + 5) - 5 : -8;
  return { height: start + tall + PAD, draw };
}

const YOURS = 'yours';
const saysOf = ({ says }, width) => wrapped(says, Math.floor((width - PAD) / 6));

function chip({ plugin }, name, x, y, width) {
  const classes = `${plugin ? 'plugin-chip' : 'chip'}${name === YOURS ? ' yours' : ''}`;
  return [
    rect(classes, x, y, width, CHIP, 5),
    ...textLines([name], x + width / 2, y + 16, name === YOURS ? 'says' : ''),
  ];
}

function arrow(x, from, to) {
  return [
    `<path class="arrow" d="M${x} ${from}V${to - 6}"/>`,
    `<path class="head" d="M${x - 4.5} ${to - 8}h9L${x} ${to - 1}z"/>`,
  ];
}

export function picture(boxes, arrows) {
  const spans = spansOf(boxes, arrows);
  const widthOf = ([x0, x1]) => x1 - x0;
  const linesOf = (box) => saysOf(box, widthOf(edges(spans.get(box.id)))).length;
  const contents = new Map(
    boxes.map((box) => {
      const lines = Math.max(...boxes.filter(({ floor }) => floor === box.floor).map(linesOf));
      return [box.id, content(box, edges(spans.get(box.id)), lines)];
    }),
  );
  const width = Math.max(...[...spans.values()].map((span) => edges(span)[1])) + 16;
  const [shapes, floors, places] = [[], [], new Map()];
  let y = TOP;
  for (let floor = FLOORS.length - 1; floor >= 0; floor--) {
    const here = boxes.filter((box) => box.floor === floor);
    const tall = Math.max(...here.map(({ id }) => contents.get(id).height));
    for (const { id } of here) {
      places.set(id, [y, y + tall]);
      shapes.push(...contents.get(id).draw(y, tall));
    }
    const label = wrapped(FLOORS[floor].name, 12);
    const start = y + tall / 2 - ((label.length - 1) * LINE) / 2 + 4;
    floors.push(...label.map((line, i) => `<text class="floor" x="16" y="${start + i * LINE}">${line}</text>`));
    y += tall;
    if (floor > 0) floors.push(`<path class="line" d="M16 ${y + BETWEEN / 2}H${width - 16}"/>`);
    y += floor > 0 ? BETWEEN : 0;
  }
  floors.push(`<path class="ground" d="M16 ${y + 10}H${width - 16}"/>`);
  const lines = arrows.flatMap(({ from, to }) => {
    const [[a0, a1], [b0, b1]] = [edges(spans.get(from)), edges(spans.get(to))];
    return arrow((Math.max(a0, b0) + Math.min(a1, b1)) / 2, places.get(from)[1], places.get(to)[0]);
  });
  const note = 'An arrow says: imports. What follows from other arrows is not drawn. Green: plug-ins.';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 40}" width="${width}" height="${y + 40}" role="img" aria-labelledby="title">`,
    '  <title id="title">The rooms of Espalier, floor by floor</title>',
    `  <style>${STYLE}\n  </style>`,
    ...[...floors, ...lines, ...shapes].map((line) => `  ${line}`),
    `  <text class="says" x="16" y="${y + 31}">${note}</text>`,
    '</svg>',
    '',
  ].join('\n');
}
